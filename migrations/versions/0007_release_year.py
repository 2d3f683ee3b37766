"""A year is that of the first release; the year of this release has a column of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tracks", sa.Column("release_year", sa.Integer(), nullable=True))
    op.execute("UPDATE tracks SET release_year = year")  # until the tags are read again
