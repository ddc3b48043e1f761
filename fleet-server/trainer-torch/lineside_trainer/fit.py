"""Fine-tuning from a given head (LP-FT) by AdamW on the cross-entropy, epoch after epoch, over all ranks."""

from __future__ import annotations

import time
from typing import Callable, Dict, List, Optional

import numpy as np
import torch

from .augment import augment, draw
from .checkpoint import Checkpoint
from .errors import TrainerError
from .job import Job
from .learner import Learner, scaling_of
from .network import Network
from .onnx_file import Graph
from .pictures import planes
from .randomness import Random, epoch_random
from .ranks import Ranks
from .sampler import epoch_order, learning_rate_at


class Fit:
    def __init__(self, job: Job, graph: Graph, pixels: torch.Tensor, ranks: Ranks):
        self.job, self.pixels, self.ranks = job, pixels, ranks
        self.labels = job.labels
        self.train, self.held = job.rows("train"), job.rows("validation")
        network = Network(graph, job.trainable, ranks.device)
        with torch.no_grad():
            embeddings = self.answers(self.train, network)
        if embeddings.shape[1] != job.head.weights.shape[1]:
            dimensions = (job.head.weights.shape[1], embeddings.shape[1])
            raise TrainerError("model_contract", "head of %d on %d dimensions" % dimensions)
        self.learner = Learner(network, job.head, *scaling_of(embeddings), job.options, ranks)
        self.start = self.learner.values()

    def run(
        self,
        resumed: Optional[Checkpoint],
        on_step: Callable[[dict], None],
        on_epoch: Callable[[dict, Callable[[], Checkpoint]], None],
    ):
        """
        Returns the history, the best epoch and its parameters. The start counts as epoch 0. `on_epoch` is given each
        record and what makes a checkpoint of it.
        """
        options, fingerprint = self.job.options, self.job.fingerprint()
        history: List[dict] = resumed.history if resumed else [self.record(0, None)]
        best_epoch, best = (resumed.best_epoch, resumed.tensors["best"]) if resumed else (0, self.start)
        steps = resumed.steps if resumed else 0
        if resumed:
            self.learner.load(resumed.tensors, resumed.steps)
        last_epoch = options.epochs if options.lastEpoch is None else options.lastEpoch
        clock = Clock(len(history), last_epoch)
        while len(history) <= last_epoch and not stalled(history, best_epoch, options.patience):
            epoch = len(history)

            def on_part(step: int, of: int, loss: float) -> None:
                on_step(
                    {
                        **{"epoch": epoch, "epochs": options.epochs, "step": step, "steps": of, "loss": loss},
                        "remainingMs": clock.left_ms(epoch, step / of),
                        "last": without_logits(history[-1]),
                    }
                )

            loss, steps = self.train_epoch(epoch, steps, on_part)
            history.append(self.record(epoch, loss))
            if better(history[-1], history[best_epoch]):
                best_epoch, best = epoch, self.learner.values()

            def checkpoint() -> Checkpoint:
                tensors = {
                    "value": self.learner.values(),
                    "first": self.learner.moments("exp_avg"),
                    "second": self.learner.moments("exp_avg_sq"),
                    "best": best,
                }
                return Checkpoint(fingerprint, history, best_epoch, steps, tensors)

            on_epoch(without_logits(history[-1]), checkpoint)
        return history, best_epoch, best

    def train_epoch(self, epoch: int, before: int, on_part: Callable[[int, int, float], None]):
        """An epoch draws from a generator of its own, so that a resumed run needs no more than the epoch's number."""
        options, classes = self.job.options, len(self.job.head.bias)
        random = epoch_random(options.seed, epoch)
        order = epoch_order(self.labels, self.train, classes, options.classBalance, random)
        steps = -(-len(order) // options.batch)
        all_steps = options.epochs * -(-len(self.train) // options.batch)
        warmup = int(options.warmup * all_steps + 0.5)
        taken, total = before, 0.0
        for step in range(steps):
            rows = order[step * options.batch : (step + 1) * options.batch]
            pictures = self.views(rows, random)
            rate = learning_rate_at(taken, all_steps, warmup, options.learningRate)
            labels = [self.labels[row] for row in self.ranks.mine(rows)]
            loss = self.learner.step(pictures, labels, len(rows), rate)
            if not np.isfinite(loss):
                raise TrainerError("training_failed", "the loss of epoch %d is not a finite number" % epoch)
            taken += 1
            total += loss * len(rows)
            on_part(step + 1, steps, total / (step * options.batch + len(rows)))
        return total / len(order), taken

    def views(self, rows: List[int], random: Random) -> torch.Tensor:
        """This rank's pictures of a batch, changed as drawn; every rank draws for all of them."""
        mine = set(range(self.ranks.rank, len(rows), self.ranks.world))
        changed = []
        for at, row in enumerate(rows):
            if self.job.augmentation is None:
                if at in mine:
                    changed.append(self.pixels[row].to(self.ranks.device))
                continue
            side = self.job.input_size
            change = draw(self.job.augmentation, random, side, side, at in mine)
            if at in mine:
                changed.append(augment(self.pixels[row].to(self.ranks.device), change))
        if not changed:
            return torch.empty(0, device=self.ranks.device)
        return planes(torch.stack(changed))

    def answers(self, rows: List[int], of: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        """float32 [rows, …] of untouched pictures, each answered by one rank and handed to all."""
        mine = self.ranks.mine(list(range(len(rows))))
        parts = []
        for start in range(0, len(mine), self.job.options.batch):
            chosen = [rows[at] for at in mine[start : start + self.job.options.batch]]
            parts.append(of(planes(self.pixels[chosen].to(self.ranks.device))))
        width = torch.tensor([parts[0].shape[1] if parts else 0.0], device=self.ranks.device)
        known = torch.tensor([1.0 if parts else 0.0], device=self.ranks.device)
        width = int((self.ranks.sum(width) / self.ranks.sum(known)).item())
        out = torch.zeros((len(rows), width), device=self.ranks.device)
        if parts:
            out[torch.tensor(mine, device=self.ranks.device)] = torch.cat(parts)
        return self.ranks.sum(out).cpu().numpy()

    def record(self, epoch: int, loss: Optional[float]) -> dict:
        return {"epoch": epoch, "loss": loss, "validation": self.validate()}

    def validate(self) -> Optional[dict]:
        if not self.held:
            return None
        with torch.no_grad():
            logits = self.answers(self.held, self.learner.logits)
        labels = np.array([self.labels[row] for row in self.held])
        hits = logits.argmax(1) == labels
        wide = logits.astype(np.float64)
        top = wide.max(1)
        log_losses = top - wide[np.arange(len(labels)), labels] + np.log(np.exp(wide - top[:, None]).sum(1))
        return {
            "accuracy": float(hits.mean()),
            "balancedAccuracy": float(np.mean([hits[labels == label].mean() for label in np.unique(labels)])),
            "logLoss": float(log_losses.mean()),
            "logits": [float(value) for value in logits.reshape(-1)],
        }

    def weights(self, best: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """What a run hands back: the trained tensors under their names, and the head on raw embeddings."""
        return {**{name: best[name] for name in self.job.trainable}, **self.learner.raw_head(best)}


def without_logits(record: dict) -> dict:
    validation = record["validation"]
    return {**record, "validation": validation and {key: value for key, value in validation.items() if key != "logits"}}


def better(a: dict, b: dict) -> bool:
    """By balanced accuracy, then by log-loss; without validation the later one."""
    if not a["validation"] or not b["validation"]:
        return a["epoch"] > b["epoch"]
    difference = a["validation"]["balancedAccuracy"] - b["validation"]["balancedAccuracy"]
    return difference > 0 or (difference == 0 and a["validation"]["logLoss"] < b["validation"]["logLoss"])


def stalled(history: List[dict], best: int, patience: int) -> bool:
    return history[0]["validation"] is not None and len(history) - 1 - best >= patience


class Clock:
    """The time left at the pace of this process, which began with epoch `first`."""

    def __init__(self, first: int, epochs: int):
        self.started, self.first, self.epochs = time.monotonic(), first, epochs

    def left_ms(self, epoch: int, share: float) -> float:
        done = epoch - self.first + share
        return 1000 * (time.monotonic() - self.started) / done * (self.epochs - self.first + 1 - done)
