"""Results as tables, JSON, CSV, playlists and figures.

Must never query a library, print, or write a file.

Entry points: :mod:`musimo.output.formats` (which format a command line asks for),
:mod:`musimo.output.rendering` (answers, curves and maps as bytes), :mod:`musimo.output.duplicates`,
:mod:`musimo.output.ratings`, :mod:`musimo.output.scan`, :mod:`musimo.output.tags`,
:mod:`musimo.output.recipes` and :mod:`musimo.output.maintenance` (results of these subjects).
"""
