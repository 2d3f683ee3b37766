"""Fields of a list beside its tracks: versions, best windows and explanations."""

from __future__ import annotations

from collections.abc import Sequence

from musimo.output.naming import MOOD_DIGITS, SCORE_DIGITS, SECOND_DIGITS, number
from musimo.records import Track
from musimo.search.best_window import BestWindow
from musimo.search.explain import Explanation, alike
from musimo.search.scale import RANGES, Scale


def ids_of(tracks: Sequence[Track]) -> list[int | None]:
    """Return the ids of versions that a list leaves out."""
    return [track.id for track in tracks]


def window_fields(best: BestWindow | None) -> dict[str, object] | None:
    """Return the best window of a result, in seconds from the start of its track."""
    if best is None:
        return None
    return {
        "start": number(best.window.start_s, SECOND_DIGITS),
        "end": number(best.window.end_s, SECOND_DIGITS),
        "similarity": number(best.similarity, SCORE_DIGITS),
    }


def explanation_fields(one: Explanation, scale: Scale) -> dict[str, object]:
    """Return an explanation; differences in valence and arousal are on ``scale``."""
    low, high = RANGES[scale]
    moods = {
        "mood_distance": one.mood_distance,
        "valence_difference": one.valence_difference,
        "arousal_difference": one.arousal_difference,
    }
    verdicts = alike(one)
    return {
        "seed": one.seed,
        "alike": [name for name, same in verdicts.items() if same],
        "unlike": [name for name, same in verdicts.items() if not same],
        "sound": number(one.sound, SCORE_DIGITS),
        "statistics": number(one.statistics, SCORE_DIGITS),
        "fused": number(one.fused, SCORE_DIGITS),
        "embedding": number(one.embedding, SCORE_DIGITS),
        **{
            name: None if value is None else number(value * (high - low), MOOD_DIGITS)
            for name, value in moods.items()
        },
        "tempo_ratio": number(one.tempo_ratio, MOOD_DIGITS),
        "key_relation": one.key_relation,
        "key_steps": one.key_steps,
        "genres": None if one.genres is None else list(one.genres),
    }
