"""Named float32 tensors in one file, in the safetensors format: length of the header (uint64), header (JSON), data; little-endian."""

from __future__ import annotations

import json
import struct
from typing import Dict, Mapping, Tuple

import numpy as np


def encode(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    header: Dict[str, object] = {"__metadata__": dict(metadata)}
    at = 0
    for name, values in tensors.items():
        size = 4 * values.size
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = [np.ascontiguousarray(values, "<f4").tobytes() for values in tensors.values()]
    return b"".join([struct.pack("<Q", len(text)), text, *data])


def decode(data: bytes) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    """Raises ValueError when the bytes are not such a file."""
    if len(data) < 8:
        raise ValueError("cut short")
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length].decode())
    metadata = header.pop("__metadata__", {})
    body = memoryview(data)[8 + length :]
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        if entry["dtype"] != "F32" or end > len(body):
            raise ValueError("tensor %s is not whole, or not of float32" % name)
        tensors[name] = np.frombuffer(body[start:end], "<f4").astype(np.float32).reshape(entry["shape"])
    return tensors, metadata
