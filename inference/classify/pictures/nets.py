"""The paper's networks in torch (section 4.1): three convolutions, and ResNets after He et al., "Deep residual learning
for image recognition", CVPR 2016. Weights start at random; nothing is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import nn
from torch.nn import functional

# Channels of the three convolutions, and the side of the map that the linear head sees: lying or standing must be left
# in it. The paper gives neither.
CNN_CHANNELS: Final = (32, 64, 128)
CNN_MAP: Final = 4
# He et al., table 1: blocks in each of the four stages, and channels inside them.
RESNET18_BLOCKS: Final = (2, 2, 2, 2)
RESNET50_BLOCKS: Final = (3, 4, 6, 3)
RESNET_CHANNELS: Final = (64, 128, 256, 512)


class Cnn(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """Three convolutions with ReLU and pooling, and a linear head. Takes (n, 3, side, side) of any side from 32 up,
    gives (n, classes) before the softmax."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        first, second, third = CNN_CHANNELS
        self.conv1 = nn.Conv2d(3, first, 3, padding=1)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.conv3 = nn.Conv2d(second, third, 3, padding=1)
        self.head = nn.Linear(third * CNN_MAP**2, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = functional.adaptive_avg_pool2d(functional.relu(self.conv3(x)), CNN_MAP)
        out: torch.Tensor = self.head(x.flatten(1))
        return out


class Basic(nn.Module):  # type: ignore[misc]
    """Two 3 x 3 convolutions beside a shortcut (He et al., figure 5, left)."""

    WIDER: Final = 1

    def __init__(self, inside: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(inside, channels, 3, stride)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = _conv(channels, channels, 3)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = _shortcut(inside, channels * self.WIDER, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


class Bottleneck(nn.Module):  # type: ignore[misc]
    """1 x 1, 3 x 3 and 1 x 1 beside a shortcut (He et al., figure 5, right). The first one strides, as in the paper."""

    WIDER: Final = 4

    def __init__(self, inside: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv(inside, channels, 1, stride)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = _conv(channels, channels, 3)
        self.norm2 = nn.BatchNorm2d(channels)
        self.conv3 = _conv(channels, channels * self.WIDER, 1)
        self.norm3 = nn.BatchNorm2d(channels * self.WIDER)
        self.shortcut = _shortcut(inside, channels * self.WIDER, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.relu(self.norm1(self.conv1(x)))
        inner = functional.relu(self.norm2(self.conv2(inner)))
        return functional.relu(self.norm3(self.conv3(inner)) + self.shortcut(x))


class ResNet(nn.Module):  # type: ignore[misc]
    """A 7 x 7 convolution, four stages of blocks, the mean over the map, and a linear head (He et al., table 1)."""

    def __init__(self, block: type[Basic] | type[Bottleneck], blocks: tuple[int, ...], classes: int) -> None:
        super().__init__()
        inside = RESNET_CHANNELS[0]
        self.conv = _conv(3, inside, 7, 2)
        self.norm = nn.BatchNorm2d(inside)
        stages = []
        for stage, (channels, count) in enumerate(zip(RESNET_CHANNELS, blocks, strict=True)):
            row = []
            for number in range(count):
                # Every stage but the first halves the map at its first block.
                row.append(block(inside, channels, 2 if stage and not number else 1))
                inside = channels * block.WIDER
            stages.append(nn.Sequential(*row))
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(inside, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):  # He et al. 2015, as their section 3.4 asks
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(functional.relu(self.norm(self.conv(x))), 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
        out: torch.Tensor = self.head(x.mean(dim=(2, 3)))
        return out


def _conv(inside: int, outside: int, size: int, stride: int = 1) -> nn.Module:
    return nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)


def _shortcut(inside: int, outside: int, stride: int) -> nn.Module:
    """The input itself, or where the shape changes its projection (option B of He et al., section 3.3)."""
    if inside == outside and stride == 1:
        return nn.Identity()
    return nn.Sequential(_conv(inside, outside, 1, stride), nn.BatchNorm2d(outside))


# name -> of so many classes.
NETS: Final[Mapping[str, Callable[[int], nn.Module]]] = {
    "cnn": Cnn,
    "resnet18": lambda classes: ResNet(Basic, RESNET18_BLOCKS, classes),
    "resnet50": lambda classes: ResNet(Bottleneck, RESNET50_BLOCKS, classes),
}


def parameter_count(net: nn.Module) -> int:
    """Numbers that are learnt."""
    return sum(parameter.numel() for parameter in net.parameters())
