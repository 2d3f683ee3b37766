"""One notion of artist and album, for caps, versions and duplicates.

- The artist of a track is the first one of its credit: guests and partners are left out, however they are
  joined (``feat.``, ``&``, ``and``, ``;``, ``,``, ``x``, ``vs.``). The first part of a band's name stands for
  the band (``simon`` for Simon & Garfunkel), except where it is known to name somebody else.
- "Various Artists" and "Unknown Artist", in many languages, are nobody.
- Editions and discs are one album: ``Revolver (Deluxe Edition)``, ``The Wall [Disc 2]``. Volumes are not.
- Albums of one title are told apart by the artist of the album. Where that is missing, tracks of one folder
  whose albums have the same title are on one album as well: a compilation.

Names are compared folded, see :mod:`musimo.library.db.folding`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Final

from musimo.library.db.folding import fold
from musimo.records import Track

CACHED: Final = 4_096  # names; tracks of one artist follow each other
MAX_LENGTH: Final = 500  # characters; longer texts are not names, and are compared whole
MAX_PARTS: Final = 6  # of a credit; more are not looked at

_NOBODY: Final = """
various artists|various artist|various|various performers|various composers|va|v a|unknown artist|unknown
unknown artists|no artist|none|n a|not available|artist|anonymous artist|track artist
verschiedene|verschiedene interpreten|verschiedene kunstler|diverse|diverse interpreten|unbekannt
unbekannter kunstler|unbekannter interpret|artistes divers|artistes varies|divers|artiste inconnu|inconnu
varios|varios artistas|varios interpretes|artista desconocido|desconocido|artistas varios|vari|artisti vari
autori vari|aa vv|aavv|artista sconosciuto|sconosciuto|artista desconhecido|desconhecido|diverse artiesten
onbekende artiest|onbekend|blandade artister|okand artist|diverse artister|diverse kunstnere|ukjent artist
eri esittajia|rozni wykonawcy|wykonawcy rozni|nieznany artysta|nieznany wykonawca|ruzni interpreti
неизвестный исполнитель|неизвестен|разные исполнители|разные|сборник|невідомий виконавець|різні виконавці
群星|未知艺术家|未知|ヴァリアス・アーティスト|ヴァリアス アーティスト|オムニバス
不明なアーティスト|여러 아티스트
""".strip()
NOBODY: Final = frozenset(fold(name) for line in _NOBODY.splitlines() for name in line.split("|"))
"""Names that stand for several artists, or for a missing one; folded, without punctuation."""

BANDS: Final = frozenset(
    {
        "angus and julia stone",
        "belle and sebastian",
        "blood, sweat and tears",
        "crosby, stills and nash",
        "crosby, stills, nash and young",
        "derek and the dominos",
        "earth, wind and fire",
        "emerson, lake and palmer",
        "king gizzard and the lizard wizard",
        "of monsters and men",
        "peter, bjorn and john",
        "peter, paul and mary",
        "simon and garfunkel",
        "tyler, the creator",
    }
)
"""Bands whose names hold a separator, and whose first part names somebody else."""

_SEPARATOR: Final = re.compile(
    r" ?[;、] ?"
    r"|(?<!\d),(?! (?:jr|sr|ii|iii|m\.?d|ph\.?d)\b) ?|(?<=\d),(?!\d) ?"  # not 10,000; not Davis, Jr.
    r"| (?:&|\+|/|\||and|x|vs\.?|versus|with|w/|pres\.?|presents|feat\.?|ft\.?|featuring|meets|con|avec) "
    r"| (?:feat\.|ft\.|w/)(?=\S)"
    r"| ?[(\[{] ?(?:feat|ft|featuring|with|w/)(?![^\W_])\.? ?"
)
_ARTICLE: Final = re.compile(r"^the |, the$")
_PUNCTUATION: Final = re.compile(r"[\s\W_]+")

_DISC: Final = re.compile(
    r"(?:cd|disc|disk|disque|disco|dvd|lp|vinyl|side|диск)[ .#_-]*"
    r"(?:\d{1,3}|[ivx]{1,4}|[a-d]|one|two|three|four|five|six|bonus)(?: ?(?:of|/) ?\d{1,3})?(?:[ :.,-].*)?"
    r"|(?:bonus|second|first|third) (?:cd|disc|disk)|ディスク ?\d{1,2}"
)
_DISC_AFTER: Final = re.compile(
    r"^(?P<rest>.*[^\s,:;-])[ ,:;-]+(?:cd|disc|disk)[ .#]?(?:\d{1,2}|[ivx]{1,4}|one|two|three|four)$"
)
_EDITION_NAMED: Final = (
    "edition editions edicion edicao edizione editie ausgabe utgava deluxe remaster remasters remastered"
    " remastering remasterizado remasterizada remasterise remasterisee remasterizzato reissue reissued"
    " rerelease expanded extended anniversary aniversario anniversaire jubilaumsedition bonus explicit clean"
    " legacy special limited collector collectors super mono stereo version"
)
_EDITION_OTHERS: Final = (
    "the a of with and year years th st nd rd track tracks disc disk cd lp digital digitally original"
    " international japanese japan uk us usa european standard ultimate complete box set new s album"
    " audio hires hi res bit khz ep vinyl material content platinum gold tour lp exclusive amazon"
    " itunes spotify"
)
_EDITION: Final = frozenset(_EDITION_NAMED.split())
_EDITION_OTHER: Final = frozenset(_EDITION_OTHERS.split())
_EDITION_NAMES: Final = re.compile(r".*(?:デラックス|リマスター|限定|初回|通常盤|特別盤|豪華版).*")
_QUALIFIER: Final = re.compile(
    r"^(?P<rest>.*\S)(?: ?[(\[{](?P<inside>[^()\[\]{}]+)[)\]}]| - (?P<after>\S.*))$"
)
_EDITION_WORD: Final = re.compile(r"[^\W\d_]+")

_NO_ALBUM: Final = frozenset(
    {
        "unknown",
        "unknown album",
        "untitled",
        "no album",
        "none",
        "non album tracks",
        "non album",
        "n a",
        "album",
    }
    | {"unbekanntes album", "album inconnu", "album desconocido", "album sconosciuto", "неизвестный альбом"}
    | {"singles", "single", "single tracks", "youtube", "soundcloud", "misc", "miscellaneous", "downloads"}
)
_COMMON_ALBUMS: Final = frozenset(
    {
        "greatest hits",
        "best of",
        "the best of",
        "the very best of",
        "very best of",
        "hits",
        "the hits",
        "live",
    }
    | {
        "in concert",
        "unplugged",
        "mtv unplugged",
        "anthology",
        "collection",
        "the collection",
        "gold",
        "demo",
    }
    | {
        "essential",
        "the essential",
        "the essentials",
        "essentials",
        "soundtrack",
        "original soundtrack",
        "ep",
    }
    | {
        "demos",
        "self titled",
        "platinum collection",
        "the platinum collection",
        "remixes",
        "ultimate collection",
    }
    | {"christmas", "christmas album", "acoustic", "instrumentals", "b sides", "rarities", "the singles"}
)
"""Titles that albums of different artists share."""


@lru_cache(CACHED)
def lead_artist(credit: str | None) -> str | None:
    """Return the first artist of a credit, normalized; None for nobody, see the module.

    >>> lead_artist("Drake feat. Rihanna & Future")
    'drake'
    >>> lead_artist("Various Artists") is None
    True
    """
    name = spaced(credit or "")
    if len(name) > MAX_LENGTH:
        return name
    if is_nobody(name):
        return None
    lead = _first_of(name)
    bare = _ARTICLE.sub("", lead, count=1) or lead
    return None if is_nobody(bare) else bare


def is_nobody(name: str) -> bool:
    """Return whether a folded name stands for several artists, or for a missing one."""
    return not name or _PUNCTUATION.sub(" ", name).strip() in NOBODY


def artist_key(track: Track) -> str | None:
    """Return the first artist of a track, or else of its album; None if unknown."""
    return lead_artist(track.tags.artist) or lead_artist(track.tags.albumartist)


def album_key(track: Track) -> tuple[str, str] | None:
    """Return artist and title of the album; None without an album.

    The artist is empty for a compilation; the artist of the track replaces a missing one.
    """
    album = album_title(track.tags.album)
    if album is None:
        return None
    if (track.tags.albumartist or "").strip():
        return lead_artist(track.tags.albumartist) or "", album
    return lead_artist(track.tags.artist) or "", album


def compilation_key(track: Track) -> tuple[Hashable, str] | None:
    """Return folder and title of an album that names no artist of its own; None for any other.

    Tracks of a compilation have different artists, and a folder in common. Titles that many albums have,
    such as Greatest Hits, do not make one of a folder of many albums.
    """
    album = album_title(track.tags.album)
    if album is None or album in _COMMON_ALBUMS or (track.tags.albumartist or "").strip():
        return None
    return _folder_key(track.path_bytes), album


def group_keys(track: Track) -> tuple[Hashable | None, Hashable | None, Hashable | None]:
    """Return the keys under which caps count a track: artist, album, and album of a folder."""
    return artist_key(track), album_key(track), compilation_key(track)


@lru_cache(CACHED)
def album_title(title: str | None) -> str | None:
    """Return the title of an album without its edition or disc, normalized; None if unknown.

    >>> album_title("The Wall (Deluxe Edition) [Disc 2]")
    'the wall'
    """
    bare = spaced(title or "")
    if len(bare) > MAX_LENGTH:
        return bare
    while (shorter := _without_edition(bare)) != bare:
        bare = shorter
    return None if not bare or _PUNCTUATION.sub(" ", bare).strip() in _NO_ALBUM else bare


def spaced(text: str) -> str:
    """Return folded text with underscores and runs of blanks as single blanks."""
    return " ".join(fold(text).replace("_", " ").split())


def _first_of(name: str) -> str:
    """Return a folded credit up to its first separator that is not within the name of a band."""
    first = None
    for n, found in enumerate(_SEPARATOR.finditer(name)):
        if n == MAX_PARTS:
            break
        if not (part := name[: found.start()].strip()):
            continue
        if first is None:
            first = part
        elif _joined(part) in BANDS:
            return _joined(part)
    if _joined(name) in BANDS:
        return _joined(name)
    if first is None:
        return name
    return first if _PUNCTUATION.sub("", first) else name


def _joined(name: str) -> str:
    return name.replace(" & ", " and ").replace(" + ", " and ").replace(", and ", " and ")


def _without_edition(title: str) -> str:
    """Return the folded title of an album without its last qualifier, if that names an edition or disc."""
    if found := _QUALIFIER.match(title):
        inside = (found["inside"] or found["after"]).strip()
        words = _EDITION_WORD.findall(inside.replace("'", " "))
        named = any(word in _EDITION for word in words)
        plain = all(word in _EDITION or word in _EDITION_OTHER for word in words)
        if (named and plain) or _DISC.fullmatch(inside) or _EDITION_NAMES.fullmatch(inside):
            return found["rest"].rstrip(" ,:;-")
    if found := _DISC_AFTER.match(title):
        return found["rest"]
    return title


def _folder_key(path: bytes) -> Hashable:
    """Return a key of a track's folder; folders of discs beside each other, or in one folder, are one."""
    above, name = os.path.split(os.path.dirname(path))  # noqa: PTH120 - bytes
    title = spaced(os.fsdecode(name))
    if _DISC.fullmatch(title):
        above, name = os.path.split(above)
        title = spaced(os.fsdecode(name))
    return above, _without_edition(title)
