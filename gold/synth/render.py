"""A scene's picture and who is seen in it, rendered off screen by VTK; no display and no GPU needed."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyvista
from PIL import Image, ImageDraw, ImageFilter
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkFloatArray, vtkLogger, vtkUnsignedCharArray

from gold.synth import body, props
from gold.synth.body import Figure
from gold.synth.look import Look
from gold.synth.optics import Camera
from gold.synth.props import Solid
from gold.synth.scene import Scene
from gold.synth.seen import NEAR_M, NOBODY, Labels
from gold.truth import Role, Truth
from judging.pose import FloatArray, Joint

ByteArray = npt.NDArray[np.uint8]

# The lens sees from NEAR_M to here, m.
FAR_M: Final = 40.0
# The floor near the scene is a picture of its own: shadows lie in it. Side and grain, m.
FLOOR_M: Final = 9.0
FLOOR_GRAIN_M: Final = 0.01
SHADOW_BLUR_PX: Final = 3.0
# A camera's own exposure: the mean it aims at, of 255, and how far it turns the light up or down for it.
EXPOSED: Final = 95.0
EXPOSURE_RANGE: Final = (0.8, 1.9)
# From here up a bright place comes out less bright than it is, so that skin keeps its shape.
SHOULDER: Final = 170.0


class Studio:
    """A renderer kept from scene to scene: opening one takes longer than a picture.

    stage() puts a scene up; colours() and labels() then look at it through any camera of the studio's size.
    """

    def __init__(self, width: int, height: int) -> None:
        # VTK reports on standard error that there is no display, which is as it should be.
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        self._width, self._height = width, height
        self._plotter = pyvista.Plotter(off_screen=True, window_size=(width, height), lighting="none")
        self._plotter.enable_anti_aliasing("ssaa")
        self._smoothing = self._plotter.renderer.GetPass()
        self._people: list[tuple[Figure, Any]] = []
        self._things: list[Any] = []
        self._boards: list[tuple[FloatArray, float, Any]] = []
        self._plotter.show(auto_close=False, interactive=False)

    def close(self) -> None:
        self._plotter.close()

    def stage(self, scene: Scene) -> None:
        """Puts up a scene in place of the last one."""
        plotter, look = self._plotter, scene.look
        plotter.renderer.RemoveAllViewProps()
        plotter.renderer.remove_all_lights()
        for lamp in look.lamps:
            light = pyvista.Light(
                position=tuple(20 * lamp.towards), focal_point=(0, 0, 0), light_type="scene light", color=lamp.colour
            )
            light.intensity = lamp.strength
            plotter.add_light(light)
        plotter.set_background([part / 255 for part in look.wall])
        self._things = [
            self._solids([one for one in scene.solids if one.metal], look, metal=True),
            self._solids([*(one for one in scene.solids if not one.metal), *_room(look)], look, metal=False),
            self._floor(scene),
        ]
        self._boards = []
        for quarter, shown in enumerate(look.board_sides):
            if shown and look.board_m > 0:
                row = props.boards(look.board_m, -look.board_m, look.board_m, look.board_height_m, look.boards)
                normal = np.array([(0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0)][quarter])
                actor = self._solids([props.turned(one, quarter) for one in row], look, metal=False)
                self._boards.append((normal, look.board_m, actor))
        self._people = [(figure, self._figure(figure, look)) for figure in scene.people]

    def colours(self, camera: Camera) -> ByteArray:
        """The photo before the camera's own grain: array (height, width, 3)."""
        self._aim(camera)
        self._plotter.renderer.SetPass(self._smoothing)
        self._plotter.render_window.Render()
        return self._pixels()

    def labels(self, camera: Camera) -> Labels:
        """Who is seen where, and how far away."""
        self._aim(camera)
        renderer = self._plotter.renderer
        renderer.SetPass(None)
        actors = [*self._things, *(actor for _, _, actor in self._boards), *(actor for _, actor in self._people)]
        labels = [NOBODY] * (len(actors) - len(self._people)) + list(range(1, len(self._people) + 1))
        kept = []
        for actor, label in zip(actors, labels, strict=True):
            prop, mapper = actor.GetProperty(), actor.GetMapper()
            kept.append((prop.GetLighting(), prop.GetColor(), mapper.GetScalarVisibility(), actor.GetTexture()))
            prop.SetLighting(False)
            prop.SetColor(label * _LABEL_STEP / 255, 0.0, 0.0)
            mapper.SetScalarVisibility(False)
            actor.SetTexture(None)
        background = renderer.GetBackground()
        renderer.SetBackground(0.0, 0.0, 0.0)
        self._plotter.render_window.Render()
        person = np.rint(self._pixels()[:, :, 0] / _LABEL_STEP).astype(np.int64)
        depth = self._depth()
        renderer.SetBackground(*background)
        for actor, (lighting, colour, scalars, texture) in zip(actors, kept, strict=True):
            actor.GetProperty().SetLighting(lighting)
            actor.GetProperty().SetColor(colour)
            actor.GetMapper().SetScalarVisibility(scalars)
            actor.SetTexture(texture)
        return Labels(person, depth)

    def _aim(self, camera: Camera) -> None:
        if (camera.width, camera.height) != (self._width, self._height):
            raise ValueError(f"a studio of {self._width}x{self._height} px takes no {camera.width}x{camera.height}")
        view = self._plotter.renderer.GetActiveCamera()
        view.SetPosition(*camera.eye)
        view.SetFocalPoint(*(camera.eye + camera.forward))
        view.SetViewUp(*camera.up)
        view.SetViewAngle(camera.upright_fov_deg)
        view.SetClippingRange(NEAR_M, FAR_M)
        for normal, side_m, actor in self._boards:
            # A board between the camera and the scene is left out, as a photographer would step past it.
            actor.SetVisibility(bool(normal @ camera.eye[:2] < side_m - 0.2))

    def _pixels(self) -> ByteArray:
        data = vtkUnsignedCharArray()
        self._plotter.render_window.GetPixelData(0, 0, self._width - 1, self._height - 1, 0, data, 0)
        pixels: ByteArray = vtk_to_numpy(data).reshape(self._height, self._width, 3)[::-1]
        return pixels.copy()

    def _depth(self) -> FloatArray:
        data = vtkFloatArray()
        self._plotter.render_window.GetZbufferData(0, 0, self._width - 1, self._height - 1, data)
        stored = vtk_to_numpy(data).reshape(self._height, self._width)[::-1].astype(np.float64)
        depth: FloatArray = 2 * NEAR_M * FAR_M / (FAR_M + NEAR_M - (2 * stored - 1) * (FAR_M - NEAR_M))
        return depth

    def _add(self, mesh: Any, look: Look, **how: Any) -> Any:
        return self._plotter.add_mesh(
            mesh, render=False, reset_camera=False, show_scalar_bar=False, ambient=look.ambient, **how
        )

    def _figure(self, figure: Figure, look: Look) -> Any:
        mesh = _mesh(figure.vertices, body.faces())
        mesh.point_data["rgb"] = figure.colours
        return self._add(
            mesh, look, scalars="rgb", rgb=True, smooth_shading=True, diffuse=0.85, specular=0.06, specular_power=12
        )

    def _solids(self, solids: Sequence[Solid], look: Look, *, metal: bool) -> Any:
        starts = np.cumsum([0, *(len(one.vertices) for one in solids[:-1])])
        mesh = _mesh(
            np.concatenate([one.vertices for one in solids]),
            np.concatenate([one.faces + start for one, start in zip(solids, starts, strict=True)]),
        )
        mesh.cell_data["rgb"] = np.repeat(
            np.array([one.colour for one in solids], dtype=np.uint8), [len(one.faces) for one in solids], axis=0
        )
        shine = {"specular": 0.5, "specular_power": 25} if metal else {"specular": 0.05, "specular_power": 10}
        return self._add(mesh, look, scalars="rgb", rgb=True, smooth_shading=False, diffuse=0.85, **shine)

    def _floor(self, scene: Scene) -> Any:
        plane = pyvista.Plane(center=(0, 0, 0), direction=(0, 0, 1), i_size=FLOOR_M, j_size=FLOOR_M)
        texture = pyvista.Texture(floor_picture(scene))
        return self._add(plane, scene.look, texture=texture, diffuse=0.85)


# Persons' labels lie this far apart in the red of the label picture.
_LABEL_STEP: Final = 20


def _mesh(vertices: FloatArray, faces: props.IntArray) -> Any:
    return pyvista.PolyData.from_regular_faces(np.ascontiguousarray(vertices, dtype=np.float32), faces)


def floor_picture(scene: Scene) -> ByteArray:
    """The floor from above, platform and shadows on it: array (n, n, 3), its first row at the greatest y."""
    look = scene.look
    count = round(FLOOR_M / FLOOR_GRAIN_M)
    image = Image.new("RGB", (count, count), look.floor)
    draw = ImageDraw.Draw(image)
    half = props.PLATFORM_M / 2
    for reach_x, reach_y, colour in (
        (half + 0.04, half + 0.04, (30, 30, 30)),
        (half, half, look.platform),
        (0.62 * half, half, look.insert),
    ):
        draw.rectangle([*_floor_px(-reach_x, reach_y), *_floor_px(reach_x, -reach_y)], fill=colour)
    key = look.lamps[0].towards
    shade = Image.new("L", (count, count), 0)
    shade_draw = ImageDraw.Draw(shade)
    for solid in scene.solids:
        for corners in _dropped(solid.vertices, key)[solid.faces]:
            shade_draw.polygon([_floor_px(x, y) for x, y in corners], fill=255)
    dark = np.array(shade)
    for figure in scene.people:
        corners = figure.vertices[body.faces()]
        for points in (figure.vertices, corners.mean(axis=1), (corners[:, 0] + corners[:, 1]) / 2):
            columns, rows = (np.rint(axis).astype(np.int64) for axis in _floor_px(*_dropped(points, key).T))
            inside = (columns >= 0) & (columns < count) & (rows >= 0) & (rows < count)
            dark[rows[inside], columns[inside]] = 255
    soft = np.array(Image.fromarray(dark).filter(ImageFilter.GaussianBlur(SHADOW_BLUR_PX)), dtype=np.float64) / 255
    lit = np.array(image, dtype=np.float64) * (1 - look.shadow * np.minimum(1.0, 1.5 * soft))[:, :, None]
    return np.rint(lit).astype(np.uint8)


def _floor_px(x: Any, y: Any) -> tuple[Any, Any]:
    return (FLOOR_M / 2 + x) / FLOOR_GRAIN_M, (FLOOR_M / 2 - y) / FLOOR_GRAIN_M


def _dropped(points: FloatArray, towards: FloatArray) -> FloatArray:
    """Where points (n, 3) throw their shadows on the floor, float array (n, 2)."""
    shadow: FloatArray = points[:, :2] - points[:, 2:] * towards[:2] / towards[2]
    return shadow


def _room(look: Look) -> tuple[Solid, ...]:
    """Walls with banners, and the floor beyond the picture of it."""
    far, high = look.room_m, 6.0
    solids = [props.box((-far - 1, -far - 1, -0.05), (far + 1, far + 1, -0.01), look.floor)]
    for quarter in range(4):
        solids.append(props.turned(props.box((-far, far, -0.02), (far, far + 0.1, high), look.wall), quarter))
    for number, one in enumerate(look.banners):
        # Each a little before the last, so that no two share a plane.
        near = far - 0.02 * (number + 1)
        panel = props.box((one.from_m, near, one.low_m), (one.to_m, near + 0.01, one.high_m), one.colour)
        solids.append(props.turned(panel, one.wall))
    solids.append(props.box((-far, -far, high), (far, far, high + 0.1), (150, 150, 150)))
    return tuple(solids)


def photo_bytes(pixels: ByteArray, look: Look) -> bytes:
    """The JPEG file: the picture (height, width, 3) as this look's camera would have taken it."""
    image = Image.fromarray(pixels)
    if look.blur_px > 0.2:
        image = image.filter(ImageFilter.GaussianBlur(look.blur_px))
    rng = np.random.default_rng(look.picture_seed)
    light = np.array(image, dtype=np.float32)
    gain = np.clip(EXPOSED * look.gain / max(1.0, float(light.mean())), *EXPOSURE_RANGE)
    light *= np.float32(gain) * np.array(look.tint, dtype=np.float32)
    high = np.float32(255.0 - SHOULDER)
    light = np.where(light > SHOULDER, SHOULDER + high * (1 - np.exp((SHOULDER - light) / high)), light)
    light += np.float32(look.noise) * rng.standard_normal(light.shape, dtype=np.float32)
    done = Image.fromarray(np.clip(np.rint(light), 0, 255).astype(np.uint8))
    out = BytesIO()
    done.save(out, format="JPEG", quality=look.quality, optimize=False)
    return out.getvalue()


# Pairs of joints that the overlay joins.
_LIMBS: Final = tuple(
    (Joint[f"{side}_{a}"], Joint[f"{side}_{b}"])
    for side in ("LEFT", "RIGHT")
    for a, b in (("SHOULDER", "ELBOW"), ("ELBOW", "WRIST"), ("SHOULDER", "HIP"), ("HIP", "KNEE"), ("KNEE", "ANKLE"))
)


def overlay(photo: bytes, truth: Truth) -> Image.Image:
    """The photo, a JPEG file, with every person's true joints in it: seen ones filled, hidden ones as rings."""
    image = Image.open(BytesIO(photo))
    draw = ImageDraw.Draw(image)
    for person in truth.people:
        colour = (0, 255, 120) if person.role is Role.LIFTER else (255, 170, 0)
        for a, b in _LIMBS:
            draw.line([*person.joints_px[a], *person.joints_px[b]], fill=colour, width=1)
        for (x, y), seen in zip(person.joints_px, person.visible, strict=True):
            draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=colour if seen else None, outline=colour, width=1)
    return image


def surfaces_draw(image: Image.Image, truth: Truth, camera: Camera) -> None:
    """Draws the lifter's surfaces into the picture: at each joint, a short level line at its surface's height."""
    lifter = truth.lifter
    draw = ImageDraw.Draw(image)
    for side, one in truth.sides.items():
        for part, height_cm, colour in (
            ("elbow", one.elbow_underside_cm, (255, 60, 60)),
            ("shoulder", one.shoulder_top_cm, (255, 60, 60)),
            ("hip", one.hip_crease_cm, (255, 240, 60)),
            ("knee", one.knee_top_cm, (255, 240, 60)),
        ):
            if lifter is None:
                return
            x, y, _ = lifter.joints_cm[side.joint(part)] / 100
            reach = 0.07 * camera.right * (1.0, 1.0, 0.0)
            ends = np.array([x, y, height_cm / 100]) + np.array([[-1.0], [1.0]]) * reach
            draw.line([tuple(place) for place in camera.project(ends)], fill=colour, width=2)
