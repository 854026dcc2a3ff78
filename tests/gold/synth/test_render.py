"""What VTK draws lies where gold.synth.optics says."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pyvista")
pytest.importorskip("anny")

from gold.synth.look import look_draw
from gold.synth.optics import Camera, camera_place
from gold.synth.props import Solid, box
from gold.synth.render import Studio, floor_picture, photo_bytes
from gold.synth.scene import Plan, Scene
from gold.synth.seen import NOBODY
from gold.truth import Fault, Kind, Placement
from judging.pose import FloatArray, Lift

pytestmark = pytest.mark.synth

WIDTH, HEIGHT = 480, 360
MIDDLE = np.array([0.0, 0.0, 0.8])


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    made = Studio(WIDTH, HEIGHT)
    yield made
    made.close()


def camera(azimuth: float, roll: float, aim: tuple[float, float, float]) -> Camera:
    return camera_place(
        MIDDLE,
        azimuth_deg=azimuth,
        height_m=1.3,
        distance_m=4.0,
        aim=np.array(aim),
        roll_deg=roll,
        focal_px=500.0,
        width=WIDTH,
        height=HEIGHT,
    )


def scene(*solids: Solid) -> Scene:
    look = replace(look_draw(np.random.default_rng(1)), board_sides=(False,) * 4, shadow=0.0)
    plan = Plan(Kind.EMPTY, Lift.SQUAT, None, Fault.GOOD, Placement.ANYWHERE, 0, WIDTH, HEIGHT)
    # Something under the floor: a scene is never without any metal, nor without anything else.
    buried = (box((0, 0, -0.02), (0.1, 0.1, 0), (1, 1, 1)), box((0, 0, -0.02), (0.1, 0.1, 0), (1, 1, 1), metal=True))
    return Scene(1, 0, plan, None, (), (*buried, *solids), (), MIDDLE, look, camera(0, 0, (0, 0, 0.8)), 0)


def cube(place: FloatArray) -> Solid:
    return box(place - 0.03, place + 0.03, (255, 0, 255))


VIEWS = [(0.0, 0.0, (0.0, 0.0, 0.8)), (65.0, 7.0, (0.2, -0.1, 1.0)), (-140.0, -4.0, (-0.3, 0.2, 0.6))]
PLACES = [np.array([0.0, 0.0, 0.8]), np.array([0.5, 0.3, 1.2]), np.array([-0.4, -0.2, 0.5])]


@pytest.mark.parametrize(("azimuth", "roll", "aim"), VIEWS)
@pytest.mark.parametrize("place", PLACES)
def test_a_thing_is_rendered_where_it_projects(
    studio: Studio, azimuth: float, roll: float, aim: tuple[float, float, float], place: FloatArray
) -> None:
    one = camera(azimuth, roll, aim)
    studio.stage(scene())
    bare_colours, bare_labels = studio.colours(one).astype(int), studio.labels(one)
    studio.stage(scene(cube(place)))
    colours, labels = studio.colours(one).astype(int), studio.labels(one)
    for changed in (
        np.abs(colours - bare_colours).sum(axis=2) > 12,
        np.abs(labels.depth - bare_labels.depth) > 0.05,
    ):
        rows, columns = np.nonzero(changed)
        seen = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
        assert seen == pytest.approx(one.project(place), abs=1.0)
        corners = one.project(cube(place).vertices)
        assert np.array([columns.min(), rows.min()]) == pytest.approx(corners.min(axis=0), abs=1.01)
        assert np.array([columns.max() + 1, rows.max() + 1]) == pytest.approx(corners.max(axis=0), abs=1.01)
    assert (labels.person == NOBODY).all()


def test_the_depth_is_metres_along_the_axis(studio: Studio) -> None:
    one = camera(0.0, 0.0, (0.0, 0.0, 1.3))
    studio.stage(scene(box((-0.2, 0.0, 1.1), (0.2, 0.2, 1.5), (255, 0, 255))))
    assert studio.labels(one).depth[HEIGHT // 2, WIDTH // 2] == pytest.approx(4.0, abs=0.001)


def test_the_colours_come_back_after_the_labels(studio: Studio) -> None:
    one = camera(30.0, 2.0, (0.0, 0.0, 0.8))
    studio.stage(scene(cube(PLACES[1])))
    before = studio.colours(one)
    studio.labels(one)
    assert studio.colours(one).tobytes() == before.tobytes()


def test_a_board_before_the_camera_is_left_out(studio: Studio) -> None:
    made = scene()
    look = replace(made.look, board_sides=(False, False, True, False), board_m=3.0, board_height_m=1.6)
    one = camera(0.0, 0.0, (0.0, 0.0, 0.8))
    studio.stage(made)
    bare = studio.colours(one)
    studio.stage(replace(made, look=look))
    assert studio.colours(one).tobytes() == bare.tobytes()
    from_behind = camera(180.0, 0.0, (0.0, 0.0, 0.8))
    assert studio.labels(from_behind).depth[HEIGHT // 2, WIDTH // 2] == pytest.approx(7.0, abs=0.2)


def test_another_size_is_refused(studio: Studio) -> None:
    with pytest.raises(ValueError, match="a studio of 480x360 px takes no 480x300"):
        studio.colours(replace(camera(0.0, 0.0, (0.0, 0.0, 0.8)), height=300))


def test_a_shadow_falls_away_from_the_lamp() -> None:
    made = scene(box((-0.2, -0.2, 0.5), (0.2, 0.2, 1.0), (255, 0, 255)))
    lamp = replace(made.look.lamps[0], towards=np.array([0.6, 0.0, 0.8]))
    dark = replace(made, look=replace(made.look, shadow=0.9, lamps=(lamp, *made.look.lamps[1:])))
    lost = floor_picture(made).astype(int).sum(axis=2) - floor_picture(dark).astype(int).sum(axis=2)
    rows, columns = np.nonzero(lost > lost.max() / 2)
    assert (columns.mean() - 450) / 100 == pytest.approx(-0.56, abs=0.05)
    assert (450 - rows.mean()) / 100 == pytest.approx(0.0, abs=0.02)


def test_a_photo_is_the_same_bytes_again_and_a_jpeg_of_the_picture() -> None:
    look = look_draw(np.random.default_rng(4))
    pixels = np.full((60, 80, 3), 90, dtype=np.uint8)
    photo = photo_bytes(pixels, look)
    assert photo == photo_bytes(pixels, look)
    read = Image.open(BytesIO(photo))
    assert (read.format, read.size) == ("JPEG", (80, 60))
    assert np.array(read).mean() == pytest.approx(95 * look.gain, rel=0.15)
