"""Names of genres, instruments, voices and tempi, in English, German, French and Spanish.

Each line of a table is ``name | tags heard | other names``. Where tags are left out, the tag is the name; a
dash is for none, ``^`` before a tag asks against it. The tags are those that a model may hear; which of them
it does is in its weights. All names are written by musimo's authors. Names of moods are in
:mod:`musimo.search.mood_words`, scenes in :mod:`musimo.search.scenes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["genre", "sound", "speed"]


@dataclass(frozen=True, slots=True)
class Concept:
    """A genre, a sound or a speed of music.

    Parameters
    ----------
    name : the usual one, in English
    kind : a ``genre`` may be in the tags of files, a ``speed`` is a tempo
    heard : tags that a model may hear
    not_heard : tags whose absence counts
    forms : other names; those of a genre are looked for in the tags of files as well
    """

    name: str
    kind: Kind
    heard: tuple[str, ...]
    not_heard: tuple[str, ...]
    forms: tuple[str, ...]


_GENRES: Final = """
rock | | rock music, rock n roll, rock and roll, rock'n'roll, rockmusik, música rock
pop | | pop music, popmusik, musique pop, música pop
alternative | | alternative rock, alt rock, alternativ, alternatif, alternativo
indie | | indie rock, indie pop, independent
electronic | | electronica, electro, electronic music, edm, elektronisch, elektronische musik, elektronik,
    elektro, électronique, musique électronique, electrónica, música electrónica, idm
dance | | dance music, dancefloor, club, club music, eurodance, tanzmusik, música de baile
jazz | | jazzy, jazz music, swing, bebop, bop, cool jazz, jazzmusik, musique jazz
metal | | heavy metal, metal music, metalcore, thrash
death metal | metal |
black metal | metal |
soul | | soul music, motown, neo soul
folk | | folk music, folksong, folk songs, folklore, folkloric, singer songwriter, singer-songwriter,
    volksmusik, folkig, música folk
punk | | punk rock, punkrock, pop punk
hardcore | punk, metal | hardcore punk
blues | | blues music, bluesy, rhythm and blues music, delta blues
ambient | | ambient music, drone, soundscape, soundscapes, dark ambient, ambiant
hip hop | | rap, rapper, rapping, hip-hop music, trap, gangsta rap, hip hop music, boom bap
country | | country music, country and western, bluegrass, americana, honky tonk, countrymusik
funk | | funk music
disco | dance, funk | disco music, discomusik
progressive rock | | prog rock, prog, progressive, progrock, rock progressif, rock progresivo
rnb | | r&b, r and b, r'n'b, rhythm and blues, contemporary r&b
house | | house music, deep house, acid house
classical | | classical music, classic music, orchestral, symphonic, symphony, symphonies, concerto,
    sonata, baroque, chamber music, romantic era, klassik, klassisch, klassische musik, barock,
    kammermusik, sinfonie, orchestermusik, classique, musique classique, symphonie, musique de chambre,
    clásica, música clásica, clásico, sinfonía, música de cámara
orchestra | strings, classical | orchester, orchestre, orquesta
techno | | techno music, minimal techno, detroit techno
trance | techno, dance | trance music, psytrance, goa
drum and bass | electronic, dance | drum n bass, drum'n'bass, dnb, d&b, jungle
dubstep | electronic |
downtempo | chill, electronic | trip hop, trip-hop, triphop, chillout music, lounge music
synthwave | synth, electronic | synth pop, synthpop, electropop, new wave, retrowave, vaporwave
chiptune | electronic, synth | chiptunes, chip music, 8 bit, 8-bit, 8bit
industrial | electronic, metal | industrial music, ebm
new age | | new age music, new-age
opera | | operatic, aria, arias, oper, opernmusik, opéra, ópera, lyrique
indian | | indian music, raga, bollywood, hindustani, carnatic, indisch, indien, indienne, indio, hindú
easy listening | | easy listening music, lounge, muzak
experimental | | avant garde, avant-garde, avantgarde, noise music, experimentell, expérimental,
    expérimentale
classic rock | | classic-rock
hard rock | | hardrock
oldies | | oldie, golden oldies, 50s music
reggae | - | reggae music, dub, roots reggae, ska, dancehall, rocksteady
latin | - | latin music, salsa, bossa nova, samba, bachata, cumbia, merengue, reggaeton, flamenco, tango,
    latino, latina, lateinamerikanisch, latine, música latina
world | - | world music, international, weltmusik, musique du monde, música del mundo
gospel | choir, soul | gospel music
christian | - | christian music, religious, worship, sacred, geistlich, sacrée
soundtrack | - | soundtracks, film music, film score, movie music, score, movie score, ost, stage and
    screen, filmmusik, musique de film, bande originale, banda sonora, música de cine
game | - | game music, video game, video games, video game music, vgm, videospiel, spielmusik, jeu vidéo,
    videojuego, videojuegos
christmas | - | holiday, xmas, christmas music, christmas songs, weihnachten, weihnachtsmusik, noël,
    navidad
children | - | children's, childrens, kids, kids music, kinder, kindermusik, enfants, niños, infantil
comedy | - | novelty
spoken | ^no vocals | spoken word, speech, audiobook, audiobooks, hörbuch, podcast
"""

_SOUNDS: Final = """
vocals | vocals, ^no vocals | vocal, vocalist, voice, voices, singing, singer, singers, sung, lyrics,
    gesang, gesungen, stimme, stimmen, sänger, voix, chant, chanté, paroles, voz, voces, canto, cantado,
    letra
no vocals | no vocals, ^vocals | instrumental, instrumentals, instrumental music, instrumentalmusik, no
    vocal, no voice, no voices, no singing, no lyrics, wordless, instrumentale, instrumentaux
female vocals | female vocals, ^male vocals, ^no vocals | female vocal, female vocalist, female vocalists,
    female voice, female singer, female singers, female, woman, women, woman singing, women singing, girl
    singer, girls singing, frauenstimme, frauenstimmen, frauengesang, sängerin, weiblicher gesang, voix
    féminine, voix de femme, chanteuse, voz femenina, voz de mujer, mujer cantando
male vocals | male vocals, ^female vocals, ^no vocals | male vocal, male vocalist, male vocalists, male
    voice, male singer, male singers, male, man, men, man singing, men singing, männerstimme,
    männerstimmen, männergesang, männlicher gesang, voix masculine, voix d'homme, voz masculina, voz de
    hombre
choir | | choirs, choral, chorus, choral music, chor, chöre, chormusik, chorgesang, chœur, choeur,
    chorale, coro, coral
guitar | | guitars, guitarist, gitarre, gitarren, guitare, guitares, guitarra, guitarras
acoustic guitar | acoustic, guitar | akustikgitarre, akustische gitarre, guitare acoustique, guitarra
    acústica
electric guitar | guitar, ^acoustic | e-gitarre, e gitarre, elektrische gitarre, guitare électrique,
    guitarra eléctrica
piano | | pianos, pianist, grand piano, klavier, klaviermusik, flügel, pianoforte
solo piano | piano, solo | piano solo, klaviersolo
violin | | violins, violinist, fiddle, fiddles, violine, violinen, geige, geigen, violon, violons, violín,
    violines
strings | | string, string section, string quartet, streicher, streichquartett, cordes, quatuor à cordes,
    cuerdas, cuarteto de cuerda
drums | | drum, drummer, drumming, percussion, percussive, schlagzeug, trommel, trommeln, batterie,
    tambour, tambours, percussions, batería, tambor, percusión
synth | | synths, synthesizer, synthesizers, synthesiser, synthesisers, keyboard, keyboards, synthétiseur,
    sintetizador
harpsichord | | harpsichords, cembalo, clavecin, clavecín, clavicembalo
flute | | flutes, flöte, flöten, querflöte, blockflöte, recorder, flûte, flûtes, flauta, flautas
sitar | | sitars
harp | | harps, harfe, harfen, harpe, harpes, arpa, arpas
cello | | cellos, violoncello, cellist, celli, violoncelle, violonchelo, chelo
beat | | beats, beat heavy, rhythmic, groove, rhythmus, rythme, ritmo
acoustic | | unplugged, akustisch, akustik, acoustique, acústico, acústica
solo | | soloist, soliste, solista
catchy | | eingängig, ohrwurm, entraînant refrain, pegadizo, pegadiza
weird | | strange, bizarre, odd, seltsam, merkwürdig, étrange, raro, extraño
"""

_SPEEDS: Final = """
slow | | slowly, slow tempo, low tempo, down tempo, slow paced, slower, langsam, langsame, langsames,
    lent, lente, lento, lenta, adagio, largo
fast | | quick, quickly, up tempo, uptempo, up-tempo, fast tempo, high tempo, fast paced, faster, speedy,
    rapid, schnell, schnelle, schnelles, rapide, vite, rápido, rápida, allegro, presto, vivace
"""


def _concepts(table: str, kind: Kind) -> Iterator[Concept]:
    for line in table.replace("\n    ", " ").strip().splitlines():
        name, tags, forms = (part.strip() for part in line.split("|"))
        listed = [] if tags == "-" else _split(tags) or [name]
        heard = tuple(tag for tag in listed if not tag.startswith("^"))
        not_heard = tuple(tag[1:] for tag in listed if tag.startswith("^"))
        yield Concept(name, kind, heard, not_heard, tuple(_split(forms)))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


CONCEPTS: Final[tuple[Concept, ...]] = (
    *_concepts(_GENRES, "genre"),
    *_concepts(_SOUNDS, "sound"),
    *_concepts(_SPEEDS, "speed"),
)
"""Everything that has a name here."""

OPPOSITES: Final[dict[str, str]] = {
    "vocals": "no vocals",
    "no vocals": "vocals",
    "slow": "fast",
    "fast": "slow",
}
"""Concepts, each with the one that is meant by asking against it."""

NEGATIONS: Final = frozenset(
    [
        "not",
        "no",
        "without",
        "except",
        "minus",
        "non",
        "nicht",
        "kein",
        "keine",
        "keinen",
        "ohne",
        "außer",
        "ausser",
        "pas",
        "sans",
        "sauf",
        "sin",
        "excepto",
    ]
)
"""Words that ask against the next one."""

ALTERNATIVES: Final = frozenset(["or", "nor", "oder", "noch", "ou", "ni", "o", "u"])
"""Words that carry a negation on to the next word."""

FILLERS: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "with",
        "of",
        "for",
        "to",
        "in",
        "on",
        "at",
        "by",
        "from",
        "is",
        "are",
        "be",
        "it",
        "its",
        "that",
        "this",
        "some",
        "any",
        "something",
        "anything",
        "music",
        "song",
        "songs",
        "track",
        "tracks",
        "tune",
        "tunes",
        "piece",
        "pieces",
        "sound",
        "sounds",
        "sounding",
        "like",
        "very",
        "really",
        "quite",
        "rather",
        "so",
        "too",
        "bit",
        "little",
        "kind",
        "style",
        "vibe",
        "vibes",
        "feel",
        "feeling",
        "mood",
        "moods",
        "i",
        "me",
        "my",
        "want",
        "need",
        "give",
        "play",
        "find",
        "list",
        "please",
        "while",
        "when",
        "but",
        "featuring",
        "full",
        "lots",
        "much",
        "more",
        "musik",
        "lied",
        "lieder",
        "stück",
        "stücke",
        "und",
        "mit",
        "von",
        "für",
        "zum",
        "zur",
        "beim",
        "im",
        "am",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "etwas",
        "sehr",
        "mir",
        "was",
        "wie",
        "aber",
        "musique",
        "chanson",
        "chansons",
        "morceau",
        "morceaux",
        "et",
        "avec",
        "de",
        "du",
        "des",
        "d",
        "l",
        "le",
        "la",
        "les",
        "un",
        "une",
        "pour",
        "très",
        "quelque",
        "chose",
        "qui",
        "mais",
        "música",
        "canción",
        "canciones",
        "tema",
        "temas",
        "y",
        "e",
        "con",
        "del",
        "el",
        "los",
        "las",
        "una",
        "unos",
        "para",
        "muy",
        "algo",
        "que",
        "pero",
    ]
)
"""Words that say nothing about music."""
