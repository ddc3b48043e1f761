"""Backbone and head with their optimiser: one step over all ranks, and answers on untouched pictures."""

from __future__ import annotations

from typing import Dict, List

import numpy as np
import torch
import torch.nn.functional as F

from .job import Head, Options
from .network import Network
from .ranks import Ranks

HEAD_WEIGHT, HEAD_BIAS = "finetune/head_weight", "finetune/head_bias"


class Learner:
    """
    The head reads embeddings standardised by their spread before training: AdamW moves every weight by about the same
    amount, whatever its feature's spread. `raw_head` undoes that.
    """

    def __init__(self, network: Network, head: Head, mean: np.ndarray, inverse: np.ndarray, options: Options, ranks: Ranks):
        self.network, self.ranks, self.options = network, ranks, options
        self.mean_of, self.inverse_of = mean, inverse
        self.mean = torch.from_numpy(mean).to(ranks.device)
        self.inverse = torch.from_numpy(inverse).to(ranks.device)
        weights = head.weights.astype(np.float64) / head.temperature / inverse
        bias = (head.bias + head.weights.astype(np.float64) @ mean) / head.temperature
        self.parameters: Dict[str, torch.Tensor] = dict(network.parameters)
        for name, values in ((HEAD_WEIGHT, weights), (HEAD_BIAS, bias)):
            values = torch.from_numpy(values.astype(np.float32)).to(ranks.device)
            self.parameters[name] = values.requires_grad_(True)
        self.rates = {name: options.headRate if name in (HEAD_WEIGHT, HEAD_BIAS) else 1.0 for name in self.parameters}
        self.optimizer = torch.optim.AdamW(
            [
                # Weight decay pulls at matrices and kernels, never at biases, scales and shifts.
                {"params": [value], "weight_decay": options.weightDecay if value.dim() > 1 else 0.0}
                for value in self.parameters.values()
            ],
            lr=options.learningRate,
        )

    def logits(self, pictures: torch.Tensor) -> torch.Tensor:
        scaled = (self.network(pictures) - self.mean) * self.inverse
        return F.linear(scaled, self.parameters[HEAD_WEIGHT], self.parameters[HEAD_BIAS])

    def step(self, pictures: torch.Tensor, labels: List[int], count: int, rate: float) -> float:
        """
        One step of AdamW on a batch of `count` pictures, of which this rank has `pictures`: every rank adds its share of
        the mean loss and of its gradients. Returns the mean loss before the step.
        """
        loss = torch.zeros((), device=self.ranks.device)
        self.optimizer.zero_grad(set_to_none=True)
        if labels:
            logits = self.logits(pictures)
            smoothing, classes = self.options.labelSmoothing, logits.shape[1]
            targets = torch.full_like(logits, smoothing / classes)
            targets[torch.arange(len(labels)), torch.tensor(labels)] += 1 - smoothing
            loss = -(F.log_softmax(logits, 1) * targets).sum() / count
            loss.backward()
        values = list(self.parameters.values())
        flat = torch.cat(
            [torch.zeros_like(value).reshape(-1) if value.grad is None else value.grad.reshape(-1) for value in values]
            + [loss.detach().reshape(1)]
        )
        self.ranks.sum(flat)
        for value, share in zip(values, flat[:-1].split([value.numel() for value in values])):
            value.grad = share.reshape(value.shape)
        torch.nn.utils.clip_grad_norm_(values, self.options.clipNorm)
        for group, times in zip(self.optimizer.param_groups, self.rates.values()):
            group["lr"] = rate * times
        self.optimizer.step()
        return float(flat[-1])

    def values(self) -> Dict[str, np.ndarray]:
        return {name: value.detach().cpu().numpy().copy() for name, value in self.parameters.items()}

    def moments(self, kind: str) -> Dict[str, np.ndarray]:
        return {name: self.optimizer.state[value][kind].cpu().numpy() for name, value in self.parameters.items()}

    def load(self, tensors: Dict[str, Dict[str, np.ndarray]], steps: int) -> None:
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(torch.from_numpy(tensors["value"][name]))
                moments = {"exp_avg": tensors["first"][name], "exp_avg_sq": tensors["second"][name]}
                self.optimizer.state[value] = {
                    "step": torch.tensor(float(steps)),
                    **{kind: torch.from_numpy(own).to(self.ranks.device) for kind, own in moments.items()},
                }

    def raw_head(self, values: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """The head on raw embeddings, at temperature 1, that gives the same logits."""
        weights = (values[HEAD_WEIGHT] * self.inverse_of).astype(np.float32)
        bias = values[HEAD_BIAS].astype(np.float64) - weights.astype(np.float64) @ self.mean_of
        return {HEAD_WEIGHT: weights, HEAD_BIAS: bias.astype(np.float32)}


def scaling_of(embeddings: np.ndarray):
    """Mean and inverse spread [d] of [n, d], the spread widened by a tenth of the typical one."""
    values = embeddings.astype(np.float64)
    variance = values.var(0)
    floor = (0.1 * np.sqrt(variance).mean()) ** 2 or 1.0
    return values.mean(0).astype(np.float32), (1 / np.sqrt(variance + floor)).astype(np.float32)
