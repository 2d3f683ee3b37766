"""Content hashes cover how the bytes are decoded; how much of its audio a file has belongs to the file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Of a content that was analyzed in part, the header of a file explains it where the duration in it is longer.
SHORT_FILES = """
UPDATE tracks SET partial = contents.duration_s / tracks.duration_s FROM contents
WHERE contents.id = tracks.content_id AND tracks.duration_s > 1.02 * contents.duration_s
AND contents.id IN (SELECT content_id FROM emotions WHERE partial IS NOT NULL)
"""
DAMAGED_CONTENTS = """
UPDATE emotions SET partial = partial / (SELECT min(tracks.partial) FROM tracks
    WHERE tracks.content_id = emotions.content_id)
WHERE partial IS NOT NULL AND content_id IN (SELECT content_id FROM tracks WHERE partial IS NOT NULL)
"""


def upgrade() -> None:
    op.add_column("contents", sa.Column("old_hash", sa.LargeBinary(), nullable=True))
    op.execute("UPDATE contents SET old_hash = hash")
    op.create_index("ix_contents_old_hash", "contents", ["old_hash"])
    op.add_column("tracks", sa.Column("hash_version", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("tracks", sa.Column("partial", sa.Float(), nullable=True))
    op.execute(SHORT_FILES)
    op.execute(DAMAGED_CONTENTS)
    op.execute("UPDATE emotions SET partial = NULL WHERE partial > 0.98")
