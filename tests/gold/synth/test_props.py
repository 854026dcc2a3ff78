import numpy as np
import pytest

from gold.synth.props import BUMPERS, CALIBRATED, Plate, Solid, bar, bench, box, cylinder, rims, turned, uprights
from judging.pose import FloatArray, Side

ACROSS = np.array([1.0, 0.0, 0.0])
CENTRE = np.array([0.0, 0.1, 1.2])
RED = (200, 0, 0)


def volume(solid: Solid) -> float:
    """Positive when all faces look outwards."""
    a, b, c = (solid.vertices[solid.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def span(solids: tuple[Solid, ...]) -> tuple[FloatArray, FloatArray]:
    points = np.concatenate([one.vertices for one in solids])
    return points.min(axis=0), points.max(axis=0)


def test_a_box_is_closed_and_faces_outwards() -> None:
    assert volume(box((1, 2, 3), (2, 4, 6), RED)) == pytest.approx(6.0)


def test_a_cylinder_is_closed_and_faces_outwards() -> None:
    made = cylinder(CENTRE, CENTRE + np.array([0.0, 0.3, 0.4]), 0.1, RED, sides=2000)
    assert volume(made) == pytest.approx(np.pi * 0.01 * 0.5, rel=1e-4)


def test_a_cylinder_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="two different ends"):
        cylinder(CENTRE, CENTRE, 0.1, RED)


def test_the_bar_has_the_rule_books_measures() -> None:
    low, high = span(bar(CENTRE, ACROSS, (), clamps=False))
    assert (low[0], high[0]) == pytest.approx((-1.1, 1.1))
    low, high = span(bar(CENTRE, ACROSS, CALIBRATED[:1], clamps=True))
    assert high - low == pytest.approx([2.2, 0.45, 0.45])
    assert (low + high) / 2 == pytest.approx(CENTRE)


def test_the_first_plate_begins_at_the_inner_collar() -> None:
    large = [one for one in bar(CENTRE, ACROSS, BUMPERS[:2], clamps=False) if np.ptp(one.vertices[:, 2]) > 0.44]
    assert len(large) == 4
    nearest = min(float(np.abs(one.vertices[:, 0]).min()) for one in large)
    assert nearest == pytest.approx(0.655, abs=0.002)


def test_an_uneven_bar_is_tilted_with_all_that_is_on_it() -> None:
    along = np.array([np.cos(0.05), 0.0, np.sin(0.05)])
    for one in bar(CENTRE, along, CALIBRATED[:1], clamps=True):
        middle = (one.vertices.min(axis=0) + one.vertices.max(axis=0)) / 2 - CENTRE
        assert middle - (middle @ along) * along == pytest.approx(np.zeros(3), abs=1e-9)


def test_the_rims_are_the_outermost_large_plates_outer_faces() -> None:
    reach = 0.655 + 0.027 + 0.001 + 0.0225
    left, right = rims(CENTRE, ACROSS, CALIBRATED)
    assert (left.side, right.side) == (Side.LEFT, Side.RIGHT)
    assert left.centre == pytest.approx(CENTRE + reach * ACROSS)
    assert right.centre == pytest.approx(CENTRE - reach * ACROSS)
    assert right.outwards == pytest.approx([-1, 0, 0])
    points = left.points(0.225, 12)
    assert np.linalg.norm(points - left.centre, axis=1) == pytest.approx(np.full(12, 0.225))
    assert (points - left.centre) @ left.outwards == pytest.approx(np.zeros(12), abs=1e-12)


def test_small_plates_alone_have_no_rim() -> None:
    assert rims(CENTRE, ACROSS, (Plate(RED, 0.02, 0.2),)) == ()


def test_the_bench_ends_where_it_is_told_to() -> None:
    low, high = span(bench(0.43, 0.7, RED, RED)[:1])
    assert high == pytest.approx([0.15, 0.7, 0.43])
    assert (low[0], low[1]) == pytest.approx((-0.15, 0.7 - 1.22))


def test_uprights_hold_the_bar_and_stand_on_the_floor() -> None:
    solids = uprights(np.array([0.0, 0.5, 1.3]), RED, feet_y=(-0.3, 0.4), brace_y=0.3)
    low, _ = span(solids)
    assert low[2] == 0.0
    saddles = [one for one in solids if one.metal]
    assert [float(one.vertices[:, 2].max()) for one in saddles] == pytest.approx([1.3 - 0.0145] * 2)
    posts = [one for one in solids if np.ptp(one.vertices[:, 2]) > 1]
    assert all(float(one.vertices[:, 1].min()) > 0.5 + 0.0145 for one in posts)


def test_a_quarter_turn_takes_x_to_y() -> None:
    made = turned(box((1, -0.1, 0), (2, 0.1, 1), RED), 1)
    assert made.vertices.min(axis=0) == pytest.approx([-0.1, 1, 0])
    assert volume(made) == pytest.approx(0.2)
    assert turned(made, 3).vertices == pytest.approx(box((1, -0.1, 0), (2, 0.1, 1), RED).vertices)
