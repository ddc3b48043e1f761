"""An ONNX graph run by PyTorch, with some of its constants as parameters under their own names."""

from __future__ import annotations

from typing import Dict, List

import torch

from .errors import TrainerError
from .onnx_file import Graph
from .operators import OPERATORS

# Inputs that say how and not what: read on the CPU, or every step would wait for the accelerator.
SETTINGS = {"Clip": (1, 2), "ReduceMean": (1,), "Reshape": (1,), "Squeeze": (1,), "Unsqueeze": (1,)}


class Network:
    """Raises TrainerError `model_invalid` naming a node that is not supported, or a trainable tensor that is not there."""

    def __init__(self, graph: Graph, trainable: List[str], device: torch.device):
        self.input, self.output = graph.input, graph.output
        needed = {graph.output}
        self.nodes = []
        for node in reversed(graph.nodes):
            if needed.intersection(node.outputs):
                self.nodes.insert(0, node)
                needed.update(node.inputs)
        for node in self.nodes:
            if node.domain not in ("", "ai.onnx") or node.op not in OPERATORS:
                raise TrainerError("model_invalid", "%s is not supported: the operator is not known here" % node)
        settings = {
            node.inputs[at] for node in self.nodes for at in SETTINGS.get(node.op, ()) if at < len(node.inputs)
        }
        self.constants: Dict[str, torch.Tensor] = {}
        self.parameters: Dict[str, torch.Tensor] = {}
        for name, values in graph.constants.items():
            if name in needed:
                home = torch.device("cpu") if name in settings else device
                self.constants[name] = torch.from_numpy(values.copy()).to(home)
        for name in trainable:
            value = self.constants.pop(name, None)
            if value is None or value.dtype != torch.float32 or name in settings:
                raise TrainerError("model_invalid", "the backbone has no weights %s to train" % name)
            self.parameters[name] = value.requires_grad_(True)

    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 3, H, W] to embeddings [batch, d]."""
        known = {self.input: pictures, **self.constants, **self.parameters}
        last_use = {name: at for at, node in enumerate(self.nodes) for name in node.inputs}
        for at, node in enumerate(self.nodes):
            try:
                inputs = [known[name] if name else None for name in node.inputs]
                known[node.outputs[0]] = OPERATORS[node.op](node.attributes, *inputs)
            except torch.cuda.OutOfMemoryError:
                raise
            except (KeyError, TypeError, NotImplementedError, RuntimeError) as error:
                raise TrainerError("model_invalid", "%s is not supported: %s" % (node, error))
            for name in node.inputs:
                if last_use.get(name) == at and name != self.output and name not in self.parameters:
                    known.pop(name, None)
        embedding = known[self.output]
        if embedding.dim() != 2 or embedding.shape[0] != pictures.shape[0]:
            raise TrainerError("model_contract", "%s has shape %s, not [batch, d]" % (self.output, list(embedding.shape)))
        return embedding
