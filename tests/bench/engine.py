"""``make bench-engine``: our mmdet and ViTPose engine against mmpose's own inferencer, in one run.

The same random weights, the same 40 photos and in each the same one to six people: both engines run detector and pose
model in full, and then both are given these boxes for what the detector found, because a random one finds nothing that
two engines would agree on. All people stand, so each is looked at once, with its flip, by both.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import logging
import os
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from inference.engines.base import Shot
from inference.engines.mm_detector import Detector
from inference.engines.mm_pose import PoseModel
from inference.engines.mmpose import CROPS_OF, MMPoseEngine
from inference.engines.torch_device import device_pick
from inference.images import photo_decode
from inference.weights import config_find
from tests.mm.models import published, random_detector, random_pose

DATA = Path(os.environ.get("LIFT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
PHOTOS, MOST_PEOPLE = 40, 6
POSE, DETECTOR = "vitpose-s", "rtmdet-m-person"
# GFLOP of one forward pass: a crop through ViTPose-S, a square of 640 px through RTMDet-m (two per multiply and add).
GFLOP_CROP, GFLOP_PHOTO = 11.2, 78.5


def out(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def shots() -> list[Shot]:
    """The photos with several people first, then lifts in the order of their labels."""
    with (DATA / "lifts" / "labels.csv").open(newline="", encoding="utf-8") as file:
        lifts = [DATA / "lifts" / "photos" / row["file"] for row in csv.DictReader(file)]
    paths = [*sorted((DATA / "people").glob("*.jpg")), *lifts][:PHOTOS]
    return [Shot(photo_decode(path.read_bytes()).rgb, path.name) for path in paths]


def boxes(shot: Shot, people: int) -> Any:
    """So many standing boxes side by side, float32 tensor (n, 4)."""
    height, width = shot.rgb.shape[:2]
    wide = width / MOST_PEOPLE
    tall = min(0.9 * height, 2.4 * wide)
    left = torch.arange(people) * wide
    return torch.stack(
        [
            left + 0.05 * wide,
            torch.full_like(left, 0.05 * height),
            left + 0.95 * wide,
            torch.full_like(left, 0.05 * height) + tall,
        ],
        dim=1,
    )


class Given:
    """Lets a detector do all its work, and then gives each photo its boxes, in the order of the photos."""

    def __init__(self, detector: Any, every: list[Any]) -> None:
        self._own, self._every, self.next = detector.bbox_head.predict_by_feat, every, 0
        detector.bbox_head.predict_by_feat = self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from mmengine.structures import InstanceData

        answers = []
        for _ in self._own(*args, **kwargs):
            given = self._every[self.next % len(self._every)]
            self.next += 1
            answers.append(
                InstanceData(bboxes=given, scores=torch.full((len(given),), 0.9), labels=torch.zeros(len(given)).long())
            )
        return answers


class Peak:
    """The most memory this process held while ``watched``, MB (10^6 bytes): the processor's, or the card's."""

    def __init__(self, device: Any) -> None:
        self._device, self.mb = device, 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,))
        self.mb = 0.0
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _watch(self, over: threading.Event) -> None:
        process = psutil.Process()
        while not over.wait(0.02):
            on_card = self._device.type == "cuda"
            now = torch.cuda.max_memory_allocated() if on_card else process.memory_info().rss
            self.mb = max(self.mb, now / 1e6)


def timed(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def inferencer(folder: Path, given: list[Any], device: str) -> Any:
    """mmpose's own, with the same weights as files in the packages' format."""
    from mmpose.apis import MMPoseInferencer

    files = {}
    for name, (model, _) in ((POSE, random_pose(POSE)), (DETECTOR, random_detector(DETECTOR))):
        files[name] = folder / f"{name}.pth"
        meta = {"dataset_meta": {"classes": ("person",)}} if name == DETECTOR else {}
        torch.save({"state_dict": model.state_dict(), "meta": meta}, files[name])
    theirs = MMPoseInferencer(
        pose2d=str(config_find(published(POSE).config)),
        pose2d_weights=str(files[POSE]),
        det_model=str(config_find(published(DETECTOR).config)),
        det_weights=str(files[DETECTOR]),
        det_cat_ids=[0],
        device=device,
        show_progress=False,
    )
    Given(theirs.inferencer.detector.model, given)
    return theirs


def theirs_row(photos: list[Shot], given: list[Any], device: Any, folder: Path) -> dict[str, Any]:
    with contextlib.redirect_stdout(io.StringIO()):
        engine = inferencer(folder, given, str(device))
    inputs = [np.ascontiguousarray(shot.rgb[:, :, ::-1]) for shot in photos]
    peak, seen = Peak(device), 0

    def run() -> None:
        nonlocal seen
        for answer in engine(inputs, batch_size=16):
            seen += len(answer["predictions"][0])

    with peak.watched():
        seconds = timed(run)
    return {"engine": "MMPoseInferencer", "batch": 16, "dtype": "float32", "people": seen, "s": seconds, "mb": peak.mb}


class Forwards:
    """The time inside the two models alone."""

    def __init__(self, detector: Detector, pose: PoseModel) -> None:
        self.s = 0.0
        for owner, name in ((detector, "raw"), (pose, "_heatmaps")):
            setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, forward: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def counted(images: Any) -> Any:
            answer = None

            def run() -> None:
                nonlocal answer
                answer = forward(images)

            self.s += timed(run)
            return answer

        return counted


def ours_row(photos: list[Shot], given: list[Any], device: Any, dtype: str, batch: int) -> dict[str, Any]:
    device, kind = device_pick(str(device), dtype)
    model, config = random_detector(DETECTOR)
    Given(model, given)
    detector = Detector(model, config, DETECTOR, device=device, dtype=kind)
    pose = PoseModel(*random_pose(POSE), POSE, device=device, dtype=kind)
    engine = MMPoseEngine(detector, pose, name="ours", weights_sha256="", photos=batch, crops=CROPS_OF[device.type])
    forwards, peak = Forwards(detector, pose), Peak(device)
    answers: list[Any] = []

    def run() -> None:
        for first in range(0, len(photos), batch):
            answers.extend(engine.people(photos[first : first + batch]))

    with peak.watched():
        seconds = timed(run)
    # All that went through the model: random joints of two people may coincide, and then count as one.
    people = sum(map(len, given))
    row = {"engine": "ours", "batch": batch, "dtype": dtype, "people": people, "s": seconds, "mb": peak.mb}
    return row | {"forwards_s": forwards.s, "overhead": seconds / forwards.s - 1}


def line(row: dict[str, Any], base: float) -> None:
    rate = row["people"] / row["s"]
    overhead = f"{100 * row['overhead']:6.1f} %" if "overhead" in row else "       –"
    out(
        f"{row['engine']:17} {row['dtype']:9} {row['batch']:5d} {row['people']:7d} {row['s']:8.1f} {rate:10.2f} "
        f"{rate / base:8.2f} {overhead} {row['mb']:8.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-engine")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    as_json = parser.parse_args().json
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    if not (DATA / "lifts" / "labels.csv").is_file():
        out(f"The bench needs the real photos, and there are none at {DATA}: set LIFT_DATA.")
        raise SystemExit(1)
    photos = shots()
    given = [boxes(shot, 1 + index % MOST_PEOPLE) for index, shot in enumerate(photos)]
    device, _ = device_pick("auto", "float32")
    out(f"{len(photos)} photos, {sum(map(len, given))} people · {POSE} with flips, {DETECTOR} · {processor(device)}")
    out("engine            dtype     batch  people  seconds  persons/s  to base  overhead  peak MB")
    with tempfile.TemporaryDirectory() as folder:
        rows = [theirs_row(photos, given, device, Path(folder))]
        base = rows[0]["people"] / rows[0]["s"]
        line(rows[0], base)
        for dtype, batch, some in [("float32", 1, 40), ("float32", 4, 40), ("float32", 16, 40), ("bfloat16", 4, 4)]:
            rows.append(ours_row(photos[:some], given[:some], device, dtype, batch))
            line(rows[-1], base)
    out("overhead: of the whole engine over the bare forward passes of its two models")
    roofline(rows)
    if as_json:
        out(json.dumps(report(rows, processor(device))))


def processor(device: Any) -> str:
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    for text in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if text.startswith("model name"):
            return f"{text.partition(':')[2].strip()}, {torch.get_num_threads()} threads"
    return "unknown processor"


def roofline(rows: list[dict[str, Any]]) -> None:
    """The same work at the speed of one large matrix product of this device."""
    device, _ = device_pick("auto", "float32")
    a = torch.randn(2048, 2048, device=device)
    gflops = 2 * 2048**3 / min(timed(lambda: a @ a) for _ in range(5)) / 1e9
    best = next(row for row in rows if row["engine"] == "ours" and row["batch"] == 16)
    work = PHOTOS * GFLOP_PHOTO + best["people"] * 2 * GFLOP_CROP
    out(
        f"roofline: {gflops:.0f} GFLOP/s in float32 (a matrix product); {work:.0f} GFLOP of models would take "
        f"{work / gflops:.1f} s, {best['people'] * gflops / work:.2f} persons/s"
    )
    best["roofline_persons_per_s"] = best["people"] * gflops / work


def report(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    ours = {f"{row['dtype']}-{row['batch']}": row for row in rows if row["engine"] == "ours"}
    rate = {key: round(row["people"] / row["s"], 3) for key, row in ours.items()}
    base = round(rows[0]["people"] / rows[0]["s"], 3)
    return {
        "processor": name,
        "persons_per_s": {"MMPoseInferencer": {"float32-16": base}, "ours": rate},
        "ratio_16": round(rate["float32-16"] / base, 3),
        "overhead_16": round(ours["float32-16"]["overhead"], 4),
        "peak_mb": {"MMPoseInferencer": round(rows[0]["mb"])} | {key: round(row["mb"]) for key, row in ours.items()},
        "roofline_persons_per_s": round(ours["float32-16"]["roofline_persons_per_s"], 3),
    }


if __name__ == "__main__":
    main()
