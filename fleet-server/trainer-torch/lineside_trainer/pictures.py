"""Pictures as the cameras and the fleet server read them, as uint8 pixels of one size in memory."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Callable

import numpy as np
import torch
from PIL import Image

from .errors import TrainerError
from .job import Job, checked
from .places import Places
from .ranks import Ranks

CHUNK = 64


def decode(data: bytes) -> np.ndarray:
    """uint8 [H, W, 3]: first page, no rotation by EXIF, transparency over black, the high byte of 16 bits."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    if picture.mode.startswith("I"):
        grey = (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, 2)
    if "A" in picture.mode or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer)
    return np.array(picture.convert("RGB"))


@lru_cache(maxsize=64)
def shares(length: int, side: int) -> torch.Tensor:
    """
    float32 [side, length]: what every source pixel gives to each of `side`, by a triangle as wide as the shrinking. What lies
    beyond the border is the border's pixel, as in onnxruntime's antialiased Resize; PyTorch's leaves it out.
    """
    scale = length / side
    reach = max(scale, 1.0)
    centres = (np.arange(side) + 0.5) * scale - 0.5
    first = np.floor(centres - reach).astype(np.int64)
    places = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weights = np.clip(1 - np.abs(places - centres[:, None]) / reach, 0, None)
    matrix = np.zeros((side, length))
    rows = np.repeat(np.arange(side), places.shape[1])
    np.add.at(matrix, (rows, places.clip(0, length - 1).reshape(-1)), weights.reshape(-1))
    return torch.from_numpy((matrix / matrix.sum(1, keepdims=True)).astype(np.float32))


def stretched(rgb: np.ndarray, side: int) -> torch.Tensor:
    """uint8 [side, side, 3], antialiased bilinear, half-pixel centres: the Resize that devices run."""
    height, width, _ = rgb.shape
    if (height, width) == (side, side):
        return torch.from_numpy(rgb)
    planes = torch.from_numpy(rgb).permute(2, 0, 1).float()
    resized = shares(height, side) @ planes @ shares(width, side).t()
    return resized.permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8)


def read_pixels(job: Job, places: Places, ranks: Ranks, on_read: Callable[[int], None]) -> torch.Tensor:
    """
    uint8 [frames, side, side, 3] on the CPU, every picture read by one rank and handed to all.
    Raises TrainerError `download_failed`, `image_unreadable`.
    """
    side = job.input_size
    pixels = torch.empty((len(job.frames), side, side, 3), dtype=torch.uint8)
    for start in range(0, len(job.frames), CHUNK):
        rows = list(range(start, min(start + CHUNK, len(job.frames))))
        part = torch.zeros((len(rows), side, side, 3), dtype=torch.uint8)
        for row in ranks.mine(rows):
            frame = job.frames[row]
            data = checked(places.read(frame.image), frame.sha256, "the picture of frame %s" % frame.id)
            try:
                part[row - start] = stretched(decode(data), side)
            except Exception as error:  # Decoders throw what they like at a broken file.
                raise TrainerError("image_unreadable", "frame %s: %s" % (frame.id, error))
        pixels[start : start + len(rows)] = ranks.sum(part.to(ranks.device)).cpu()
        on_read(start + len(rows))
    return pixels


def planes(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 [n, H, W, 3] to float32 [n, 3, H, W] in [-1, 1]."""
    return (pixels.float() / 127.5 - 1).permute(0, 3, 1, 2).contiguous()
