"""Which track is meant: whatever a result gives is a question again."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians, sin
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo import Library, MusimoError, NotFoundError, Selection, UsageError
from musimo.api.session import Session
from musimo.resources import weights_path
from musimo.search.indexes import Indexes
from tests.catalog import Catalog, Entry, PlainSpace, direction
from tests.conftest import PlainPredictor
from tests.sounds import melody

EVERY = Selection(None, (), None, None, fold_versions=False)
N = 6


@pytest.fixture
def catalog(home: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Tracks 10 degrees apart, and one that was never analyzed."""
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    catalog = Catalog(home / "library.db", Path("/music"), weights_path().stem)
    angles = (radians(10 * n) for n in range(N))
    catalog.add(
        *(Entry(f"track {n}.mp3", direction(cos(a), sin(a)), n / 10, 0.5) for n, a in enumerate(angles))
    )
    catalog.add(Entry("silent.mp3"))
    return catalog


@pytest.fixture
def library(catalog: Catalog) -> Library:
    return Library.open()


def names(rows: object) -> list[str]:
    return [row.track.path.stem for row in rows]  # type: ignore[attr-defined]


def test_ids_paths_words_tracks_and_rows_mean_the_same(library: Library, catalog: Catalog) -> None:
    by_words = library.similar("track 3", selection=EVERY)
    assert len(by_words) == N - 1
    track = library.find_track("track 3")
    assert track is not None
    [path_row, *_] = library.path("track 3", "track 0", n=2)
    [mood_row, *_] = library.mood(0.3, 0.5)
    [similar_row] = library.similar("track 4", selection=Selection(1, "path:3.mp3"))
    for named in (
        *(track.id or 0, str(track.id), "/music/track 3.mp3", Path("/music/track 3.mp3")),
        *(track, path_row, mood_row, similar_row, by_words.seeds[0]),
    ):
        assert library.find_track(named) == track
        assert library.similar(named, selection=EVERY) == by_words
        assert library.show(named).track == track


def test_a_result_is_a_sequence_of_rows(library: Library) -> None:
    found = library.similar("track 0", selection=EVERY)
    assert len(found) == N - 1
    assert names(found) == [f"track {n}" for n in range(1, N)]
    assert [found[0], *found[1:]] == list(found.rows)
    assert found[-1].rank == len(found)
    assert [track.path.stem for track in found.tracks] == names(found)
    assert not library.similar("track 0", min_similarity=1.0)
    assert [track.path.stem for track in found.seeds] == ["track 0"]


def test_a_track_that_moved_is_known_by_its_id(library: Library, catalog: Catalog) -> None:
    track = library.find_track("track 3")
    with catalog.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE tracks SET path = x'6d6f7665642e6d7033' WHERE id = ?", (track.id,))  # type: ignore[union-attr]
    found = library.find_track(track)  # type: ignore[arg-type]
    assert found is not None
    assert (found.path.name, found.content) == ("moved.mp3", track.content)  # type: ignore[union-attr]


def test_a_file_outside_is_a_seed_and_so_is_its_track(library: Library, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "outside.wav", melody(3), 22_050)
    first = library.similar(tmp_path / "outside.wav", selection=EVERY)
    assert (first.seeds[0].id, len(first)) == (None, N)
    assert library.similar(first.seeds[0], selection=EVERY) == first
    assert library.find_track(tmp_path / "outside.wav") is None
    with pytest.raises(NotFoundError, match=r"outside\.wav is not in the library"):
        library.show(tmp_path / "outside.wav")


def test_likes_and_dislikes_count_beside_what_is_named(library: Library) -> None:
    told: list[str] = []
    asked = Library(library.settings, told.append)
    assert [track.path.stem for track in asked.similar("track 0", liked=True).seeds] == ["track 0"]
    assert [sentence.startswith("no track is liked or disliked yet") for sentence in told] == [True]
    with pytest.raises(NotFoundError, match="no track is liked yet"):
        library.similar(liked=True)
    library.ratings.rate("track 1", "track 2", liking=1)
    library.ratings.rate("track 5", liking=-1)
    liked = library.similar(liked=True, selection=EVERY)
    assert liked.rows == library.similar("track 1", "track 2", unlike=["track 5"], selection=EVERY).rows
    named = library.similar("track 5", liked=True, unlike=["track 1"])
    assert [track.path.stem for track in named.seeds] == ["track 5", "track 2"]


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (lambda library: library.similar(), UsageError, "similar to what"),
        (lambda library: library.similar(999), NotFoundError, "no track of the library has the id 999"),
        (lambda library: library.similar("track"), UsageError, "names several tracks"),
        (lambda library: library.similar("silent"), NotFoundError, "not analyzed"),
        (lambda library: library.similar("track 1", unlike=["track 1"]), UsageError, "for and against"),
        (lambda library: library.similar("track 1", "track 2", from_s=1), UsageError, "part of one track"),
        (lambda library: library.mood("no such mood"), UsageError, "there is no mood"),
        (lambda library: library.mood("calm", 0.5), UsageError, "in words or in numbers"),
        (lambda library: library.mood(0.5), UsageError, "which mood"),
        (lambda library: library.mood(0.5, 1.5), UsageError, r"arousal 1\.5 is outside"),
        (lambda library: library.mood(0.5, 0.5, spread=0), UsageError, "a spread of 0"),
        (lambda library: library.mood(0.5, 0.5, seed=1), UsageError, "a seed goes with a spread"),
        (lambda library: library.path("track 1"), UsageError, "name two|one track to another"),
        (lambda library: library.path("track 1", "track 1"), UsageError, "to itself"),
        (lambda library: library.path("track 1", "track 2", n=51), UsageError, "50 tracks at most"),
        (lambda library: library.ratings.rate("track 1"), UsageError, "rate it how"),
        (lambda library: library.playlists.recipes(), NotFoundError, "no recipe"),
        (lambda library: library.playlists.write("a.txt", []), UsageError, "no playlist ends in"),
        (lambda library: Selection(where="colour:red"), UsageError, "colour"),
    ],
)
def test_what_cannot_be_asked_says_why(
    library: Library, ask: Callable[[Library], object], kind: type[MusimoError], said: str
) -> None:
    with pytest.raises(kind, match=said):
        ask(library)


def test_conditions_are_read_as_on_the_command_line(library: Library) -> None:
    for where in ("valence:0.3..", ["valence:0.3..", "^path:track 5"]):
        selection = Selection(limit=None, where=where, max_per_artist=None, max_per_album=None)
        expected = ["track 3", "track 4", "track 5"][: 3 if isinstance(where, str) else 2]
        assert [track.path.stem for track in library.tracks(selection)] == expected
        assert sorted(names(library.similar("track 0", selection=selection))) == expected
    assert library.tags.updates(where="valence:0.3..", remove=True)[0].track.path.stem == "track 3"


def test_vectors_are_those_that_similar_compares(library: Library, tmp_path: Path) -> None:
    tracks, vectors = library.vectors()
    assert [track.path.stem for track in tracks] == [f"track {n}" for n in range(N)]
    assert vectors.shape[0] == N
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = vectors @ vectors[0]
    rows = {row.track.path.stem: row.similarity for row in library.similar("track 0", selection=EVERY)}
    for track, cosine in zip(tracks[1:], cosines[1:], strict=True):
        assert rows[track.path.stem] == pytest.approx(float(cosine), abs=1e-5)
    some, embeddings = library.vectors("embedding", Selection(2, (), None, None))
    assert (len(some), embeddings.shape) == (2, (2, 256))
    np.testing.assert_allclose(embeddings[1, :2], (cos(radians(10)), sin(radians(10))), atol=1e-6)
    _, emotions = library.vectors("emotion")
    np.testing.assert_allclose(emotions, [(n / 10, 0.5) for n in range(N)], atol=1e-6)
    assert library.analyses.export_vectors(tmp_path / "v.npz", Selection(None, "path:track", None, None)) == N
    with np.load(tmp_path / "v.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {
            "id",
            "path",
            "valence",
            "arousal",
            "embedding",
            "sound",
            "model",
            "heard",
            "heard_tags",
            "start",
            "end",
        }
        np.testing.assert_array_equal(arrays["id"], [track.id for track in tracks])
        assert arrays["path"].tolist() == [str(track.path) for track in tracks]
        np.testing.assert_array_equal(arrays["sound"], vectors)
        np.testing.assert_array_equal(arrays["valence"], emotions[:, 0])
        np.testing.assert_array_equal(arrays["embedding"][:2], embeddings)
        assert arrays["model"].item() == weights_path().stem
    with pytest.raises(NotFoundError, match="no analyzed track"):
        library.analyses.export_vectors(tmp_path / "none.npz", Selection(where="path:nowhere"))
    assert not (tmp_path / "none.npz").exists()


def test_a_playlist_of_any_rows(library: Library, tmp_path: Path) -> None:
    rows = library.similar("track 0", selection=Selection(2, max_per_artist=None, max_per_album=None))
    written = library.playlists.write(tmp_path / "a.m3u8", rows, path_map={"/music": "/mnt"}, prefix="x")
    assert (written.path, written.tracks, written.skipped) == (tmp_path / "a.m3u8", 2, ())
    lines = (tmp_path / "a.m3u8").read_text().splitlines()
    assert lines[2::2] == ["x/mnt/track 1.mp3", "x/mnt/track 2.mp3"]
    library.playlists.write(tmp_path / "b.m3u8", library.tracks(), relative_to="/")
    assert "music/track 0.mp3" in (tmp_path / "b.m3u8").read_text().splitlines()


def test_a_library_is_closed_and_opens_again(library: Library) -> None:
    with library as opened:
        found = opened.similar("track 0")
    assert library.similar("track 0") == found
