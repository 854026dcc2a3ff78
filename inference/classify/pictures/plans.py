"""How a data set is made and how a network is taught: names, defaults and limits. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# recipes.RECIPES and nets.NETS by name.
RECIPE_NAMES: Final = ("paper", "strong")
NET_NAMES: Final = ("cnn", "resnet18", "resnet50")

SEED: Final = 1
VALIDATION: Final = 0.2
EPOCHS: Final = 12
BATCH: Final = 32
RATE: Final = 1e-3
SIDE: Final = 128
# A batch of one has no spread to normalise by, and what is left over for the last one is at least half of the others.
LEAST_BATCH: Final = 4
# Of the square that a network looks at, px: a ResNet halves it five times, and photos are at most 1280 px long.
LEAST_SIDE: Final = 32
MOST_SIDE: Final = 512


@dataclass(frozen=True, slots=True)
class Plan:
    """How a set is made. validation: see Head. leaky: split by copy, to show what that flatters."""

    recipe: str
    seed: int = SEED
    validation: float = VALIDATION
    leaky: bool = False

    def __post_init__(self) -> None:
        if self.recipe not in RECIPE_NAMES:
            raise ValueError(f"there is no recipe {self.recipe!r}: choose {' or '.join(RECIPE_NAMES)}")
        if self.seed < 0:
            raise ValueError("the seed is below 0")
        if not 0 < self.validation < 1:
            raise ValueError("the share to validate on lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Course:
    """What is taught and how. All of it stands in the state: a run goes on only with the same."""

    architecture: str
    epochs: int = EPOCHS
    batch: int = BATCH
    rate: float = RATE
    side_px: int = SIDE
    seed: int = SEED

    def __post_init__(self) -> None:
        if self.architecture not in NET_NAMES:
            raise ValueError(f"there is no network {self.architecture!r}: choose one of {', '.join(NET_NAMES)}")
        if self.epochs < 1:
            raise ValueError("it takes one epoch at least")
        if self.batch < LEAST_BATCH:
            raise ValueError(f"a batch has {LEAST_BATCH} pictures at least")
        if not 0 < self.rate <= 1:
            raise ValueError("the rate is above 0 and at most 1")
        if not LEAST_SIDE <= self.side_px <= MOST_SIDE:
            raise ValueError(f"the side is from {LEAST_SIDE} to {MOST_SIDE} px")
        if not 0 <= self.seed < 2**63:
            raise ValueError("the seed is from 0 to 2^63 - 1")
