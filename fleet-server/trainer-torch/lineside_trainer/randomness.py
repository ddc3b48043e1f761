"""The generator of the fleet server (mulberry32), so that one seed draws the same order and the same pictures in both."""

from __future__ import annotations

import numpy as np

STEP = 0x6D2B79F5
MASK = 0xFFFFFFFF


class Random:
    """Its state is a counter: any number can be passed over at no cost."""

    def __init__(self, seed: int):
        self.state = seed & MASK

    def many(self, count: int) -> np.ndarray:
        """float64 [count] in [0, 1)."""
        states = np.arange(1, count + 1, dtype=np.uint64) * STEP + self.state
        state = (states & MASK).astype(np.uint32)
        self.state = (self.state + count * STEP) & MASK
        mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
        mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
        return (mixed ^ (mixed >> np.uint32(14))).astype(np.float64) / 2.0**32

    def __call__(self) -> float:
        return float(self.many(1)[0])

    def skip(self, count: int) -> None:
        self.state = (self.state + count * STEP) & MASK

    def shuffled(self, items: list) -> list:
        """Fisher–Yates on a copy."""
        out = list(items)
        if len(out) < 2:
            return out
        draws = self.many(len(out) - 1)
        for at, i in enumerate(range(len(out) - 1, 0, -1)):
            j = int(draws[at] * (i + 1))
            out[i], out[j] = out[j], out[i]
        return out


def imul(a: int, b: int) -> int:
    return ((a & MASK) * (b & MASK)) & MASK


def epoch_random(seed: int, epoch: int) -> Random:
    return Random(imul(seed + 1, 0x9E3779B1) ^ imul(epoch, 0x85EBCA6B))
