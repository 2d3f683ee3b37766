"""A library knows which model answers: the one before goes on until a new one has heard all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("library_state", sa.Column("model", sa.Text(), nullable=True))
    op.create_index(
        "ix_emotions_model_id_coverage_content_id", "emotions", ["model_id", "coverage", "content_id"]
    )
    op.execute(
        "UPDATE library_state SET model = (SELECT models.name FROM models"
        " JOIN emotions ON emotions.model_id = models.id"
        " GROUP BY models.id ORDER BY count(*) DESC, models.id DESC LIMIT 1)"
    )
