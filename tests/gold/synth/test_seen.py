import numpy as np
import pytest

from gold.synth.optics import Camera, camera_aim
from gold.synth.props import Rim
from gold.synth.seen import NOBODY, Labels, joints_seen, plate_truth
from judging.pose import FloatArray, Joint, Side

CAMERA = camera_aim(
    np.array([0.0, -4.0, 1.0]), np.array([0.0, 0.0, 1.0]), roll_deg=0.0, focal_px=400.0, width=400, height=300
)


def joints(place: tuple[float, float, float] = (0.0, 0.0, 1.0)) -> FloatArray:
    return np.tile(np.array(place, dtype=np.float64), (17, 1))


def shown(person: int, depth: float) -> Labels:
    return Labels(np.full((300, 400), person), np.full((300, 400), depth))


def test_a_joint_under_ones_own_skin_is_seen() -> None:
    assert joints_seen(joints(), 1, shown(1, 3.95), CAMERA).all()


def test_a_joint_behind_another_person_is_hidden() -> None:
    assert not joints_seen(joints(), 2, shown(1, 3.95), CAMERA).any()


def test_a_joint_behind_a_plate_is_hidden() -> None:
    assert not joints_seen(joints(), 1, shown(NOBODY, 3.95), CAMERA).any()


def test_a_joint_behind_ones_own_body_is_hidden_where_the_body_there_is_thinner() -> None:
    seen = joints_seen(joints(), 1, shown(1, 3.82), CAMERA)
    assert [Joint(joint).label for joint in np.flatnonzero(seen)] == ["left hip", "right hip"]


@pytest.mark.parametrize("place", [(5.0, 0.0, 1.0), (0.0, 0.0, 3.0), (0.0, -5.0, 1.0), (0.0, -4.0, 1.0)])
def test_a_joint_outside_the_photo_is_hidden(place: tuple[float, float, float]) -> None:
    assert not joints_seen(joints(place), 1, shown(1, 4.0), CAMERA).any()


def test_half_of_the_pixels_round_a_joint_must_show_it() -> None:
    labels = shown(NOBODY, 3.95)
    labels.person[149:152, 199] = 1
    assert not joints_seen(joints(), 1, labels, CAMERA).any()
    labels.person[149:152, 200] = 1
    assert joints_seen(joints(), 1, labels, CAMERA).all()


def rim(x: float = 0.0) -> Rim:
    return Rim(Side.RIGHT, np.array([x, 0.0, 1.0]), np.array([0.0, -1.0, 0.0]))


def test_a_plate_seen_square_is_as_wide_as_it_is() -> None:
    truth = plate_truth(rim(), shown(NOBODY, 4.0), CAMERA)
    assert truth is not None
    assert (truth.side, truth.visible) == (Side.RIGHT, 1.0)
    assert truth.centre_px == pytest.approx([200, 150])
    assert truth.diameter_px == pytest.approx(45.0)


def test_a_plate_seen_askew_keeps_its_longer_axis() -> None:
    askew = Rim(Side.LEFT, np.array([0.0, 0.0, 1.0]), np.array([np.sin(1.2), -np.cos(1.2), 0.0]))
    truth = plate_truth(askew, shown(NOBODY, 10.0), CAMERA)
    assert truth is not None
    assert truth.diameter_px == pytest.approx(45.0, rel=0.005)


def test_half_a_plate_behind_something_is_half_visible() -> None:
    labels = shown(NOBODY, 4.0)
    labels.depth[:, :200] = 3.0
    truth = plate_truth(rim(), labels, CAMERA)
    assert truth is not None
    assert truth.visible == pytest.approx(0.5, abs=0.02)


def test_a_plate_half_outside_the_photo_is_half_visible() -> None:
    truth = plate_truth(rim(2.0), shown(NOBODY, 9.0), CAMERA)
    assert truth is not None
    assert truth.visible == pytest.approx(0.5, abs=0.02)


def test_a_plate_behind_the_lens_is_left_out() -> None:
    behind: Camera = camera_aim(
        np.array([0.0, 0.1, 1.0]), np.array([0.0, 4.0, 1.0]), roll_deg=0.0, focal_px=400.0, width=400, height=300
    )
    assert plate_truth(rim(), shown(NOBODY, 4.0), behind) is None
