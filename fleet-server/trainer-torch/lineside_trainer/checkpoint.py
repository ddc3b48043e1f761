"""All that a run needs to go on after an epoch as if nothing had happened: one file, replaced after every epoch."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Dict, List, Optional

import numpy as np

from . import safetensors

Tensors = Dict[str, np.ndarray]


@dataclass
class Checkpoint:
    fingerprint: str
    history: List[dict]
    best_epoch: int
    steps: int
    # By kind ("value", "first", "second": the parameters and their moments; "best"), then by name.
    tensors: Dict[str, Tensors]


def encode(checkpoint: Checkpoint) -> bytes:
    flat = {"%s/%s" % (kind, name): values for kind, own in checkpoint.tensors.items() for name, values in own.items()}
    return safetensors.encode(
        flat,
        {
            "fingerprint": checkpoint.fingerprint,
            "history": json.dumps(checkpoint.history),
            "bestEpoch": str(checkpoint.best_epoch),
            "steps": str(checkpoint.steps),
            "sum": str(sum_of(flat)),
        },
    )


def decode(data: Optional[bytes], fingerprint: str) -> Optional[Checkpoint]:
    """None when there is none, or it is damaged or of another run."""
    if data is None:
        return None
    try:
        flat, metadata = safetensors.decode(data)
        if metadata["fingerprint"] != fingerprint or int(metadata["sum"]) != sum_of(flat):
            return None
        tensors: Dict[str, Tensors] = {}
        for path, values in flat.items():
            kind, name = path.split("/", 1)
            tensors.setdefault(kind, {})[name] = values
        return Checkpoint(
            fingerprint, json.loads(metadata["history"]), int(metadata["bestEpoch"]), int(metadata["steps"]), tensors
        )
    except (ValueError, KeyError, TypeError):
        return None


def sum_of(tensors: Tensors) -> int:
    total = 0
    for values in tensors.values():
        total = zlib.crc32(np.ascontiguousarray(values, "<f4").tobytes(), total)
    return total
