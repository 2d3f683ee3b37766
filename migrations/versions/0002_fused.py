"""Store the fused values of the network, in the axes of its sound space."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("emotions", sa.Column("fused", sa.LargeBinary(), nullable=True))
