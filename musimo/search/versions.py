"""Recognize versions of one work: the same song live, remixed, remastered, or on another album.

The comparison uses tags and file names, not sound. In doubt, two tracks count as different works:

- Versions share the first artist, see :mod:`musimo.search.artists`; a cover is another work. If no artist is
  known, or only "various artists", versions share the folder.
- Their titles are equal without the qualifiers of a version: ``(Live at Wembley)``, ``[2009 Remaster]``,
  ``- Radio Edit``, ``feat. Nobody``, and a leading track number. What distinguishes works is kept: parts,
  movements, numbers, keys, ``(Reprise)``, ``(Theme from …)``, ``(With Me)``.
- A title that consists only of a position in an album or a book, a form, a number, a key or a tempo does not
  identify a work, so such a track has no versions: ``Intro``, ``Track 3``, ``Nocturne in C minor``,
  ``II. Andante``.
- Without a title the file name is used. If the artist is missing as well, the leading number is kept, since
  it distinguishes the tracks of a folder.
- Composers whose names have no word in common wrote different works: ``Ave Maria`` by Schubert or Gounod.
- Two files in one folder with exactly the same title are one work only if their durations agree: an album
  that contains a song twice says so (``Song``, ``Song (Live)``), and careless tagging does not.
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
from musimo.records import Track, Window
from musimo.search.artists import artist_key, group_keys, spaced
from musimo.search.diversify import GroupKeys

SAME_LENGTH_S: Final = 2.0  # encodings of one recording differ by padding and rounded headers

MAX_TITLE_LENGTH: Final = 500  # characters; longer texts are not titles

# A qualifier consists of these words and numbers, with at least one word of the first list.
_VERSION: Final = (
    "live acoustic unplugged demo instrumental karaoke acapella acappella cappella mono stereo remix"
    " remixed mix edit edited cut clip version remaster remastered remastering rerecorded rerecording rework"
    " reworked bootleg alternate outtake rehearsal session sessions take explicit clean extended bonus single"
    " dub vip hd hq 4k official video videoclip audio lyric lyrics visualizer visualiser rmx rmst"
    " acustico acustica akustik akustisch akustikversion acoustique instrumentale instrumentalversion maqueta"
    " remasters remasterizado remasterizada remasterizados remasterise remasterisee remasterizzato"
    " remasterizzata remasterisiert versione versao fassung liveversion livemitschnitt konzertmitschnitt"
    " ремастер ремастеринг ремикс акустика версия инструментал"
)
_OTHER: Final = (
    "a the digital digitally original album radio video studio short long full length club track edition"
    " deluxe special anniversary new old early final inch in at from with and music home first second"
    " third bbc peel john kexp npr tiny desk maida vale lounge spotify itunes aol en de la el im nueva neue"
    " nouvelle nova nuova концертная живая акустическая новая полная"
)
_VERSION_WORDS: Final = frozenset(fold(_VERSION).split())
_OTHER_WORDS: Final = frozenset(fold(_OTHER).split())
_VERSION_NAMES: Final = re.compile(
    r".+\b(?:remix|mix|version|edit|cut|rework|bootleg|remaster(?:ed)?)(?: \d{4})?"  # Somebody's Remix
    r"|(?:recorded )?live (?:at|in|from|on|@) .+|live\b.*\b\d{4}"
    r"|(?:remaster(?:ed)?|remixed) .+"
    r"|(?:en|ao|dal) vivo(?: .+)?|en directo(?: .+)?|mtv unplugged(?: .+)?"
    r"|sped up|slowed(?: (?:\+|and|&) reverb)?"
    r"|(?:.+ )?from the vaults?|m/v"
    r"|ライ[ブヴ].*|.*(?:リミックス|リマスター|バージョン|ヴァージョン)|インスト(?:ゥルメンタル)?|カラオケ"
    r"|アコースティック.*|(?:live|现场|現場|演唱会|演唱會|伴奏|翻唱)版?|라이브.*|живой звук|живое исполнение"
)
_GUEST: Final = re.compile(
    r"(?:feat|ft|featuring)\b\.? .+"
    # but not Dance (With Me), Stay (With the Lights On); an ensemble is a guest in spite of its article
    r"|with (?:the )?(?:[^\W\d_]+ )*(?:orchestra|symphony|philharmonic|choir|ensemble|band|quartet|trio)"
    r"|with (?!(?:me|you|u|us|him|her|them|it|myself|yourself|himself|herself|my|your|his|our|their|its|the|a"
    r"|an|no|or|out|all|every|some|someone|somebody|everybody|nobody|nothing|love|this|that|these|those|what"
    r"|one|two|every|each|another|more|less|only|just|any|so|such|style|feeling|pleasure)\b).+"
)
_GUEST_AFTER: Final = re.compile(r" (?:feat\.|ft\.|feat|featuring) [^()\[\]{}\d]+$")
_WORK_WORDS: Final = re.compile(
    r"\b(?:part|parts|pt|vol|volume|no|nr|op|act|scene|movement|mvt|book|chapter|reprise|[ivx]+"
    r"|session \d{1,3})\b"  # but "Session 1979" names a year
)
_IN_BRACKETS: Final = re.compile(r"^(?P<rest>.*\S)\s*[(\[{【](?P<inside>[^()\[\]{}【】]+)[)\]}】]$")
_AFTER_DASH: Final = re.compile(r"^(?P<rest>.*\S) [-–—] (?P<inside>\S.*)$")
_NUMBER: Final = re.compile(r"(?:\d-)?(?P<number>\d{1,3})(?P<end> ?[-–.):] ?| )(?=\S)")

# Words that do not identify a work.
_POSITIONS: Final = (
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
_COUNTS: Final = (  # "Chapter Seven" is a position in a book; "Seven" alone is a song
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
_UNSPECIFIC_WORDS: Final = frozenset(fold(f"{_POSITIONS} {_FORMS} {_TEMPI}").split())
_COUNTED_WORDS: Final = frozenset(fold(_COUNTED).split())
_COUNT_WORDS: Final = frozenset(fold(_COUNTS).split())
_ROMAN_OR_NUMBER: Final = re.compile(
    r"[ivxlc]+|\W*\d+\W*|[a-h][#♯♭]|\W+|第[\d一二三四五六七八九十百]+[章話回楽]+"
)

_APOSTROPHES: Final = re.compile("['’ʼ`´]")
_SEPARATORS: Final = re.compile(r"[\s_.,:;!?\"“”„«»()\[\]{}–—-]+")


class ListedWorks:
    """The works in a list, and the versions of them that were left out.

    Parameters
    ----------
    seeds : tracks of the query; their versions are left out as well
    """

    def __init__(self, seeds: Iterable[Track] = ()) -> None:
        self._listed: Final[defaultdict[Hashable, list[Track]]] = defaultdict(list)
        self._left_out: Final[defaultdict[tuple[bytes, Window | None], list[Track]]] = defaultdict(list)
        for track in seeds:
            self.add(track)

    def add(self, track: Track) -> None:
        """List a track."""
        if (key := work_key(track)) is not None:
            self._listed[key].append(track)

    def leave_out(self, track: Track) -> bool:
        """Return whether a track is a version of a listed one; if so, record it there as left out."""
        key = work_key(track)
        if key is None or key not in self._listed:
            return False
        listed = next((other for other in self._listed[key] if not _are_different(track, other)), None)
        if listed is not None:
            self._left_out[listed.path_bytes, listed.part].append(track)
        return listed is not None

    def versions(self, track: Track) -> tuple[Track, ...]:
        """Return the versions that were left out for a listed track, in order."""
        return tuple(self._left_out.get((track.path_bytes, track.part), ()))


def work_key(track: Track) -> Hashable | None:
    """Return the key shared by all versions of a work; None if it cannot be derived."""
    tags = track.tags
    artist = artist_key(track)
    title = spaced(tags.title or "")
    if title:
        title = _without_number(title, tags.track)
    else:
        title = spaced(PurePath(os.fsdecode(track.path_bytes)).stem)
        title = title if artist is None else _without_number(title, None)
    work = work_title(title)
    return None if work is None else (artist or os.path.dirname(track.path_bytes), work)  # noqa: PTH120 - bytes


def capped_keys(track: Track) -> GroupKeys:
    """Return the keys under which caps count a track: artist, album, album of a folder, and work."""
    return *group_keys(track), work_key(track)


def without_guests(title: str) -> str:
    """Return a title without guests, normalized: namesakes are compared so."""
    bare = spaced(title)
    if len(bare) > MAX_TITLE_LENGTH:
        return bare
    found = _IN_BRACKETS.match(bare)
    if found and _GUEST.fullmatch(found["inside"]):
        return found["rest"]
    return _GUEST_AFTER.sub("", bare)


@lru_cache(maxsize=1024)  # called when a track is compared, and again when it is listed
def work_title(title: str) -> str | None:
    """Return a title without qualifiers of versions, normalized; None if it does not identify a work.

    >>> work_title("So What (Live at Newport) - 2009 Remaster")
    'so what'
    """
    if len(title) > MAX_TITLE_LENGTH:
        return None
    bare = spaced(title)
    while (shorter := _without_version(bare)) != bare:
        bare = shorter
    words = _words(bare)
    counts = _COUNT_WORDS if _COUNTED_WORDS.intersection(words) else frozenset()
    if all(word in _UNSPECIFIC_WORDS or word in counts or _ROMAN_OR_NUMBER.fullmatch(word) for word in words):
        return None
    return " ".join(words)


def _are_different(a: Track, b: Track) -> bool:
    """Return whether two tracks are different works in spite of their equal key; see the module."""
    composers = [{*_words(spaced(track.tags.composer or ""))} for track in (a, b)]
    if all(composers) and not composers[0] & composers[1]:
        return True
    same_title = a.tags.title is not None and spaced(a.tags.title) == spaced(b.tags.title or "")
    same_folder = os.path.dirname(a.path) == os.path.dirname(b.path)  # noqa: PTH120 - bytes
    if not (same_title and same_folder) or a.duration_s is None or b.duration_s is None:
        return False
    return abs(a.duration_s - b.duration_s) > SAME_LENGTH_S


def _without_version(title: str) -> str:
    """Return a folded title without its last qualifier, if it has one."""
    for form, guest in ((_IN_BRACKETS, True), (_AFTER_DASH, False)):
        found = form.match(title)
        if found and _names_version(found["inside"], guest=guest):
            return found["rest"].rstrip(" -–—")
    return _GUEST_AFTER.sub("", title)


def _names_version(text: str, *, guest: bool) -> bool:
    if guest and _GUEST.fullmatch(text):
        return True
    if _WORK_WORDS.search(text):
        return False
    words = _words(text)
    plain = all(word in _VERSION_WORDS or word in _OTHER_WORDS or word.isdecimal() for word in words)
    if plain and any(word in _VERSION_WORDS for word in words):
        return True
    return _VERSION_NAMES.fullmatch(text) is not None


def _without_number(title: str, number: int | None) -> str:
    """Return a folded title without a leading number, if that is the track's own or is padded with zeros."""
    found = _NUMBER.match(title)
    if found is None:
        return title
    own = (
        number is not None and int(found["number"]) == number and not found[0].endswith(found["number"] + " ")
    )
    padded = found["number"].startswith("0")
    return title[found.end() :] if own or padded else title


def _words(text: str) -> list[str]:
    return _SEPARATORS.sub(" ", _APOSTROPHES.sub("", text.replace("&", " and "))).split()
