"""Which tracks are versions of one piece: the same song live, remixed, remastered, or on another album.

Nobody hears a list to tell two things apart that its tags do, so this goes by names alone, and where they
leave a doubt it takes two tracks for different music:

- Versions have one artist, whoever is featured. A cover is a piece of its own. Where nobody is named, or
  only "various artists", they lie in one folder.
- Their titles are the same without what names a version: ``(Live at Wembley)``, ``[2009 Remaster]``,
  ``- Radio Edit``, ``feat. Nobody``, and a track number in front. What tells pieces apart stays: parts,
  movements, numbers, keys, ``(Reprise)``, ``(Theme from …)``.
- A title of nothing but a place in an album or a book, a form, a number, a key or a tempo, such as ``Intro``,
  ``Track 3``, ``Nocturne in C minor`` or ``II. Andante``, names no piece, and is a version of nothing.
- A file without a title goes by its name. If it has no artist either, its number counts as well: in one
  folder it tells tracks apart.
- Composers whose names have no word in common wrote two pieces: ``Ave Maria`` is Schubert's, or Gounod's.
- Two files of one folder whose titles are the same to the letter are one piece only if they last the same:
  an album tells what it holds twice apart, as ``Song`` and ``Song (Live)``, and a tagger's slip does not.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable
from functools import lru_cache
from pathlib import PurePath
from typing import Final

from musimo.library.db.folding import fold
from musimo.records import Track

SAME_LENGTH_S: Final = 2.0  # as far as encodings of one recording are apart: padding, and rounded headers

LONGEST: Final = 500  # characters of a title that is read; what is longer is a story

NOBODY: Final = frozenset(
    {"various artists", "various", "va", "v.a.", "unknown artist", "unknown", "<unknown>", "[unknown]"}
)

# A qualifier may be of these words and numbers alone, one of the first kind at least.
_NAMING: Final = (
    "live acoustic unplugged demo instrumental karaoke acapella acappella cappella mono stereo remix"
    " remixed mix edit edited cut clip version remaster remastered remastering rerecorded rerecording rework"
    " reworked bootleg alternate outtake rehearsal session take explicit clean extended bonus single"
)
_BESIDE: Final = (
    "a the digital digitally original album radio video studio short long full length club track edition"
    " deluxe special anniversary new old early final inch hd hq official audio in at from"
)
_VERSION_WORDS: Final = frozenset(_NAMING.split())
_OTHER_WORDS: Final = frozenset(_BESIDE.split())
_VERSION_NAMES: Final = re.compile(
    r".+\b(?:remix|mix|version|edit|cut|rework|bootleg|remaster(?:ed)?)(?: \d{4})?"  # Somebody's Remix
    r"|(?:recorded )?live (?:at|in|from|on|@) .+|live\b.*\b\d{4}"
    r"|(?:remaster(?:ed)?|remixed) .+"
    r"|(?:en|ao|dal) vivo(?: .+)?|en directo(?: .+)?|mtv unplugged(?: .+)?"
    r"|sped up|slowed(?: (?:\+|and|&) reverb)?"
)
_GUEST: Final = re.compile(r"(?:feat|ft|featuring|with)\b\.? .+")
_GUEST_AFTER: Final = re.compile(r" (?:feat\.|ft\.|feat|featuring) [^()\[\]{}\d]+$")
_PIECE_WORDS: Final = re.compile(
    r"\b(?:part|parts|pt|vol|volume|no|nr|op|act|scene|movement|mvt|book|chapter|reprise|[ivx]+"
    r"|session \d{1,3})\b"  # "Session 1979" is a year's
)
_IN_BRACKETS: Final = re.compile(r"^(?P<rest>.*\S)\s*[(\[{](?P<inside>[^()\[\]{}]+)[)\]}]$")
_AFTER_DASH: Final = re.compile(r"^(?P<rest>.*\S) [-–—] (?P<inside>\S.*)$")
_NUMBER: Final = re.compile(r"(?:\d-)?(?P<number>\d{1,3})(?P<end> ?[-–.):] ?| )(?=\S)")

# Words of titles that name no piece.
_PLACES: Final = (
    "intro introduction outro interlude opening ending theme main title titles credits menu untitled unknown"
    " unnamed track song music bgm audio recording skit prologue epilogue finale hidden bonus level stage"
    " boss battle part pt vol no nr number chapter scene act side disc cd game over the end of"
    " and loop loading entracte foreword preface afterword dedication acknowledgements acknowledgments"
    " kapitel teil titel chapitre piste partie capítulo capitulo capitolo pista parte hoofdstuk deel rozdział"
    " глава часть трек дорожка пролог эпилог トラック"
)
_COUNTED: Final = (
    "chapter part track book act scene disc side volume kapitel teil chapitre partie capítulo capitolo"
    " parte hoofdstuk deel глава часть"
)
_COUNTS: Final = (  # "Chapter Seven" is a place in any book; "Seven" alone is a song
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
    " eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf un deux trois quatre cinq six sept huit"
    " neuf dix uno dos tres cuatro cinco seis siete ocho nueve diez due tre quattro cinque sei sette otto"
    " nove dieci"
)
_FORMS: Final = (
    "sonata sonatina symphony concerto suite prelude prélude fugue etude étude study waltz nocturne mazurka"
    " polonaise ballade impromptu rondo minuet menuet menuetto scherzo trio quartet quintet aria recitative"
    " chorale canon variation variations sarabande gigue courante allemande bourrée bourree gavotte march"
    " toccata fantasia fantasy capriccio caprice intermezzo bagatelle serenade divertimento overture movement"
    " satz kyrie gloria credo sanctus benedictus agnus dei introit introitus"
    " mvt op opus bwv k kv hwv rv d in for piano violin cello organ orchestra strings a b c d e f g h sharp"
    " flat major minor dur moll"
)
_TEMPI: Final = (
    "allegro allegretto andante andantino adagio adagietto largo larghetto lento presto prestissimo vivace"
    " vivo moderato grave maestoso con brio moto fuoco ma non troppo molto assai poco più piu meno mosso"
    " sostenuto cantabile espressivo tempo di un quasi"
)
_NAMES_NO_PIECE: Final = frozenset(f"{_PLACES} {_FORMS} {_TEMPI}".split())
_COUNTED_WORDS: Final = frozenset(_COUNTED.split())
_COUNT_WORDS: Final = frozenset(_COUNTS.split())
_ROMAN_OR_NUMBER: Final = re.compile(
    r"[ivxlc]+|\W*\d+\W*|[a-h][#♯♭]|\W+|第[\d一二三四五六七八九十百]+[章話回楽]+"
)

_SILENT: Final = re.compile("['’ʼ`´]")
_BETWEEN: Final = re.compile(r"[\s_.,:;!?\"“”„«»()\[\]{}–—-]+")


class Pieces:
    """The pieces that a list shows, and the versions of them that were passed over.

    Parameters
    ----------
    asked : tracks that the list was asked for with; versions of them are no news either
    """

    def __init__(self, asked: Iterable[Track] = ()) -> None:
        self._shown: defaultdict[Hashable, list[Track]] = defaultdict(list)
        self._passed_over: defaultdict[bytes, list[Track]] = defaultdict(list)
        for track in asked:
            self.show(track)

    def show(self, track: Track) -> None:
        """From now on its versions are passed over."""
        if (key := work_key(track)) is not None:
            self._shown[key].append(track)

    def pass_over(self, track: Track) -> bool:
        """Whether it is a version of a piece that is shown; then it is kept with that one."""
        key = work_key(track)
        if key is None or key not in self._shown:
            return False
        shown = next((other for other in self._shown[key] if not _apart(track, other)), None)
        if shown is not None:
            self._passed_over[shown.path_bytes].append(track)
        return shown is not None

    def versions(self, track: Track) -> tuple[Track, ...]:
        """Those passed over for a track, in the order of their coming."""
        return tuple(self._passed_over.get(track.path_bytes, ()))


def work_key(track: Track) -> Hashable | None:
    """What all versions of a piece share and no other piece has; None for a track that is one of nothing."""
    tags = track.tags
    artist = _artist(tags.artist) or _artist(tags.albumartist)
    title = _spaced(tags.title or "")
    if title:
        title = _without_number(title, tags.track)
    else:
        title = _spaced(PurePath(os.fsdecode(track.path_bytes)).stem)
        title = title if artist is None else _without_number(title, None)
    piece = work_title(title)
    return None if piece is None else (artist or os.path.dirname(track.path_bytes), piece)  # noqa: PTH120 - bytes


@lru_cache(maxsize=1024)  # a track is asked about when it comes, and again when it is shown
def work_title(title: str) -> str | None:
    """A title without what names a version, in the form that is compared; None where it names no piece.

    >>> work_title("So What (Live at Newport) - 2009 Remaster")
    'so what'
    """
    if len(title) > LONGEST:
        return None
    bare = _spaced(title)
    while (shorter := _without_version(bare)) != bare:
        bare = shorter
    words = _words(bare)
    counts = _COUNT_WORDS if _COUNTED_WORDS.intersection(words) else frozenset()
    if all(word in _NAMES_NO_PIECE or word in counts or _ROMAN_OR_NUMBER.fullmatch(word) for word in words):
        return None
    return " ".join(words)


def _apart(a: Track, b: Track) -> bool:
    """Whether two tracks are different music though their key is one: see the module."""
    composers = [{*_words(_spaced(track.tags.composer or ""))} for track in (a, b)]
    if all(composers) and not composers[0] & composers[1]:
        return True
    same_title = a.tags.title is not None and _spaced(a.tags.title) == _spaced(b.tags.title or "")
    same_folder = os.path.dirname(a.path) == os.path.dirname(b.path)  # noqa: PTH120 - bytes
    if not (same_title and same_folder) or a.duration_s is None or b.duration_s is None:
        return False
    return abs(a.duration_s - b.duration_s) > SAME_LENGTH_S


def _without_version(title: str) -> str:
    """A folded title without its last qualifier; as it is where it has none."""
    for form, guest in ((_IN_BRACKETS, True), (_AFTER_DASH, False)):
        found = form.match(title)
        if found and _names_version(found["inside"], guest=guest):
            return found["rest"].rstrip(" -–—")
    return _GUEST_AFTER.sub("", title)


def _names_version(text: str, *, guest: bool) -> bool:
    if guest and _GUEST.fullmatch(text):
        return True
    if _PIECE_WORDS.search(text):
        return False
    words = _words(text)
    plain = all(word in _VERSION_WORDS or word in _OTHER_WORDS or word.isdecimal() for word in words)
    if plain and any(word in _VERSION_WORDS for word in words):
        return True
    return _VERSION_NAMES.fullmatch(text) is not None


def _without_number(title: str, number: int | None) -> str:
    """A folded title without a number in front, if it is the track's own, or written as only those are."""
    found = _NUMBER.match(title)
    if found is None:
        return title
    own = (
        number is not None and int(found["number"]) == number and not found[0].endswith(found["number"] + " ")
    )
    padded = found["number"].startswith("0")
    return title[found.end() :] if own or padded else title


def _artist(name: str | None) -> str | None:
    """Whose piece it is, without guests; None where nobody is named."""
    bare = _GUEST_AFTER.sub("", _spaced(name or ""))
    found = _IN_BRACKETS.match(bare)
    if found and _GUEST.fullmatch(found["inside"]):
        bare = found["rest"]
    return None if not bare or bare in NOBODY else bare


def _spaced(text: str) -> str:
    """Folded text with single blanks, for underscores too."""
    return " ".join(fold(text).replace("_", " ").split())


def _words(text: str) -> list[str]:
    return _BETWEEN.sub(" ", _SILENT.sub("", text.replace("&", " and "))).split()
