"""The job file: what to train, on what, from where. README.md describes every field."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields
from typing import Any, List, Optional, Tuple

import numpy as np

from .errors import TrainerError
from .places import Places, is_url

SPLITS = ("train", "validation")
MODES = ("head", "tail", "whole")


@dataclass(frozen=True)
class Options:
    epochs: int
    batch: int
    learningRate: float
    headRate: float
    weightDecay: float
    clipNorm: float
    labelSmoothing: float
    warmup: float
    classBalance: float
    patience: int
    seed: int
    lastEpoch: Optional[int] = None
    threads: Optional[int] = None


@dataclass(frozen=True)
class Augmentation:
    """Zero or false switches a change off. Degrees, shares of the picture or the range, grey levels, a probability."""

    flipHorizontal: bool
    flipVertical: bool
    rotationDegrees: float
    crop: float
    brightness: float
    contrast: float
    noise: float
    blur: float


@dataclass(frozen=True)
class Frame:
    id: str
    sha256: str
    image: str
    label: int
    split: str


@dataclass(frozen=True)
class Head:
    """softmax((weights · x + bias) / temperature); weights [classes, dimensions]."""

    weights: np.ndarray
    bias: np.ndarray
    temperature: float


@dataclass(frozen=True)
class Job:
    backbone: str
    backbone_sha256: str
    input_size: int
    frames: List[Frame]
    head: Head
    mode: str
    trainable: List[str]
    options: Options
    augmentation: Optional[Augmentation]
    output: str

    @property
    def labels(self) -> List[int]:
        return [frame.label for frame in self.frames]

    def rows(self, split: str) -> List[int]:
        return [row for row, frame in enumerate(self.frames) if frame.split == split]

    def fingerprint(self) -> str:
        """Of everything that determines the result; neither threads nor ranks do."""
        options = {key: value for key, value in vars(self.options).items() if key != "threads"}
        parts = {
            "backbone": self.backbone_sha256,
            "inputSize": self.input_size,
            "frames": [[frame.sha256, frame.label, frame.split] for frame in self.frames],
            "trainable": self.trainable,
            "options": options,
            "augmentation": self.augmentation and vars(self.augmentation),
        }
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
        for values in (self.head.weights, self.head.bias, np.float64(self.head.temperature)):
            digest.update(values.tobytes())
        return digest.hexdigest()


def invalid(what: str) -> TrainerError:
    return TrainerError("request_invalid", what)


def parsed(data: bytes, what: str) -> Any:
    try:
        return json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise invalid("%s is not JSON: %s" % (what, error))


def take(where: dict, key: str, kind, what: str = "job") -> Any:
    value = where.get(key) if isinstance(where, dict) else None
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
        raise invalid("%s: %s is missing or of the wrong type" % (what, key))
    return value


NUMBER = (int, float)
KINDS = {"int": int, "float": NUMBER, "bool": bool}


def record(kind, where: Any, what: str):
    """A dataclass of numbers and flags from a JSON object; fields with a default may be absent or null."""
    values = {}
    for field in fields(kind):
        name = str(field.type).replace("Optional[", "").rstrip("]")
        if name != str(field.type) and isinstance(where, dict) and where.get(field.name) is None:
            continue
        values[field.name] = take(where, field.name, KINDS[name], what)
    return kind(**values)


def read_options(where: Any) -> Options:
    options = record(Options, where, "options")
    if min(options.epochs, options.batch, options.patience) < 1:
        raise invalid("options: epochs, batch and patience are at least 1")
    if options.lastEpoch is not None and not 0 <= options.lastEpoch <= options.epochs:
        raise invalid("options: lastEpoch is between 0 and epochs")
    for share in ("labelSmoothing", "warmup", "classBalance"):
        if not 0 <= getattr(options, share) <= 1:
            raise invalid("options: %s is between 0 and 1" % share)
    for size in ("learningRate", "headRate", "clipNorm"):
        if not getattr(options, size) > 0:
            raise invalid("options: %s is more than 0" % size)
    return options


def read_head(where: Any) -> Head:
    try:
        weights = np.array(take(where, "weights", list, "head"), np.float32)
        bias = np.array(take(where, "bias", list, "head"), np.float32)
    except (TypeError, ValueError):
        raise invalid("head: weights are rows of numbers of one length, bias is a row of numbers")
    if weights.ndim != 2 or bias.shape != weights.shape[:1] or len(bias) < 2:
        raise invalid("head: weights are [classes, dimensions] and bias [classes], of two classes or more")
    temperature = take(where, "temperature", NUMBER, "head")
    if not temperature > 0 or not np.isfinite(weights).all() or not np.isfinite(bias).all():
        raise invalid("head: the temperature is more than 0 and every number finite")
    return Head(weights, bias, float(temperature))


def read_frames(given: Any, classes: int) -> List[Frame]:
    if not isinstance(given, list):
        raise invalid("the dataset is not a list of frames")
    frames = []
    for at, each in enumerate(given):
        what = "frame %d of the dataset" % at
        names = [take(each, key, str, what) for key in ("id", "sha256", "image", "split")]
        label = take(each, "label", int, what)
        if not 0 <= label < classes or names[3] not in SPLITS:
            raise invalid("%s: the label is a class index and the split one of %s" % (what, ", ".join(SPLITS)))
        frames.append(Frame(names[0], names[1], names[2], label, names[3]))
    return frames


def read_given(place: str) -> Tuple[dict, Places]:
    """What a job file says, of whatever task. Raises TrainerError `request_invalid`, `download_failed`."""
    places = Places(place)
    given = parsed(places.read(place if is_url(place) else os.path.abspath(place)), "the job")
    if take(given, "v", int) != 1:
        raise invalid("job: this program knows version 1")
    return given, places


def read_job(given: dict, places: Places) -> Job:
    """Raises TrainerError `request_invalid`, `download_failed`, `training_too_few`."""
    head = read_head(take(given, "head", dict))
    backbone = take(given, "backbone", dict)
    mode = take(given, "mode", str)
    trainable = take(given, "trainable", list)
    if mode not in MODES or not all(isinstance(name, str) for name in trainable):
        raise invalid("job: mode is one of %s and trainable a list of tensor names" % ", ".join(MODES))
    if (mode == "head") != (not trainable):
        raise invalid("job: mode head trains no tensor of the backbone, the other modes some")
    augmentation = given.get("augmentation")
    job = Job(
        backbone=take(backbone, "source", str, "backbone"),
        backbone_sha256=take(backbone, "sha256", str, "backbone"),
        input_size=take(given, "inputSize", int),
        frames=read_frames(parsed(places.read(take(given, "dataset", str)), "the dataset"), len(head.bias)),
        head=head,
        mode=mode,
        trainable=trainable,
        options=read_options(given.get("options")),
        augmentation=None if augmentation is None else record(Augmentation, augmentation, "augmentation"),
        output=take(given, "output", str),
    )
    if job.input_size < 1:
        raise invalid("job: inputSize is at least 1")
    if not job.rows("train"):
        raise TrainerError("training_too_few", "no frames to train on")
    return job


def checked(data: bytes, sha256: str, what: str) -> bytes:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise TrainerError("download_failed", "%s is not what its SHA-256 says" % what)
    return data
