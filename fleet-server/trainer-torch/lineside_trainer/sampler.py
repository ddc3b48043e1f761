"""Which rows an epoch sees, and at which learning rate."""

from __future__ import annotations

import math
from typing import List, Sequence

from .randomness import Random


def epoch_order(labels: Sequence[int], rows: Sequence[int], classes: int, balance: float, random: Random) -> List[int]:
    """
    As many rows as there are, in random order. `balance` 0 takes each once; 1 takes as many of every class; between, a
    class of n rows takes a share that grows with n^(1 - balance). A class repeats a row after all had their turn.
    """
    members: List[List[int]] = [[] for _ in range(classes)]
    for row in rows:
        members[labels[row]].append(row)
    shares = [len(own) ** (1 - balance) if own else 0.0 for own in members]
    total = sum(shares)
    order: List[int] = []
    # One random offset for all classes keeps the total exact and each class within one row of its share.
    reached = random()
    taken = 0
    for own, share in zip(members, shares):
        if not own:
            continue
        reached += (len(rows) * share) / total
        queue: List[int] = []
        while taken < math.floor(reached):
            if not queue:
                queue = random.shuffled(own)
            order.append(queue.pop())
            taken += 1
    return random.shuffled(order)


def learning_rate_at(step: int, steps: int, warmup: int, peak: float) -> float:
    """Linear warm-up over the first steps, then a half cosine down to zero; `step` counts from 0."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
