"""A classifier by its name in torchvision or timm, written as one ONNX file."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import warnings
from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional

from .errors import TrainerError
from .job import invalid, take
from .places import Places

NAME = re.compile(r"(torchvision|timm)/([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})")
# The first with attention as one operator; LayerNormalization is still written out.
OPSET = 14
NORMALISATIONS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}


@dataclass(frozen=True)
class Named:
    net: Any
    input_size: int
    normalisation: str
    # Where it is from: library, version, weights.
    origin: str


def normalisation_of(name: str, mean, deviation) -> str:
    for normalisation, (its_mean, its_deviation) in NORMALISATIONS.items():
        pairs = list(zip(mean, its_mean)) + list(zip(deviation, its_deviation))
        if all(abs(one - other) < 1e-3 for one, other in pairs):
            return normalisation
    raise TrainerError("model_contract", "%s wants pixels of mean %s and deviation %s" % (name, mean, deviation))


def missing(library: str, error: ImportError) -> TrainerError:
    return TrainerError("trainer_library_missing", "%s cannot be loaded where the trainer runs: %s" % (library, error))


def unknown(library: str, name: str, known) -> TrainerError:
    import difflib

    near = difflib.get_close_matches(name, list(known), 3)
    hint = "; there are %s" % ", ".join(near) if near else ""
    return TrainerError("architecture_unknown", "%s has no classifier %s%s" % (library, name, hint))


def fetched(name: str, build: Callable[[], Any]) -> Any:
    """What the library builds with weights that it downloads, or has in its cache."""
    try:
        return build()
    except Exception as error:
        raise TrainerError("weights_unavailable", "no weights of %s can be had: %s: %s" % (name, type(error).__name__, error))


def from_torchvision(name: str, weights: str) -> Named:
    try:
        import torchvision
        from torchvision import models
    except ImportError as error:
        raise missing("torchvision", error)
    if not hasattr(models, "get_model_weights"):
        raise TrainerError("trainer_library_missing", "torchvision is %s; 0.14 is the first that has names" % torchvision.__version__)
    known = models.list_models(module=models)
    if name not in known:
        raise unknown("torchvision", name, known)
    entry = models.get_model_weights(name).DEFAULT
    form = entry.transforms()
    if weights == "pretrained":
        net = fetched(name, lambda: models.get_model(name, weights=entry, progress=False))
    else:
        # What the published weights of the two nets with auxiliary heads were trained with.
        options = {"transform_input": True} if name in ("googlenet", "inception_v3") else {}
        net = models.get_model(name, weights=None, **options)
    which = {"pretrained": str(entry), "random": "random weights"}.get(weights, weights)
    origin = "torchvision %s %s, %s" % (torchvision.__version__, name, which)
    size = form.crop_size[0]
    return Named(net, size, normalisation_of(name, form.mean, form.std), origin)


def from_timm(name: str, weights: str) -> Named:
    try:
        import timm
    except ImportError as error:
        raise missing("timm", error)
    if not timm.is_model(name.split(".")[0]):
        raise unknown("timm", name, timm.list_models())
    build = lambda: timm.create_model(name, pretrained=weights == "pretrained", exportable=True)
    net = fetched(name, build) if weights == "pretrained" else build()
    form: Dict[str, Any] = dict(getattr(net, "pretrained_cfg", None) or net.default_cfg)
    which = {"pretrained": str(form.get("tag") or "pretrained"), "random": "random weights"}.get(weights, weights)
    origin = "timm %s %s, %s" % (timm.__version__, name, which)
    return Named(net, form["input_size"][-1], normalisation_of(name, form["mean"], form["std"]), origin)


def load_weights(net, name: str, data: bytes, source: str) -> None:
    """A state dict of torch.save, or safetensors. Raises TrainerError `weights_unavailable`."""
    import torch

    try:
        if source.endswith(".safetensors"):
            from . import safetensors

            values = {key: torch.from_numpy(value.copy()) for key, value in safetensors.decode(data)[0].items()}
        else:
            values = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        for wrapper in ("state_dict", "model"):
            if isinstance(values.get(wrapper), dict):
                values = values[wrapper]
        net.load_state_dict({key[7:] if key.startswith("module.") else key: value for key, value in values.items()})
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        raise TrainerError("weights_unavailable", "%s has no weights of %s: %s" % (source, name, words))


def exported(named: Named) -> bytes:
    import torch

    data = io.BytesIO()
    options = {"opset_version": OPSET, "input_names": ["input"], "output_names": ["logits"]}
    options["dynamic_axes"] = {"input": {0: "batch"}, "logits": {0: "batch"}}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    try:
        # With gradients on: without, attention takes a short cut that cannot be written.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(named.net.eval(), torch.zeros(1, 3, named.input_size, named.input_size), data, **options)
    except Exception as error:
        raise TrainerError("model_operator", "it cannot be written as ONNX: %s: %s" % (type(error).__name__, error))
    return data.getvalue()


def build(full_name: str, weights: str, data: Optional[bytes] = None) -> Named:
    """`weights`: `pretrained`, `random`, or the name of the file whose content `data` is."""
    found = NAME.fullmatch(full_name)
    if not found:
        raise TrainerError("architecture_unknown", "%s is not torchvision/NAME or timm/NAME" % full_name)
    try:
        import torch
    except ImportError as error:
        raise missing("torch", error)

    torch.manual_seed(0)
    library, name = found.groups()
    named = (from_torchvision if library == "torchvision" else from_timm)(name, weights)
    if data is not None:
        load_weights(named.net, name, data, weights)
    return named


def export_job(given: dict, places: Places, say: Callable[..., None]) -> None:
    """The job of task `export`. Raises TrainerError."""
    if int(os.environ.get("RANK", "0")) > 0:
        return
    name, output = take(given, "name", str), take(given, "output", str).rstrip("/") + "/"
    weights, data = given.get("weights"), None
    if isinstance(weights, dict):
        source = take(weights, "source", str, "weights")
        weights, data = os.path.basename(source), places.read(source)
    elif weights not in ("pretrained", "random"):
        raise invalid("job: weights is pretrained, random or a file")
    named = build(name, weights, data)
    say("built", name=name, origin=named.origin, inputSize=named.input_size)
    places.write(output + "model.onnx", exported(named))
    form = {"inputSize": named.input_size, "normalisation": named.normalisation, "origin": named.origin}
    places.write(output + "result.json", json.dumps({"v": 1, **form}).encode())
    say("done")
