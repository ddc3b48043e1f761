"""The part of the protocol buffer wire format that ONNX files use (protobuf.dev/programming-guides/encoding)."""

from __future__ import annotations

import struct
from typing import Iterator, List, Tuple, Union

from .errors import TrainerError

Value = Union[int, bytes]


def varint(data: memoryview, at: int) -> Tuple[int, int]:
    result = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise TrainerError("model_invalid", "the file is not an ONNX model")
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
        shift += 7


def signed(value: int) -> int:
    """int64 as it is written in a varint."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data: memoryview) -> Iterator[Tuple[int, int, Union[int, memoryview]]]:
    """Number, wire type and value of every field: an int, or the bytes of a fixed or length-delimited one."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = varint(data, at)
            yield key >> 3, wire, value
            continue
        if wire == 2:
            size, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(wire, -1)
        if size < 0 or at + size > len(data):
            raise TrainerError("model_invalid", "the file is not an ONNX model, or it is cut short")
        yield key >> 3, wire, data[at : at + size]
        at += size


def integers(wire: int, value) -> List[int]:
    """A repeated int64 field, packed or one at a time."""
    if wire == 0:
        return [signed(value)]
    found, at = [], 0
    while at < len(value):
        each, at = varint(value, at)
        found.append(signed(each))
    return found


def floats(value: memoryview) -> List[float]:
    """A repeated float field, packed or one at a time."""
    return list(struct.unpack("<%df" % (len(value) // 4), value))
