"""The Python face of musimo: :class:`Library`, one object with one verb for each question.

Purpose: everything the command line can do, for Python programs; safe to use from many threads.
Must never: hold an algorithm (those are in ``search`` and ``library``), print, or exit.
Entry points: :class:`Library`; a :class:`Selection` says which tracks a result may hold. A result is a
sequence of rows; every row and result has ``as_dict()``, which equals the JSON of the command line.

    from musimo import Library, Selection

    with Library.open() as library:
        for row in library.similar("So What", selection=Selection(where="year:..1979")):
            print(f"{row.similarity:.2f}", row.track.path_bytes)
"""

from musimo.api.library import Library
from musimo.records import AnalyzedFile, FailedFile, Failure, Track
from musimo.search.results import FindResult, MoodPathResult, MoodResult, PathResult, SimilarResult
from musimo.search.rows import FoundTrack, MoodTrack, PathTrack, SimilarTrack
from musimo.search.selection import Selection

__all__ = [
    "AnalyzedFile",
    "FailedFile",
    "Failure",
    "FindResult",
    "FoundTrack",
    "Library",
    "MoodPathResult",
    "MoodResult",
    "MoodTrack",
    "PathResult",
    "PathTrack",
    "Selection",
    "SimilarResult",
    "SimilarTrack",
    "Track",
]
