"""The owner's ear from the command line: rating, calibrating, and asking by what is liked."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo import Library
from musimo.library.db.files import GoneFile
from tests.catalog import Catalog, Entry
from tests.cli.conftest import Shell, angle, harmless
from tests.emotion.test_calibration import heard
from tests.sounds import melody

N = 60


@pytest.fixture
def many(library: Catalog) -> Catalog:
    """The library of the others, and so many tracks that a calibration can be fitted."""
    moods, embeddings = heard(N)
    library.add(
        *(
            Entry(
                f"many/{n:02}.mp3", embeddings[n], round(float(moods[n, 0]), 2), round(float(moods[n, 1]), 2)
            )
            for n in range(N)
        )
    )
    return library


def ratings_file(catalog: Catalog, folder: Path, n: int, higher: float) -> Path:
    """A CSV file that rates so many of the many by so much higher than the network."""
    file = folder / "ratings.csv"
    rows = [
        f"{track.path_bytes.decode()},{(track.valence or 0) + higher:.4f}"
        for track in catalog.store.all_tracks()
        if b"many" in track.path_bytes
    ]
    file.write_text("\n".join(["path,valence", *rows[:n]]) + "\n")
    return file


def answers(shell: Shell) -> bytes:
    return shell("export").out + shell("mood", "--valence", "0.5", "--arousal", "0.5", "--json").out


def test_a_track_is_rated_and_listed_and_forgotten(shell: Shell, library: Catalog) -> None:
    ran = shell("rate", "So What", "--valence", "0.6", "--arousal", "0.3", "--like")
    assert (ran.code, ran.out) == (
        0,
        "Miles Davis – So What: valence 0.60, arousal 0.30, liked\n".encode(),
    )
    ran = shell("rate", "Giant Steps", "Four", "--dislike", "--json")
    assert ran.document["rated"] == 2
    assert [track["title"] for track in ran.document["tracks"]] == ["Giant Steps", "Four"]
    assert shell("rate", "So What", "--scale", "1-9", "--valence", "3").code == 0
    [four, giant, so_what] = shell("rate", "--json").document["ratings"]
    assert (so_what["valence"], so_what["arousal"], so_what["liking"]) == (0.25, 0.3, "like")
    assert (four["valence"], giant["liking"], four["track"]["title"]) == (None, "dislike", "Four")
    table = shell("rate").out.decode()
    assert table.endswith("\n3 rated: 1 in valence, 1 in arousal, 1 liked, 2 disliked\n")
    assert b"your rating  valence 0.25, arousal 0.30, liked\n" in shell("show", "So What").out
    shown = shell("show", "So What", "--json").document["track"]
    assert shown["rating"] == {"valence": 0.25, "arousal": 0.3, "liking": "like"}
    assert shown["network"] == {"valence": 0.6, "arousal": 0.2}
    ran = shell("rate", "So What", "Freddie Freeloader", "--forget")
    assert (ran.code, ran.out) == (0, "Miles Davis – So What: forgotten\n".encode())
    assert shell("rate", "So What", "--forget").code == 4
    assert shell("status", "--json").document["ratings"] == 2


def test_copies_share_a_rating_whatever_they_are_called(shell: Shell, library: Catalog) -> None:
    shell("rate", library.path("Metal/One (copy).flac").decode(), "--valence", "0.9")
    assert shell("show", library.path("Metal/One.flac").decode(), "--json").document["track"]["rating"]
    assert len(shell("rate", "--json").document["ratings"]) == 1


def test_nothing_rated_is_an_empty_list(shell: Shell, library: Catalog) -> None:
    ran = shell("rate")
    assert ran.code == 4
    assert ran.out.startswith(b"nothing is rated yet: musimo rate TRACK")
    assert shell("rate", "--list", "--json").document == {"schema": 1, "ratings": []}
    assert b"ratings" not in shell("status").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("So What",), 2, "rate it how?"),
        (("--like",), 2, "rate which track?"),
        (("So What", "--like", "--dislike"), 2, "not both"),
        (("So What", "--like", "--forget"), 2, "sets none"),
        (("So What", "--list"), 2, "take no TRACK"),
        (("So What", "--like", "-o", "x.csv"), 2, "take no TRACK"),
        (("--from", "-", "--list"), 2, "not both"),
        (("So What", "--valence", "1.5"), 2, "--scale 1-9"),
        (("So What", "--valence", "nan"), 2, "outside the scale 0..1"),
        (("--json", "--format", "csv"), 2, "exclude each other"),
        (("no such thing", "--like"), 4, "no track of the library"),
        (("Miles Davis/x", "So What", "--like"), 4, "no track of the library"),
        (("--from", "no such file"), 1, "cannot use no such file"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_rated(
    shell: Shell, library: Catalog, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = shell("rate", *arguments)
    assert (ran.code, ran.out) == (code, b"")
    assert said in ran.err.decode()
    assert shell("rate").code == 4


def test_a_file_outside_the_library_or_without_a_sound_is_not_rated(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "x.wav", melody(1), 22_050)
    ran = shell("rate", tmp_path / "x.wav", "--like")
    assert (ran.code, b"musimo scan" in ran.err) == (4, True)


def test_the_list_is_a_file_that_is_read_back(
    shell: Shell, library: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = b"odd/caf\xe9\n.mp3"
    shell(
        "rate",
        "Giant Steps",
        library.id(odd),
        library.id("odd/hostile.mp3"),
        "--valence",
        "0.123",
        "--dislike",
    )
    shell("rate", "So What", "--like")
    root = library.planned("Jazz/Giant.flac").scan_folder.root_id
    library.journal.mark_missing([GoneFile(root, b"Jazz/Giant.flac", library.id("Jazz/Giant.flac"), False)])
    before = shell("rate", "--json").document["ratings"]
    assert len(before) == 4
    file = tmp_path / "ratings.csv"
    assert shell("rate", "-o", file, "--scale", "1-9").code == 0
    assert harmless(shell("rate").out)
    shell("rate", "So What", library.id(odd), library.id("odd/hostile.mp3"), "--forget")
    shell("rate", library.id("Jazz/Giant.flac"), "--forget")
    assert shell("rate").code == 4
    ran = shell("rate", "--from", file, "--scale", "1-9")
    assert (ran.code, ran.out) == (0, b"4 rated\n")
    after = shell("rate", "--json").document["ratings"]
    for row in (*before, *after):
        row.pop("rated_at")
    assert after == before
    monkeypatch.setattr(
        "sys.stdin",
        io.TextIOWrapper(io.BytesIO(b"id,liking\n%d,dislike\n" % library.id("Jazz/So What.flac"))),
    )
    assert shell("rate", "--from", "-", "--json").document["rated"] == 1
    assert shell("show", "So What", "--json").document["track"]["rating"]["liking"] == "dislike"


def test_a_file_that_is_gone_is_no_part_of_the_name_of_another(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    """Of a path with something behind it, and of an id that is a number in one title."""
    whole = os.fsdecode(library.root) + "/Jazz/So What.flac"
    shell("rate", whole[:-5], "--like")
    assert shell("rate", "--forget", "So What").code == 0, "who names one track by hand may name a part"
    for row in (f"path,liking\n{whole[:-5]},like\n", "id,liking\nSo What,like\n"):
        (tmp_path / "ratings.csv").write_text(row)
        ran = shell("rate", "--from", tmp_path / "ratings.csv")
        assert (ran.code, b"line 2: no track of the library is" in ran.err) == (2, True)


def test_a_bad_line_keeps_the_whole_file_out(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(
        "path,valence\nSo What,0.5\nnowhere.mp3,0.5\nFour,7\nMilestones,0.5\nMilestones,0.5\n"
        f"{library.id('Metal/One.flac')},0.1\n{library.id('Metal/One (copy).flac')},0.2\n"
    )
    ran = shell("rate", "--from", file)
    assert (ran.code, ran.out) == (2, b"")
    lines = ran.err.decode().splitlines()
    assert lines[0] == "error: nothing was rated, for 3 of the lines cannot be: correct or delete them"
    assert [line.partition(":")[0] for line in lines[1:]] == ["line 3", "line 4", "line 8"]
    assert "rates the audio of line 7 otherwise" in lines[3]
    assert shell("rate").code == 4


def test_too_few_ratings_say_how_many_are_lacking(shell: Shell, many: Catalog, tmp_path: Path) -> None:
    shell("rate", "--from", ratings_file(many, tmp_path, 18, 0.1))
    before = answers(shell)
    ran = shell("calibrate")
    assert ran.code == 4
    assert b"2 more ratings needed\n" in ran.out
    assert b"20 more ratings needed\n" in ran.out
    assert ran.out.endswith(b"no calibration: the predictions of the network stay as they are\n")
    read = shell("calibrate", "--json").document
    assert (read["valence"]["lacking"], read["valence"]["gain"], read["sounds"]) == (2, False, None)
    assert answers(shell) == before


def test_a_calibration_is_shown_applied_told_and_undone(shell: Shell, many: Catalog, tmp_path: Path) -> None:
    before = answers(shell)
    similar = shell("similar", "So What", "--json").out
    shell("rate", "--from", ratings_file(many, tmp_path, 40, 0.1))
    dry = shell("calibrate", "--dry-run", "--json").document
    assert (dry["valence"]["gain"], dry["sounds"], dry["dry_run"]) == (True, None, True)
    assert dry["valence"]["network_error"] == pytest.approx(0.1, abs=1e-3)
    assert dry["valence"]["error"] < 0.05
    assert shell("calibrate", "--dry-run").out.endswith(b"musimo calibrate applies it\n")
    assert answers(shell) == before
    ran = shell("calibrate")
    assert ran.code == 0
    assert ran.out.splitlines()[-1].startswith(b"69 analyses are calibrated to your ratings")
    exported = {row["path"]: row for row in csv.DictReader(io.StringIO(shell("export").out.decode()))}
    last = exported[many.path("many/59.mp3").decode()]
    shown = shell("show", last["path"], "--json").document["track"]
    assert (
        float(last["valence"])
        == shown["valence"]
        == pytest.approx(shown["network"]["valence"] + 0.1, abs=0.03)
    )
    assert float(last["arousal"]) == shown["arousal"] == shown["network"]["arousal"]
    text = shell("show", last["path"]).out.decode()
    assert f"calibrated; the network predicts {shown['network']['valence']:.2f} ± 0.00" in text
    near = shell(
        "mood", "--valence", shown["valence"], "--arousal", shown["arousal"], "-n", "1", "--json"
    ).document
    assert near["results"][0]["distance"] == pytest.approx(0, abs=1e-3)
    inside = shell("export", "--where", f"valence:{shown['valence'] - 1e-3}..{shown['valence'] + 1e-3}").out
    assert last["path"].encode() in inside
    assert b"valence fitted to 40 ratings" in shell("status").out
    assert shell("status", "--json").document["calibration"]["ratings"] == 40
    as_before = json.loads(similar)["results"], shell("similar", "So What", "--json").document["results"]
    assert [[row["id"] for row in rows] for rows in as_before] == [[row["id"] for row in as_before[0]]] * 2
    assert shell("calibrate", "--undo").out == b"the network alone answers again\n"
    assert answers(shell) == before
    assert shell("calibrate", "--undo", "--json").document == {"schema": 1, "undone": False}
    assert shell("status", "--json").document["calibration"] is None


def test_ratings_that_contradict_each_other_undo_what_was_fitted(
    shell: Shell, many: Catalog, tmp_path: Path
) -> None:
    shell("rate", "--from", ratings_file(many, tmp_path, 40, 0.1))
    before = answers(shell)
    assert shell("calibrate").code == 0
    assert answers(shell) != before
    shell("calibrate", "--undo")
    shell("rate", "--from", ratings_file(many, tmp_path, 40, 0.0))
    ran = shell("calibrate")
    assert (ran.code, b"does not improve: not applied" in ran.out) == (4, True)
    assert answers(shell) == before


def test_what_is_scanned_after_it_goes_by_it(shell: Shell, tmp_path: Path, home: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    for n in range(24):
        soundfile.write(music / f"{n}.wav", melody(0.3, seed=n), 22_050)
    shell("scan", music)
    rows = [
        f"{track.id},{np.clip((track.arousal or 0) + 0.1, 0, 1)}"
        for track in Library.open().tracks()
        if track.id
    ]
    (tmp_path / "r.csv").write_text("\n".join(["id,arousal", *rows]))
    shell("rate", "--from", tmp_path / "r.csv")
    assert shell("calibrate").code == 0
    soundfile.write(music / "new.wav", melody(0.3, seed=99), 22_050)
    soundfile.write(tmp_path / "outside.wav", melody(0.3, seed=99), 22_050)
    assert shell("scan", music).code == 0
    new = shell("show", music / "new.wav", "--json").document["track"]
    assert new["arousal"] == pytest.approx(new["network"]["arousal"] + 0.1, abs=0.03)
    [query] = shell("similar", tmp_path / "outside.wav", "--json").document["query"]
    assert (query["id"], query["arousal"]) == (None, new["arousal"])


def test_what_is_liked_is_asked_with_and_what_is_not_is_shunned(shell: Shell, library: Catalog) -> None:
    ran = shell("similar", "--liked")
    assert (ran.code, b"musimo rate TRACK --like" in ran.err) == (4, True)
    assert b"Usage: musimo" in shell("similar").err
    beside = shell("similar", "So What", "--liked")
    assert (beside.code, b"no track is liked or disliked yet" in beside.err) == (0, True)
    shell("rate", "So What", "Paranoid", "--like")
    ran = shell("similar", "--liked", "--no-diversity", "--json")
    assert [track["title"] for track in ran.document["query"]] == ["So What", "Paranoid"]
    assert not {"So What", "Paranoid"} & {*ran.titles}
    assert ran.titles[0] in ("One", "Freddie Freeloader")
    by_hand = shell("similar", "So What", "Paranoid", "--no-diversity", "--json")
    assert ran.titles == by_hand.titles
    assert shell("rate", library.id("Metal/One.flac"), "--dislike").code == 0
    shunned = shell("similar", "--liked", "--no-diversity", "--json")
    assert "One" not in shunned.titles
    by_hand = shell(
        "similar",
        "So What",
        "Paranoid",
        "--not",
        str(library.id("Metal/One.flac")),
        "--no-diversity",
        "--json",
    )
    assert shunned.titles == by_hand.titles
    together = shell("similar", "Giant Steps", "--liked", "--json").document["query"]
    assert [track["title"] for track in together] == ["Giant Steps", "So What", "Paranoid"]
    assert shell("similar", "--liked", "--from", "0:10").code == 2
    one = str(library.id("Metal/One.flac"))  # disliked, and Paranoid is liked
    named = shell("similar", one, "--liked", "--not", "Paranoid", "--json")
    assert [track["title"] for track in named.document["query"]] == ["One", "So What"]
    assert "Paranoid" not in named.titles


def test_a_large_taste_is_told_in_few_lines(shell: Shell, library: Catalog) -> None:
    library.add(*(Entry(f"many/{n}.mp3", angle(n)) for n in range(40)))
    library_ = Library.open()
    library_.ratings.rate(*library.ids(*(f"many/{n}.mp3" for n in range(40))), liking=1)
    lines = shell("similar", "--liked", "--no-diversity").out.decode().splitlines()
    assert lines[5] == "      and 35 more"
    assert not {*lines[8:]} & {f"{n}" for n in range(40)}
    assert len(shell("similar", "--liked", "--json").document["query"]) == 40
