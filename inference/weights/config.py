"""A model's config as data. mmengine's own reader runs a config as Python; one out of a checkpoint must not be run.

Nor is data enough: mmengine's registries import whatever dotted path stands under ``type`` and call it, and
``init_cfg`` downloads pickles. ``config_read`` refuses the one, ``config_model`` drops the other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from inference.weights.base import WeightsError

# A dump of the largest config in mmpose's zoo has 30 kB.
MOST_CHARACTERS: Final = 1_000_000
_CALLS: Final[dict[str, Callable[[Any], Any]]] = {"list": list, "tuple": tuple}
# A registered class, of a named package or of the default one. A longer path would be imported, whatever it is; and of
# what the packages hold unregistered, the inferencers load checkpoints from addresses.
_TYPE: Final = re.compile(r"(?:[A-Za-z_]\w*|(?:mmpose|mmdet|mmpretrain|mmcls)\.[A-Z]\w*(?<!Inferencer))")
# Keys whose only use is to load other files before the weights are in.
_LOADERS: Final = frozenset({"init_cfg", "pretrained", "checkpoint", "load_from", "teacher_ckpt", "custom_imports"})


def config_read(text: str) -> dict[str, Any]:
    """The top-level assignments of a flattened config: literals, ``dict(…)``, ``list(…)`` and ``tuple(…)`` alone.

    Nothing is run. Raises WeightsError, with the line, for anything else that stands there.
    """
    if len(text) > MOST_CHARACTERS:
        raise WeightsError(f"The config has {len(text)} characters; more than {MOST_CHARACTERS} is no model's config.")
    config: dict[str, Any] = {}
    try:
        for statement in ast.parse(text).body:
            name, value = _assignment(statement)
            config[name] = _value(value)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise WeightsError(f"The config is not the text of a config{where}: {error}.") from error
    return config


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr]:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        raise _refused(statement, "only `name = value` may stand at the top")
    target = statement.targets[0]
    if not isinstance(target, ast.Name):
        raise _refused(statement, "only `name = value` may stand at the top")
    if target.id == "_base_":
        raise _refused(statement, "it builds on another config; save it flat, as `Config.dump` of mmengine does")
    return target.id, statement.value


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and not isinstance(node.value, (bytes, type(...))):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        if isinstance(number, (int, float)) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return _dict(node, [(_key(key, node), value) for key, value in zip(node.keys, node.values, strict=True)])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node, node.func.id)
    raise _refused(node, f"`{_shown(node)}` is neither a literal nor dict(), list() or tuple()")


def _call(node: ast.Call, name: str) -> Any:
    if name == "dict" and not node.args and all(each.arg is not None for each in node.keywords):
        return _dict(node, [(str(each.arg), each.value) for each in node.keywords])
    if name in _CALLS and not node.keywords and len(node.args) <= 1:
        if not node.args:
            return _CALLS[name](())
        if isinstance(node.args[0], (ast.List, ast.Tuple)):
            return _CALLS[name](_value(node.args[0]))
    raise _refused(node, f"`{_shown(node)}` may not be called")


def _key(key: ast.expr | None, node: ast.Dict) -> str | int | float | bool | None:
    if isinstance(key, (ast.Constant, ast.UnaryOp)):
        value = _value(key)
        if value is None or isinstance(value, (str, int, float)):
            return value
    raise _refused(key or node, "a key is no literal")


def _dict(node: ast.expr, items: list[tuple[Any, ast.expr]]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, value in items:
        if key in result:
            raise _refused(value, f"the key {key!r} stands there twice")
        result[key] = _value(value)
    kind = result.get("type")
    if isinstance(kind, str) and not _TYPE.fullmatch(kind):
        raise _refused(node, f"the type {kind!r} is not one of a registered class")
    return result


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else text[:57] + "…"


def _refused(node: ast.AST, why: str) -> WeightsError:
    return WeightsError(f"The config is refused in line {getattr(node, 'lineno', 0)}: {why}.")


def config_model(config: dict[str, Any]) -> dict[str, Any]:
    """The ``model`` of a read config, without what would load other files before the weights are in.

    mmcls was renamed mmpretrain, and mmpose 1.3.2's Human-Art configs of ViTPose-L and -H still say the old name: it is
    replaced.
    Raises WeightsError when there is no model in it, or an address is left.
    """
    model = config.get("model")
    if not isinstance(model, dict) or not isinstance(model.get("type"), str):
        raise WeightsError("The config has no `model` with a `type`: it is not the config of a trained model.")
    cleaned: dict[str, Any] = _without_loaders(model)
    return cleaned


def _without_loaders(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_loaders(each) for key, each in value.items() if key not in _LOADERS}
        if isinstance(kept.get("type"), str):
            kept["type"] = re.sub(r"^mmcls\.", "mmpretrain.", kept["type"])
        return kept
    if isinstance(value, (list, tuple)):
        return type(value)(_without_loaders(each) for each in value)
    if isinstance(value, str) and "://" in value:
        raise WeightsError(f"The config's model names the address {value!r}: a model downloads nothing.")
    return value


def config_find(config: str) -> Path:
    """The file of ``<package>::<path>``, in the installed package's ``.mim/configs`` or ``.mim``, or of a plain path.

    Raises WeightsError when the package or the file is not there. The package is not imported.
    """
    package, found, path = config.partition("::")
    if not found:
        roots, path = [Path()], config
    else:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise WeightsError(f"{package} is not installed here: build its environment with `make gpu-env`.")
        roots = [Path(spec.origin).parent / ".mim" / "configs", Path(spec.origin).parent / ".mim"]
    for root in roots:
        if (root / path).is_file():
            return root / path
    raise WeightsError(f"The config {config} is not there; the installed {package} does not bring it.")
