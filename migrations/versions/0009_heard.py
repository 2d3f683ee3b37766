"""Store the tags heard: names per model, scores per content and model, and the tags that are set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("tags", sa.Text(), nullable=True))
    op.create_table(
        "tag_scores",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], "fk_tag_scores_content_id_contents"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], "fk_tag_scores_model_id_models"),
        sa.PrimaryKeyConstraint("content_id", "model_id", name="pk_tag_scores"),
    )
    op.create_table(
        "heard",
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], "fk_heard_content_id_contents"),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], "fk_heard_model_id_models"),
        sa.PrimaryKeyConstraint("content_id", "model_id", "tag", name="pk_heard"),
    )
    op.create_index("ix_heard_model_id_tag_content_id", "heard", ["model_id", "tag", "content_id"])
