import pytest

from musimo.records.scale import Scale, from_unit, to_unit


@pytest.mark.parametrize(("unit", "rating"), [(0.0, 1.0), (0.5, 5.0), (1.0, 9.0), (0.25, 3.0)])
def test_ratings_are_one_plus_eight_times_the_unit(unit: float, rating: float) -> None:
    assert from_unit(unit, "1-9") == rating
    assert to_unit(rating, "1-9") == unit


@pytest.mark.parametrize("scale", ["0-1", "1-9"])
def test_both_ways_meet(scale: Scale) -> None:
    assert to_unit(from_unit(0.37, scale), scale) == pytest.approx(0.37, abs=1e-15)
