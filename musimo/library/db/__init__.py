"""The database of a library: the only SQL.

``engine`` opens it (SQLite), ``schema`` describes its tables, Alembic upgrades them (``migrations/``),
``queries.Store`` reads it, ``journal.Journal`` writes what a scan finds. It must never know of folders on
disk, of FAISS, or of the modules above it.
"""
