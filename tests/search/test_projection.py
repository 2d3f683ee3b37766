"""Rows on a plane: answers on paper, and the same ones every time."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.search.projection import CHUNK, principal_plane


def test_points_on_a_line_lie_on_the_first_axis() -> None:
    # Multiples of (1, 2, -2), whose length is 3, around their mean, the second.
    line = np.array([[k, 2 * k, -2 * k] for k in (0, 1, 2, 3, 4)], np.float32)
    projection = principal_plane(line)
    # Of the equal coordinates 2 and -2 either may count as the largest, so the axis may point either way.
    sign = np.sign(projection.points[4, 0])
    assert projection.points[:, 0] * sign == pytest.approx([-6, -3, 0, 3, 6], abs=1e-5)
    assert projection.points[:, 1].tolist() == [0, 0, 0, 0, 0]
    assert projection.explained == pytest.approx(1)


def test_points_on_a_plane_keep_their_distances() -> None:
    # A rectangle of 6 by 2 in the second and fourth of five dimensions.
    corners = np.zeros((4, 5), np.float32)
    corners[:, 1] = [0, 6, 6, 0]
    corners[:, 3] = [0, 0, 2, 2]
    projection = principal_plane(corners)
    assert projection.points.tolist() == pytest.approx(
        np.array([[-3, -1], [3, -1], [3, 1], [-3, 1]]), abs=1e-6
    )
    assert projection.explained == pytest.approx(1)


def test_what_the_plane_leaves_out_is_told() -> None:
    # Variances 9, 4 and 3 along three axes: the plane keeps 13 of 16.
    rows = np.diag(np.sqrt([9, 4, 3])).astype(np.float32)
    projection = principal_plane(np.vstack([rows, -rows]))
    assert projection.explained == pytest.approx(13 / 16)
    assert np.abs(projection.points).max(axis=0) == pytest.approx([3, 2], abs=1e-5)


def test_an_axis_points_where_its_largest_coordinate_is_positive() -> None:
    rng = np.random.default_rng(3)
    rows = (rng.normal(size=(60, 8)) * np.arange(8, 0, -1)).astype(np.float32)
    there, mirrored = principal_plane(rows), principal_plane(-rows)
    assert mirrored.points == pytest.approx(-there.points, abs=1e-4)


def test_the_same_rows_make_the_same_bytes() -> None:
    rows = np.random.default_rng(1).normal(size=(300, 40)).astype(np.float32)
    assert principal_plane(rows).points.tobytes() == principal_plane(rows.copy()).points.tobytes()


def test_long_tables_are_read_in_parts_that_do_not_show() -> None:
    n = CHUNK + 7
    rows = np.random.default_rng(2).normal(size=(n, 3)).astype(np.float32) * np.array([5, 2, 1], np.float32)
    wide = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(wide, full_matrices=False)
    assert np.abs(principal_plane(rows).points) == pytest.approx(np.abs(wide @ axes[:2].T), abs=1e-3)


@pytest.mark.parametrize("rows", [np.ones((1, 4)), np.ones((5, 4)), np.zeros((3, 4))])
def test_rows_that_are_all_the_same_lie_in_the_middle(
    rows: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    projection = principal_plane(rows.astype(np.float32))
    assert projection.points.shape == (len(rows), 2)
    assert not projection.points.any()


def test_one_dimension_or_no_row_is_a_picture_too() -> None:
    assert principal_plane(np.array([[1], [3]], np.float32)).points.tolist() == [[-1, 0], [1, 0]]
    assert principal_plane(np.empty((0, 4), np.float32)).points.shape == (0, 2)
