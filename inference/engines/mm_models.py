"""mmdet's and mmpose's models, built from their packages' own configs and loaded strictly from the weights' store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference.weights import ReadyWeights, WeightsError, config_find, config_model, config_read
from judging.pose import JOINT_COUNT, Joint


def model_build(weights: ReadyWeights, *, device: Any = "cpu") -> Any:
    """The model of these weights, loaded, in evaluation mode, float32; on ``meta`` for its shapes alone.

    Raises WeightsError naming what does not fit: a config without a part, a parameter missing, too many, or of
    another shape, joints other than COCO's 17.
    """
    config = config_of(weights)
    model = model_empty(weights.name, weights.kind, config, device=device)
    if weights.kind == "pose":
        joints_require(weights, config)
    state_load(model, weights)
    return model


def config_of(weights: ReadyWeights) -> dict[str, Any]:
    """The config with its bases: from the packages (``mmpose::…``), or an own one read as data, never run."""
    path = config_find(weights.config)
    if "::" not in weights.config:
        return config_read(path.read_text(encoding="utf-8"))
    from mmengine.config import Config

    return dict(Config.fromfile(path).to_dict())


def model_empty(name: str, kind: str, config: Mapping[str, Any], *, device: Any = "cpu") -> Any:
    """The config's model without its weights; nothing is downloaded for it, whatever the config says."""
    import torch
    from mmengine.config import ConfigDict
    from mmengine.model import revert_sync_batchnorm
    from mmengine.registry import DefaultScope

    model = _current(config_model(dict(config)))
    if kind == "pose":
        import mmpose.models  # noqa: F401 - registers the parts
        from mmpose.registry import MODELS

        scope = "mmpose"
    else:
        import mmdet.models  # noqa: F401
        from mmdet.registry import MODELS

        scope = "mmdet"
    for part in ("type", "backbone", "head" if kind == "pose" else "bbox_head", "data_preprocessor"):
        need(model, part, f"{name}: model")
    try:
        with DefaultScope.overwrite_default_scope(scope), torch.device(device):
            built = MODELS.build(ConfigDict(model))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise WeightsError(f"No model can be built from the config of {name}: {error}") from error
    return revert_sync_batchnorm(built).eval()


def _current(model: dict[str, Any]) -> dict[str, Any]:
    """The model with today's words: mmpose 1.3.2's Human-Art configs of ViTPose-L and -H still ask for the feature map
    in mmcls's way, which mmpretrain's VisionTransformer no longer takes."""
    backbone = model.get("backbone")
    if not isinstance(backbone, dict) or backbone.get("output_cls_token") is not False:
        return model
    rest = {key: value for key, value in backbone.items() if key != "output_cls_token"}
    return {**model, "backbone": {"out_type": "featmap", **rest}}


def need(config: Mapping[str, Any], key: str, where: str) -> Any:
    """The value of that key. Raises WeightsError when the config lacks it."""
    if key not in config:
        raise WeightsError(f"The config of {where} lacks {key!r}.")
    return config[key]


def joints_require(weights: ReadyWeights, config: Mapping[str, Any]) -> None:
    """Refuses a pose model of other joints than COCO's 17 in COCO's order."""
    outputs = need(
        need(need(config, "model", weights.name), "head", f"{weights.name}: model"),
        "out_channels",
        f"{weights.name}: model.head",
    )
    if outputs != JOINT_COUNT:
        raise WeightsError(f"{weights.name} has {outputs} joints; COCO's {JOINT_COUNT} are needed.")
    names = weights.meta.get("keypoints")
    if names and [str(one) for one in names] != [joint.name.lower() for joint in Joint]:
        raise WeightsError(f"The joints of {weights.name} are not COCO's 17: {', '.join(map(str, names))}.")


def state_load(model: Any, weights: ReadyWeights) -> None:
    """Loads the file's parameters into the model, every one and no other."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(str(weights.safetensors))
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"The file of {weights.name} cannot be read ({error}): convert it again.") from error
    state_require(weights.name, {key: tuple(value.shape) for key, value in model.state_dict().items()}, state)
    model.load_state_dict(state, strict=True, assign=any(one.is_meta for one in model.parameters()))


def state_require(name: str, wanted: Mapping[str, Sequence[int]], state: Mapping[str, Any]) -> None:
    """Raises WeightsError naming the first parameters that are missing, too many, or of another shape."""
    missing, extra = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    if missing:
        raise WeightsError(f"{name} lacks {_some(missing)}: these are not the weights of this model.")
    if extra:
        raise WeightsError(f"{name} holds {_some(extra)}, which this model does not have.")
    for key, shape in wanted.items():
        if tuple(state[key].shape) != tuple(shape):
            raise WeightsError(f"{name}: {key} has shape {tuple(state[key].shape)}; {tuple(shape)} is needed.")


def _some(keys: Sequence[str]) -> str:
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
