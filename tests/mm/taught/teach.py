"""``python -m tests.mm.taught.teach pose|detector DATA FOLDER``: teaches a small network the photos by heart.

The networks are the packages' own configs made smaller, taught by their own runner, data sets, losses and metrics; the
checkpoint is what their own hook saves. A process of its own, because the runner leaves its registries set.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from inference.weights import config_find, weights_known
from tests.mm.taught.truth import coco_of, people

SEED: Final = 3
# Rounds over all people, and over all photos.
POSE_ROUNDS: Final = 260
DETECTOR_ROUNDS: Final = 260
SAID_EVERY: Final = 20
METER: Final = {"type": "PCKAccuracy", "thr": 0.1, "norm_item": "bbox"}


class Said(Hook):
    """One line a group of rounds."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def after_train_epoch(self, runner: Runner) -> None:
        if (runner.epoch + 1) % SAID_EVERY == 0:
            loss = runner.message_hub.get_scalar("train/loss").current()
            spent = time.perf_counter() - self._started
            print(f"round {runner.epoch + 1}/{runner.max_epochs}  loss {loss:.5f}  {spent:.0f} s", flush=True)  # noqa: T201


def lifters_of(labels: Path) -> Path:
    """The labels of the lifters' photos alone, beside those of all."""
    return labels.with_name(f"{labels.stem}-lifters.json")


def pose_config(data: Path, labels: Path) -> Config:
    """ViTPose-small's own config with three layers of half the width.

    Taught mirrored too, as the engine looks at everybody, and with boxes a little off, as the detector's are.
    """
    config = Config.fromfile(config_find(weights_known(None)["vitpose-s"].config))
    backbone, head = config.model.backbone, config.model.head
    backbone.arch = {"embed_dims": 192, "num_layers": 3, "num_heads": 6, "feedforward_channels": 768}
    backbone.drop_path_rate = 0.0
    backbone.init_cfg = None
    head.in_channels = 192
    head.deconv_out_channels = (64, 64)
    jitter = {"type": "RandomBBoxTransform", "shift_factor": 0.02, "shift_prob": 1.0, "rotate_prob": 0.0}
    kept = ("LoadImage", "GetBBoxCenterScale", "RandomFlip", "TopdownAffine", "GenerateTarget", "PackPoseInputs")
    steps = [step for step in config.train_pipeline if step.type in kept]
    steps.insert(3, jitter | {"scale_factor": (0.95, 1.05)})
    common = {"type": "CocoDataset", "data_root": "", "data_mode": "topdown", "ann_file": str(labels)}
    common["data_prefix"] = {"img": f"{data}/"}
    config.train_dataloader = _loader({**common, "pipeline": steps}, 7, shuffle=True)
    config.val_dataloader = _loader({**common, "pipeline": config.val_pipeline, "test_mode": True}, 13)
    config.val_evaluator = METER
    _taught_by(config, POSE_ROUNDS, lr=1.5e-3)
    return config


def detector_config(data: Path, labels: Path) -> Config:
    """RTMDet-nano's own config for people, of half its width, taught its test pipeline's pictures."""
    config = Config.fromfile(config_find(weights_known(None)["rtmdet-nano-person"].config))
    for part in (config.model.backbone, config.model.neck, config.model.bbox_head):
        part.norm_cfg = {"type": "BN"}
        # Depthwise convolutions are slow to teach on a processor.
        part.use_depthwise = False
    config.model.backbone.update(widen_factor=0.125, deepen_factor=0.167)
    config.model.neck.update(in_channels=[32, 64, 128], out_channels=32)
    config.model.bbox_head.update(in_channels=32, feat_channels=32)
    config.model.backbone.init_cfg = None
    config.custom_hooks = []
    steps = list(config.test_pipeline)
    steps.insert(1, {"type": "LoadAnnotations", "with_bbox": True})
    common = {"type": "CocoDataset", "data_root": "", "ann_file": str(labels), "data_prefix": {"img": f"{data}/"}}
    common["metainfo"] = {"classes": ("person",)}
    # The lifters twice as often as everybody else: of them every one is to be found.
    lessons = [{**common, "pipeline": steps, "ann_file": str(one)} for one in (labels, lifters_of(labels))]
    config.train_dataloader = _loader({"type": "ConcatDataset", "datasets": lessons}, 6, shuffle=True)
    # mmdet's meter wants the labels in px of the photo: read after the photo was made smaller.
    measured = list(config.test_pipeline)
    measured.insert(2, {"type": "LoadAnnotations", "with_bbox": True})
    config.val_dataloader = _loader({**common, "pipeline": measured, "test_mode": True}, 6)
    config.val_evaluator = {"type": "VOCMetric", "iou_thrs": 0.6, "metric": "mAP"}
    _taught_by(config, DETECTOR_ROUNDS, lr=4e-3)
    return config


def _loader(dataset: dict[str, Any], batch: int, *, shuffle: bool = False) -> dict[str, Any]:
    sampler = {"type": "DefaultSampler", "shuffle": shuffle}
    return {"batch_size": batch, "num_workers": 0, "persistent_workers": False, "sampler": sampler, "dataset": dataset}


def _taught_by(config: Config, rounds: int, *, lr: float) -> None:
    """AdamW, a short warm-up and a cosine down to nothing; measured once, at the end."""
    config.test_dataloader, config.test_evaluator = config.val_dataloader, config.val_evaluator
    config.train_cfg = {"type": "EpochBasedTrainLoop", "max_epochs": rounds, "val_interval": rounds}
    config.val_cfg, config.test_cfg = {"type": "ValLoop"}, {"type": "TestLoop"}
    config.optim_wrapper = {
        "type": "OptimWrapper",
        "optimizer": {"type": "AdamW", "lr": lr, "weight_decay": 0.01},
        "clip_grad": {"max_norm": 1.0},
    }
    config.param_scheduler = [
        {"type": "LinearLR", "begin": 0, "end": 20, "start_factor": 0.01, "by_epoch": False},
        {"type": "CosineAnnealingLR", "begin": 5, "end": rounds, "by_epoch": True, "convert_to_iter_based": True},
    ]
    config.default_hooks.checkpoint = {"type": "CheckpointHook", "interval": rounds, "save_optimizer": False}
    config.default_hooks.logger.interval = 10_000
    config.visualizer = {"type": "Visualizer", "vis_backends": []}
    config.randomness = {"seed": SEED}
    config.load_from, config.resume, config.log_level = None, False, "WARNING"
    config.auto_scale_lr = None


def teach(kind: str, data: Path, folder: Path) -> None:
    """Leaves FOLDER/<kind>.pth, as the package's hook saved it, and FOLDER/<kind>.json: seconds and the metric."""
    labels = folder / f"{kind}-labels.json"
    some = [person for person in people(data) if person.labelled or kind == "detector"]
    labels.write_text(json.dumps(coco_of(some)), encoding="utf-8")
    gold = {person.photo for person in some if person.is_gold}
    of_lifters = coco_of([person for person in some if person.photo in gold])
    lifters_of(labels).write_text(json.dumps(of_lifters), encoding="utf-8")
    config = (pose_config if kind == "pose" else detector_config)(data, labels)
    config.work_dir = str(folder / f"{kind}-work")
    runner = Runner.from_cfg(config)
    runner.register_hook(Said())
    started = time.perf_counter()
    runner.train()
    measured: dict[str, Any] = {"teaching_s": round(time.perf_counter() - started, 1)}
    measured |= {name: float(value) for name, value in runner.val_loop.run().items()}
    checkpoint = next(Path(config.work_dir).glob("epoch_*.pth"))
    checkpoint.replace(folder / f"{kind}.pth")
    (folder / f"{kind}.json").write_text(json.dumps(measured), encoding="utf-8")
    print(kind, measured, flush=True)  # noqa: T201


if __name__ == "__main__":
    teach(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
