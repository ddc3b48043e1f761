"""ONNX operators in PyTorch. Each takes the node's attributes and inputs (None where left out) and gives its first output."""

from __future__ import annotations

import torch
import torch.nn.functional as F

INFINITE = float("inf")


def windows(attributes, x, kernel):
    """Strides, dilations and explicit pads [top, left, bottom, right] of a sliding window over [N, C, H, W]."""
    strides = list(attributes.get("strides") or [1, 1])
    dilations = list(attributes.get("dilations") or [1, 1])
    automatic = attributes.get("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return strides, dilations, list(attributes.get("pads") or [0, 0, 0, 0])
    if automatic == "VALID":
        return strides, dilations, [0, 0, 0, 0]
    # SAME: ceil(length / stride) outputs, the odd pixel at the end (SAME_UPPER) or at the beginning (SAME_LOWER).
    totals = []
    for length, size, stride, dilation in zip(x.shape[2:], kernel, strides, dilations):
        outputs = -(-length // stride)
        totals.append(max(0, (outputs - 1) * stride + dilation * (size - 1) + 1 - length))
    small = [total // 2 for total in totals]
    large = [total - part for total, part in zip(totals, small)]
    return strides, dilations, large + small if automatic == "SAME_LOWER" else small + large


def padded(x, pads, value=0.0):
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=value) if any(pads) else x


def conv(a, x, weight, bias=None):
    strides, dilations, pads = windows(a, x, weight.shape[2:])
    if pads[:2] == pads[2:]:
        return F.conv2d(x, weight, bias, strides, pads[:2], dilations, a.get("group", 1))
    return F.conv2d(padded(x, pads), weight, bias, strides, 0, dilations, a.get("group", 1))


def max_pool(a, x):
    kernel = a["kernel_shape"]
    strides, dilations, pads = windows(a, x, kernel)
    ceil = bool(a.get("ceil_mode", 0))
    if pads[:2] == pads[2:] and all(2 * pad <= size for pad, size in zip(pads, kernel)):
        return F.max_pool2d(x, kernel, strides, pads[:2], dilations, ceil)
    return F.max_pool2d(padded(x, pads, -INFINITE), kernel, strides, 0, dilations, ceil)


def average_pool(a, x):
    kernel = a["kernel_shape"]
    strides, dilations, pads = windows(a, x, kernel)
    if any(dilation != 1 for dilation in dilations):
        raise NotImplementedError("dilations")
    ceil, counted = bool(a.get("ceil_mode", 0)), bool(a.get("count_include_pad", 0))
    if pads[:2] == pads[2:] and all(2 * pad <= size for pad, size in zip(pads, kernel)):
        return F.avg_pool2d(x, kernel, strides, pads[:2], ceil, counted)
    # The mean over the padded picture, over the mean of what counts in each window.
    counts = padded(torch.ones_like(x[:1, :1]), pads, 1.0 if counted else 0.0)
    mean = F.avg_pool2d(padded(x, pads), kernel, strides, 0, ceil)
    return mean / F.avg_pool2d(counts, kernel, strides, 0, ceil)


def gemm(a, x, weight, bias=None):
    y = (x.t() if a.get("transA") else x) @ (weight.t() if a.get("transB") else weight)
    y = y * a.get("alpha", 1.0)
    return y if bias is None else y + a.get("beta", 1.0) * bias


def batch_normalization(a, x, scale, shift, mean, variance):
    # The statistics stay what they are: a batch of a few similar parts would spoil them.
    return F.batch_norm(x, mean, variance, scale, shift, False, 0.0, a.get("epsilon", 1e-5))


def clip(a, x, low=None, high=None):
    low = a.get("min", -INFINITE) if low is None else float(low)
    high = a.get("max", INFINITE) if high is None else float(high)
    # Not clamp: at a bound itself, where dead channels lie, the gradient is zero as that of relu is.
    return F.hardtanh(x, low, high)


def axes_of(a, given):
    return a.get("axes") if given is None else [int(axis) for axis in given]


def reduce_mean(a, x, axes=None):
    over = axes_of(a, axes)
    if not over:
        over = list(range(x.dim()))
    return x.mean([int(axis) for axis in over], keepdim=bool(a.get("keepdims", 1)))


def squeeze(a, x, axes=None):
    over = axes_of(a, axes)
    gone = [axis % x.dim() for axis in over] if over else [i for i in range(1, x.dim()) if x.shape[i] == 1]
    return x.reshape([length for axis, length in enumerate(x.shape) if axis not in gone])


def unsqueeze(a, x, axes=None):
    over = axes_of(a, axes)
    rank = x.dim() + len(over)
    for axis in sorted(axis % rank for axis in over):
        x = x.unsqueeze(axis)
    return x


def reshape(a, x, shape):
    sizes = [int(size) for size in shape]
    if len(sizes) > 1 and sizes[0] == 1:
        # Written for a batch of one: the batch is kept instead.
        sizes[0] = x.shape[0]
    return x.reshape([x.shape[i] if size == 0 and not a.get("allowzero") else size for i, size in enumerate(sizes)])


def flatten(a, x):
    axis = a.get("axis", 1) % (x.dim() + 1)
    lead = 1
    for length in x.shape[:axis]:
        lead *= length
    return x.reshape(lead, -1)


def concat(a, *xs):
    return torch.cat(xs, a["axis"])


def hard_sigmoid(a, x):
    return torch.clamp(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1)


def local_response(a, x):
    return F.local_response_norm(x, a["size"], a.get("alpha", 1e-4), a.get("beta", 0.75), a.get("bias", 1.0))


OPERATORS = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": average_pool,
    "BatchNormalization": batch_normalization,
    "Clip": clip,
    "Concat": concat,
    "Conv": conv,
    "Div": lambda a, x, y: x / y,
    "Dropout": lambda a, x, *_: x,
    "Flatten": flatten,
    "Gemm": gemm,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": lambda a, x: F.hardswish(x),
    "Identity": lambda a, x: x,
    "LRN": local_response,
    "LeakyRelu": lambda a, x: F.leaky_relu(x, a.get("alpha", 0.01)),
    "MatMul": lambda a, x, y: x @ y,
    "MaxPool": max_pool,
    "Mul": lambda a, x, y: x * y,
    "ReduceMean": reduce_mean,
    "Relu": lambda a, x: F.relu(x),
    "Reshape": reshape,
    "Sigmoid": lambda a, x: torch.sigmoid(x),
    "Squeeze": squeeze,
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Unsqueeze": unsqueeze,
}
