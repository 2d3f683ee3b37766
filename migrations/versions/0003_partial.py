"""Store the decoded fraction of partially decoded audio."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("emotions", sa.Column("partial", sa.Float(), nullable=True))
