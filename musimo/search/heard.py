"""Tags heard, as people write them."""

from __future__ import annotations

import re
from typing import Final

from musimo.library.db.folding import fold

SPELLINGS: Final = {
    "hiphop": "hip hop",
    "instrumental": "no vocals",
    "r n b": "rnb",
    "r b": "rnb",
    "synthesizer": "synth",
    **{f"19{decade}0s": f"{decade}0s" for decade in range(5, 10)},
    "2000s": "00s",
}
"""Other names and spellings of tags; no network has a tag of that name."""

_APART: Final = re.compile(r"[\W_]+")
_DECADE: Final = re.compile(r"\b(\d0) s\b")  # 80's


def tag_name(written: str) -> str:
    """Return the name of a tag as networks give it: ``Hip-Hop`` is ``hip hop``, ``80's`` is ``80s``."""
    words = _DECADE.sub(r"\1s", _APART.sub(" ", fold(written)).strip())
    return SPELLINGS.get(words, words)
