"""Store tempo and key, the sound vectors of windows, ratings and calibrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("windows", sa.Column("place", sa.LargeBinary(), nullable=True))
    op.create_table(
        "tempo_keys",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("tempo", sa.Float(), nullable=True),
        sa.Column("tempo_confidence", sa.Float(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("key_confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], "fk_tempo_keys_content_id_contents"),
        sa.PrimaryKeyConstraint("content_id", name="pk_tempo_keys"),
    )
    op.create_table(
        "ratings",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("valence", sa.Float(), nullable=True),
        sa.Column("arousal", sa.Float(), nullable=True),
        sa.Column("liking", sa.Integer(), nullable=True),
        sa.Column("rated_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], "fk_ratings_content_id_contents"),
        sa.PrimaryKeyConstraint("content_id", name="pk_ratings"),
    )
    op.create_table(
        "calibrations",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("coefficients", sa.LargeBinary(), nullable=False),
        sa.Column("n_ratings", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], "fk_calibrations_model_id_models"),
        sa.PrimaryKeyConstraint("model_id", name="pk_calibrations"),
    )
    op.add_column("emotions", sa.Column("own_valence", sa.Float(), nullable=True))
    op.add_column("emotions", sa.Column("own_arousal", sa.Float(), nullable=True))
    op.drop_index("ix_emotions_seen", "emotions")
    seen = ["model_id", "content_id", "stamp", "valence", "arousal", "own_valence", "own_arousal", "coverage"]
    op.create_index("ix_emotions_seen", "emotions", seen)
