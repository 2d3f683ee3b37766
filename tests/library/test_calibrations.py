"""The owner's ear in the library: applied to all, to what comes later, and taken back to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from musimo.emotion.calibration import Calibration
from musimo.library.calibration import carry_over, fit_ratings
from musimo.library.db import calibrations
from musimo.library.db.calibrations import applied, apply, undo
from musimo.library.db.queries import Store
from musimo.library.db.ratings import Opinion, predicted_emotion, rate
from musimo.library.db.schema import emotions
from musimo.records import RangeFilter
from tests.catalog import Catalog, Entry
from tests.emotion.test_calibration import heard

N = 60


def bend(valence: float = 0.0, arousal: float = 0.0) -> Calibration:
    """So much is added to the network's."""
    coefficients = np.zeros((2, 259), np.float32)
    coefficients[:, 0] = valence, arousal
    return Calibration(coefficients)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    moods, embeddings = heard(N)
    catalog.add(
        *(
            Entry(f"{n:02}.mp3", embeddings[n], float(moods[n, 0]), float(moods[n, 1]), sound=b"%02d" % n)
            for n in range(N)
        ),
        Entry("copy of 00.mp3", None, sound=b"00"),
    )
    return catalog


def everything(store: Store) -> list[object]:
    """All that the library answers about mood, to the last bit."""
    ids, moods = store.emotions()
    tracks = [(track.valence, track.arousal) for track in store.all_tracks()]
    return [ids.tolist(), moods.tobytes(), tracks]


def rate_all(catalog: Catalog, n: int, valence: float) -> None:
    """Rate so many sounds by so much above the network's answer."""
    ids, moods = catalog.store.emotions()
    said = {
        int(id_): Opinion(float(np.clip(mood[0] + valence, 0, 1)))
        for id_, mood in zip(ids, moods, strict=True)
    }
    rate(catalog.store, dict([*said.items()][:n]))


def test_ratings_are_fitted_with_what_the_network_says_of_their_sounds(catalog: Catalog) -> None:
    rate_all(catalog, 25, 0.1)
    rate(catalog.store, {1: Opinion(arousal=0.4), 2: Opinion(liking=1)})
    fits = fit_ratings(catalog.store)
    assert (fits.valence.n_ratings, fits.arousal.n_ratings, fits.n_ratings, fits.n_not_analyzed) == (
        25,
        1,
        25,
        0,
    )
    assert fits.valence.network_error == pytest.approx(0.1, abs=1e-6)
    assert fits.calibration is not None
    elsewhere = fit_ratings(Store(catalog.store.engine, catalog.store.path, "other-2"))
    assert (elsewhere.n_ratings, elsewhere.n_not_analyzed, elsewhere.calibration) == (0, 25, None)


def test_nothing_rated_is_nothing_fitted(catalog: Catalog) -> None:
    fits = fit_ratings(catalog.store)
    assert (fits.valence.n_ratings, fits.calibration, applied(catalog.store)) == (0, None, None)
    assert not undo(catalog.store)


def test_what_is_applied_answers_everywhere_and_what_the_network_said_stays(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrations, "CHUNK", 7)
    store = catalog.store
    before = {track.id: track for track in store.all_tracks()}
    generation, stamps = store.generation(), store.stamps()[1]
    assert apply(store, bend(valence=0.25), 21) == N
    found = applied(store)
    assert found is not None
    assert (found.valence, found.arousal, found.n_ratings) == (True, False, 21)
    assert store.generation() != generation
    np.testing.assert_array_equal(store.stamps()[1], stamps)
    for track in store.all_tracks():
        old = before[track.id]
        assert old.valence is not None
        assert track.valence == np.float32(np.clip(old.valence + 0.25, 0, 1))
        assert track.arousal == old.arousal
        assert predicted_emotion(store, track.content or 0) == (old.valence, old.arousal)
    one, copy = (store.track_at(catalog.path(name)) for name in ("00.mp3", "copy of 00.mp3"))
    assert one is not None
    assert copy is not None
    assert (one.valence, one.content) == (copy.valence, copy.content)


def test_where_and_the_moods_of_the_index_agree(catalog: Catalog) -> None:
    rng = np.random.default_rng(0)
    apply(catalog.store, Calibration(rng.normal(0, 0.1, (2, 259)).astype(np.float32)), 21)
    ids, moods = catalog.store.emotions()
    for bound in moods[:10, 0].tolist():
        inside = catalog.store.matching_contents([RangeFilter("valence", bound, None, False)])
        assert sorted(inside.tolist()) == ids[moods[:, 0] >= bound].tolist()
        shown = catalog.store.all_tracks([RangeFilter("valence", None, bound, False)])
        assert {track.content for track in shown} == set(ids[moods[:, 0] <= bound].tolist())


def test_undone_is_as_it_was_to_the_last_bit(catalog: Catalog) -> None:
    before = everything(catalog.store)
    apply(catalog.store, bend(0.1, -0.1), 21)
    assert everything(catalog.store) != before
    assert undo(catalog.store)
    assert everything(catalog.store) == before
    assert applied(catalog.store) is None
    catalog.add(Entry("new.mp3", heard(1)[1][0], 0.5, 0.5))
    assert catalog.store.track_at(catalog.path("new.mp3")).valence == 0.5  # type: ignore[union-attr]


def test_what_is_scanned_later_gets_the_very_numbers_it_would_have_got_before(catalog: Catalog) -> None:
    rng = np.random.default_rng(1)
    moods, embeddings = heard(5, seed=9)
    entries = [Entry(f"new {n}.mp3", embeddings[n], float(moods[n, 0]), float(moods[n, 1])) for n in range(5)]
    calibration = Calibration(rng.normal(0, 0.1, (2, 259)).astype(np.float32))
    apply(catalog.store, calibration, 21)
    catalog.add(*entries)
    later = everything(catalog.store)
    apply(catalog.store, calibration, 21)
    assert everything(catalog.store) == later
    catalog.add(*(Entry(f"{n:02}.mp3", embeddings[0], 0.5, 0.5, sound=b"%02d" % n) for n in range(3)))
    with catalog.store.engine.connect() as connection:
        own = (
            connection.execute(select(emotions.c.own_valence).where(emotions.c.valence == 0.5))
            .scalars()
            .all()
        )
    assert len(own) == 3
    assert None not in own, "what is heard anew, too"


def test_another_calibration_takes_the_place_of_the_one_before(catalog: Catalog) -> None:
    apply(catalog.store, bend(0.1, 0.1), 21)
    apply(catalog.store, bend(arousal=-0.1), 30)
    found = applied(catalog.store)
    assert found is not None
    assert (found.valence, found.arousal, found.n_ratings) == (False, True, 30)
    for track in catalog.store.all_tracks():
        valence, arousal = predicted_emotion(catalog.store, track.content or 0) or (0, 0)
        assert track.valence == valence
        assert track.arousal == pytest.approx(arousal - 0.1)


def test_a_new_model_is_fitted_when_it_takes_over_from_one_that_was(catalog: Catalog) -> None:
    rate_all(catalog, 30, 0.1)
    new = Catalog(catalog.store.path, Path(catalog.root.decode()), "plain-2")
    moods, embeddings = heard(N)
    new.add(
        *(
            Entry(f"{n:02}.mp3", embeddings[n], float(moods[n, 0]) - 0.1, 0.5, sound=b"%02d" % n)
            for n in range(N)
        )
    )
    carry_over(new.store, catalog.store.model)
    carry_over(new.store, None)
    assert applied(new.store) is None, "the one before was not fitted"
    fits = fit_ratings(catalog.store)
    assert fits.calibration is not None
    apply(catalog.store, fits.calibration, fits.n_ratings)
    carry_over(new.store, catalog.store.model)
    found = applied(new.store)
    assert found is not None
    assert (found.valence, found.n_ratings) == (True, 30)
    np.testing.assert_allclose(new.store.emotions()[1][:, 0], catalog.store.emotions()[1][:, 0], atol=0.03)
    assert undo(new.store)
    assert applied(catalog.store) is None, "to undo is to undo of all models"
