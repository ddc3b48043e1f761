"""
Changes that a camera on a line may make to a picture without changing its class; the same numbers drawn in the same order
as the fleet server's own trainer, so that one seed gives the same pictures. Pictures are uint8 [H, W, 3].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional

import numpy as np
import torch

from .job import Augmentation
from .randomness import Random

NOISE_TABLE = 4096


@dataclass(frozen=True)
class Change:
    """What was drawn for one picture."""

    mirror_x: int
    mirror_y: int
    angle: float
    scale: float
    shift_x: float
    shift_y: float
    blurred: bool
    gain: float
    brightness: float
    table: Optional[np.ndarray]
    offsets: Optional[np.ndarray]


def draw(settings: Augmentation, random: Random, width: int, height: int, wanted: bool = True) -> Change:
    """The next change; of one that is not `wanted` the noise is passed over and left out."""
    within = lambda limit: (2 * random() - 1) * limit  # noqa: E731
    mirror_x = -1 if settings.flipHorizontal and random() < 0.5 else 1
    mirror_y = -1 if settings.flipVertical and random() < 0.5 else 1
    angle = within(settings.rotationDegrees) * math.pi / 180
    scale = 1 - settings.crop * random()
    shift_x = within(0.5 * (1 - scale) * (width - 1))
    shift_y = within(0.5 * (1 - scale) * (height - 1))
    blurred = random() < settings.blur
    gain = 1 + within(settings.contrast)
    brightness = 255 * within(settings.brightness)
    deviation = settings.noise * random()
    table = offsets = None
    if deviation > 0 and not wanted:
        random.skip(2 * NOISE_TABLE + height)
    elif deviation > 0:
        # Box–Muller.
        pairs = random.many(2 * NOISE_TABLE).reshape(NOISE_TABLE, 2)
        normal = np.sqrt(-2 * np.log(1 - pairs[:, 0])) * np.cos(2 * math.pi * pairs[:, 1])
        table = (deviation * normal).astype(np.float32)
        offsets = np.floor(random.many(height) * NOISE_TABLE).astype(np.int64)
    return Change(mirror_x, mirror_y, angle, scale, shift_x, shift_y, blurred, gain, brightness, table, offsets)


def augment(picture: torch.Tensor, change: Change) -> torch.Tensor:
    moved = move(picture, change)
    return tone(blur(moved) if change.blurred else moved, change)


def move(picture: torch.Tensor, change: Change) -> torch.Tensor:
    """Flip, turn and crop as one affine map, looked up backwards and interpolated bilinearly; the border repeats."""
    height, width, _ = picture.shape
    grid = dict(dtype=torch.float64, device=picture.device)
    cos, sin = math.cos(change.angle) * change.scale, math.sin(change.angle) * change.scale
    dx = (torch.arange(width, **grid) - (width - 1) / 2)[None, :] * change.mirror_x
    dy = (torch.arange(height, **grid) - (height - 1) / 2)[:, None] * change.mirror_y
    centre_x = (width - 1) / 2 + change.shift_x
    centre_y = (height - 1) / 2 + change.shift_y
    x = (centre_x + cos * dx - sin * dy).clamp(0, width - 1)
    y = (centre_y + sin * dx + cos * dy).clamp(0, height - 1)
    left, top = x.floor(), y.floor()
    a, b = (x - left)[..., None], (y - top)[..., None]
    left, top = left.long(), top.long()
    right, below = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    values = picture.to(torch.float64)
    upper_left, lower_left = values[top, left], values[below, left]
    upper = upper_left + a * (values[top, right] - upper_left)
    lower = lower_left + a * (values[below, right] - lower_left)
    return (upper + b * (lower - upper) + 0.5).to(torch.uint8)


def blur(picture: torch.Tensor) -> torch.Tensor:
    """[1 2 1] / 4 along either axis, the border repeated."""
    values = picture.to(torch.int32)
    for axis in (1, 0):
        length = values.shape[axis]
        before = values.narrow(axis, 0, 1), values.narrow(axis, 0, length - 1)
        after = values.narrow(axis, 1, length - 1), values.narrow(axis, length - 1, 1)
        values = (torch.cat(before, axis) + 2 * values + torch.cat(after, axis) + 2) >> 2
    return values.to(torch.uint8)


def tone(picture: torch.Tensor, change: Change) -> torch.Tensor:
    """Contrast, brightness and noise."""
    levels = (127.5 + change.gain * (torch.arange(256, dtype=torch.float64) - 127.5) + change.brightness).float()
    values = levels.to(picture.device)[picture.long()].double()
    if change.table is not None and change.offsets is not None:
        table = torch.from_numpy(change.table).to(picture.device).double()
        height, width, channels = picture.shape
        offsets = torch.from_numpy(change.offsets).to(picture.device)
        places = torch.arange(width * channels, device=picture.device)[None, :] + offsets[:, None]
        # The server's rows begin where the row begins in the whole picture.
        starts = torch.arange(height, device=picture.device)[:, None] * (width * channels)
        values = values + table[(places + starts) % NOISE_TABLE].reshape(height, width, channels)
    return values.round().clamp(0, 255).to(torch.uint8)
