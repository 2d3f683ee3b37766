"""Store the active model, and a stamp of each analysis for incremental index builds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("library_state", sa.Column("model", sa.Text(), nullable=True))
    op.execute(
        "UPDATE library_state SET model = (SELECT models.name FROM models"
        " JOIN emotions ON emotions.model_id = models.id"
        " GROUP BY models.id ORDER BY count(*) DESC, models.id DESC LIMIT 1)"
    )
    op.add_column("emotions", sa.Column("stamp", sa.Integer(), nullable=True))
    op.execute("UPDATE emotions SET stamp = random() & 0x3fffffffffffffff WHERE fused IS NOT NULL")
    seen = ["model_id", "content_id", "stamp", "valence", "arousal", "coverage"]
    op.create_index("ix_emotions_seen", "emotions", seen)
    op.create_index("ix_tracks_present", "tracks", ["missing_since", "content_id"])
