"""Libraries: what is done to them, on top of the rooms ``db`` and ``scan``.

``scan_session`` scans under the lock of the library, ``analyze`` and ``curve`` analyze files outside of it,
``prune``, ``relocate``, ``calibration``, ``tagging`` and ``portable`` each do what their name says,
``active_model`` decides which model answers. It must never print, search, or import a room above it.
"""
