"""A cue sheet divides a file into tracks: several tracks may share a path, and begin at different times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LAST_ID = "SELECT seq FROM sqlite_sequence WHERE name = 'tracks'"


def upgrade() -> None:
    last_id = op.get_bind().execute(sa.text(LAST_ID)).scalar()
    with op.batch_alter_table(
        "tracks", recreate="always", table_kwargs={"sqlite_autoincrement": True}
    ) as table:
        table.add_column(sa.Column("start_s", sa.Float(), nullable=False, server_default="0"))
        table.add_column(sa.Column("end_s", sa.Float(), nullable=True))
        table.add_column(sa.Column("sheet", sa.LargeBinary(), nullable=True))
        table.drop_constraint("uq_tracks_root_id_path", type_="unique")
        table.create_unique_constraint("uq_tracks_root_id_path_start_s", ["root_id", "path", "start_s"])
    if last_id is not None:  # ids of tracks that were deleted are not used again
        op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'tracks'"))
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('tracks', :seq)").bindparams(seq=last_id)
        )
    op.create_table(
        "sheets",
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("track_path", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mtime_ns", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name=op.f("fk_sheets_root_id_roots")),
        sa.PrimaryKeyConstraint("root_id", "path", "track_path", name=op.f("pk_sheets")),
    )
