"""The estimators' weights: where they come from, what was pinned, and nothing loaded that does not match.

A store is one folder; each set of weights has a folder of its name in it::

    vitpose-b/record.json         what was pinned: hashes, sizes, where it came from
    vitpose-b/td-hm_ViTPose-….pth the publisher's file (a pickle: opened once, by ``convert``, after its hash matched)
    vitpose-b/weights.safetensors what a worker loads
    own-name/config.py            own weights alone: their config, read as data and never run

The work is done by hand with ``manage.py weights``, never inside a task. Importing this package costs no torch.
"""

from inference.weights.base import ReadyWeights, State, Weights, WeightsError
from inference.weights.config import config_find, config_model, config_read
from inference.weights.ready import weights_known, weights_ready, weights_state

__all__ = [
    "ReadyWeights",
    "State",
    "Weights",
    "WeightsError",
    "config_find",
    "config_model",
    "config_read",
    "weights_known",
    "weights_ready",
    "weights_state",
]
