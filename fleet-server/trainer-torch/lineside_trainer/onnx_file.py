"""Reads the graph of an ONNX file: nodes, constants, one input and one output (onnx.proto, IR version 3 and later)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List, Optional

import numpy as np

from .errors import TrainerError
from .protobuf import fields, floats, integers, signed

TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
OLDEST_OPSET, NEWEST_OPSET = 9, 22


@dataclass
class Node:
    op: str = ""
    name: str = ""
    domain: str = ""
    inputs: List[str] = field(default_factory=list)
    outputs: List[str] = field(default_factory=list)
    attributes: Dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return "%s %s" % (self.op, self.name or (self.outputs and self.outputs[0]) or "(unnamed)")


@dataclass
class Graph:
    nodes: List[Node]
    constants: Dict[str, np.ndarray]
    input: str
    output: str


def text(value) -> str:
    return bytes(value).decode("utf-8")


def read_tensor(data: memoryview):
    name, shape, kind, raw = "", [], 0, None
    numbers: List[float] = []
    for number, wire, value in fields(data):
        if number == 1:
            shape += integers(wire, value)
        elif number == 2:
            kind = value
        elif number == 4:
            numbers += floats(value)
        elif number in (5, 7):
            numbers += integers(wire, value)
        elif number == 8:
            name = text(value)
        elif number == 9:
            raw = value
        elif number == 14 and value == 1:
            raise TrainerError("model_invalid", "tensor %s lies in another file" % name)
    if kind not in TYPES:
        raise TrainerError("model_invalid", "tensor %s has a type that is not supported (%s)" % (name, kind))
    dtype = np.dtype(TYPES[kind])
    try:
        if raw is not None and len(raw) > 0:
            values = np.frombuffer(bytes(raw), dtype.newbyteorder("<")).astype(dtype)
        else:
            values = np.array(numbers, dtype)
        return name, values.reshape(shape)
    except ValueError:
        raise TrainerError("model_invalid", "tensor %s does not have the size of its shape" % name)


def read_attribute(data: memoryview):
    name, value_of = "", {}
    for number, wire, value in fields(data):
        if number == 1:
            name = text(value)
        elif number == 2:
            value_of["f"] = floats(value)[0]
        elif number == 3:
            value_of["i"] = signed(value)
        elif number == 4:
            value_of["s"] = text(value)
        elif number == 5:
            value_of["t"] = read_tensor(value)[1]
        elif number == 7:
            value_of.setdefault("floats", []).extend(floats(value))
        elif number == 8:
            value_of.setdefault("ints", []).extend(integers(wire, value))
        elif number == 20:
            value_of["type"] = value
    kind = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints"}.get(value_of.get("type", 0))
    empty = {"f": 0.0, "i": 0, "s": "", "floats": [], "ints": []}
    return name, value_of.get(kind, empty.get(kind))


def read_node(data: memoryview) -> Node:
    node = Node()
    for number, _, value in fields(data):
        if number == 1:
            node.inputs.append(text(value))
        elif number == 2:
            node.outputs.append(text(value))
        elif number == 3:
            node.name = text(value)
        elif number == 4:
            node.op = text(value)
        elif number == 5:
            name, held = read_attribute(value)
            node.attributes[name] = held
        elif number == 7:
            node.domain = text(value)
    return node


def value_name(data: memoryview) -> str:
    return next((text(value) for number, _, value in fields(data) if number == 1), "")


def opset_of(data: memoryview) -> Optional[int]:
    domain, version = "", 0
    for number, _, value in fields(data):
        if number == 1:
            domain = text(value)
        elif number == 2:
            version = value
    return version if domain in ("", "ai.onnx") else None


def constant_of(node: Node) -> np.ndarray:
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64), ("value_ints", np.int64)):
        if name in node.attributes:
            return np.array(node.attributes[name], dtype)
    value = node.attributes.get("value")
    if not isinstance(value, np.ndarray):
        raise TrainerError("model_invalid", "%s holds no tensor" % node)
    return value


def read_graph(data: bytes) -> Graph:
    """Raises TrainerError `model_invalid`, `model_contract`."""
    body, opset = None, 0
    for number, _, value in fields(memoryview(data)):
        if number == 7:
            body = value
        elif number == 8:
            opset = opset_of(value) or opset
    if body is None or isinstance(body, int):
        raise TrainerError("model_invalid", "the file has no graph")
    if not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise TrainerError("model_invalid", "opset %d: %d to %d are supported" % (opset, OLDEST_OPSET, NEWEST_OPSET))
    nodes: List[Node] = []
    constants: Dict[str, np.ndarray] = {}
    inputs: List[str] = []
    outputs: List[str] = []
    for number, _, value in fields(body):
        if number == 1:
            nodes.append(read_node(value))
        elif number == 5:
            name, values = read_tensor(value)
            constants[name] = values
        elif number == 11:
            inputs.append(value_name(value))
        elif number == 12:
            outputs.append(value_name(value))
    for node in nodes:
        if node.op == "Constant":
            constants[node.outputs[0]] = constant_of(node)
    inputs = [name for name in inputs if name not in constants]
    if len(inputs) != 1 or not outputs:
        raise TrainerError("model_contract", "a backbone has one input and an output")
    return Graph([node for node in nodes if node.op != "Constant"], constants, inputs[0], outputs[0])
