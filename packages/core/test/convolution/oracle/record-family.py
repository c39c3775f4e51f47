"""Records the family of convolutions and pooling from PyTorch in float64: values, gradients, and gradients of gradients.

Run `python3 record-family.py [most cases of an operator] [path]` with PyTorch 1.13 or later to write family.jsonl anew, one case on each line; the tests only read that
file. The cases are chosen here, and then the arguments of PyTorch's own operator database (op_db), all brought to channels last, as
Gradus keeps images. The inputs are the numbers of `wave`, which the tests make anew; only results are recorded, with 12 digits.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.testing._internal.common_methods_invocations import op_db

from record import flat, same, wave, weights

torch.set_default_dtype(torch.float64)


def pair(value):
    return list(value) if isinstance(value, (tuple, list)) else [value, value]


def last(x):
    return x.movedim(1, -1)


def first(x):
    return x.movedim(-1, 1)


def pads(padding, x, k, options):
    """What F.pad takes, from the last axis to the first spatial one."""
    n = len(k)
    if padding == "valid":
        return [0] * (2 * n)
    if padding == "same":
        strides, dilations = (wide(options.get(name, 1), n) for name in ("stride", "dilation"))
        both = [same(*args) for args in zip(x, k, strides, dilations)]
    else:
        both = [padding] * n if isinstance(padding, int) else [padding] if n == 1 else padding
        both = [[pad, pad] if isinstance(pad, int) else pad for pad in both]
    return [pad for axis in reversed(both) for pad in axis]


def wide(value, n):
    return pair(value) if n == 2 else [value]


def conv(x, kernel, options):
    n = kernel.ndim - 2
    padded = F.pad(first(x), pads(options.get("padding", "valid"), x.shape[1:-1], kernel.shape[:n], options))
    settings = {name: options[name] for name in ("stride", "dilation", "groups") if name in options}
    return last((F.conv2d if n == 2 else F.conv1d)(padded, kernel.movedim((-1, -2), (0, 1)), **settings))


def conv_transpose2d(x, kernel, options):
    """Without padding, and then cut: PyTorch's own padding is the same before and after."""
    settings = {name: options[name] for name in ("stride", "dilation", "groups") if name in options}
    y = last(F.conv_transpose2d(first(x), kernel.permute(3, 2, 0, 1), **settings))
    strides, dilations = pair(options.get("stride", 1)), pair(options.get("dilation", 1))
    padding, extra = options.get("padding", "valid"), pair(options.get("outputPadding", 0))
    if padding == "same":
        sizes = [size * stride for size, stride in zip(x.shape[1:3], strides)]
        starts = [same(*args)[0] for args in zip(sizes, kernel.shape[:2], strides, dilations)]
    else:
        both = [[0, 0]] * 2 if padding == "valid" else [padding] * 2 if isinstance(padding, int) else padding
        both = [[pad, pad] if isinstance(pad, int) else pad for pad in both]
        sizes = [full - sum(pad) + more for full, pad, more in zip(y.shape[1:3], both, extra)]
        starts = [pad[0] for pad in both]
    ends = [max(0, start + size - full) for start, size, full in zip(starts, sizes, y.shape[1:3])]
    y = F.pad(y, (0, 0, 0, ends[1], 0, ends[0]))
    return y[:, starts[0] : starts[0] + sizes[0], starts[1] : starts[1] + sizes[1]]


def unfold(x, options):
    settings = {name: options[name] for name in ("stride", "dilation") if name in options}
    padded = F.pad(first(x), pads(options.get("padding", "valid"), x.shape[1:3], pair(options["size"]), options))
    y = F.unfold(padded, options["size"], **settings)
    n, c, windows = x.shape[0], x.shape[3], y.shape[2]
    taps = math.prod(pair(options["size"]))
    return y.reshape(n, c, taps, windows).permute(0, 3, 2, 1).reshape(n, windows, taps * c)


def fold(x, size, options):
    """The adjoint of unfold, by PyTorch's own fold."""
    tall, wide_ = pair(options["size"])
    settings = {name: options[name] for name in ("stride", "dilation") if name in options}
    left, right, top, bottom = pads(options.get("padding", "valid"), size, (tall, wide_), options)
    n, windows, c = x.shape[0], x.shape[1], x.shape[2] // (tall * wide_)
    columns = x.reshape(n, windows, tall * wide_, c).permute(0, 3, 2, 1).reshape(n, c * tall * wide_, windows)
    y = last(F.fold(columns, (size[0] + top + bottom, size[1] + left + right), options["size"], **settings))
    return y[:, top : top + size[0], left : left + size[1]]


def max_pool2d(x, options):
    settings = dict(options)
    size = settings.pop("size", 2)
    return last(F.max_pool2d(first(x), size, stride=settings.pop("stride", size), padding=settings.pop("padding", 0), dilation=settings.pop("dilation", 1), ceil_mode=settings.pop("ceilMode", False)))


def avg_pool2d(x, options):
    size = options.get("size", 2)
    return last(F.avg_pool2d(first(x), size, stride=options.get("stride", size), padding=options.get("padding", 0), ceil_mode=options.get("ceilMode", False), count_include_pad=options.get("countIncludePad", False)))


def adaptive_avg_pool2d(x, size):
    return last(F.adaptive_avg_pool2d(first(x), size))


functions = {
    "conv1d": conv,
    "conv2d": conv,
    "convTranspose2d": conv_transpose2d,
    "unfold": unfold,
    "fold": fold,
    "maxPool2d": max_pool2d,
    "avgPool2d": avg_pool2d,
    "adaptiveAvgPool2d": adaptive_avg_pool2d,
}


def record(op, shapes, *rest, source="chosen"):
    """Of s = Σ y cos: gradients. Of the gradients of Σ y² cos, each summed with cos: gradients again."""
    xs = [wave(shape, phase).requires_grad_() for phase, shape in enumerate(shapes)]
    y = functions[op](*xs, *rest).contiguous()
    gradients = torch.autograd.grad((y * weights(y)).sum(), xs, retain_graph=True)
    steep = torch.autograd.grad((y * y * weights(y)).sum(), xs, create_graph=True)
    second = torch.autograd.grad(sum((g * weights(g)).sum() for g in steep), xs)
    numbers = {"shape": list(y.shape), "y": flat(y), "gradients": [flat(g) for g in gradients], "second": [flat(g) for g in second]}
    return {"op": op, "source": source, "inputs": [list(shape) for shape in shapes], "rest": list(rest), **numbers}


cases = [
    record("conv1d", [[2, 7, 3], [3, 3, 4]], {}),
    record("conv1d", [[2, 7, 2], [3, 2, 2]], {"padding": "same", "stride": 2}),
    record("conv1d", [[1, 8, 4], [2, 2, 6]], {"padding": [3, 0], "dilation": 3, "groups": 2}),
    record("conv1d", [[1, 6, 3], [2, 1, 6]], {"padding": 1, "groups": 3}),
    record("convTranspose2d", [[2, 3, 4, 2], [3, 3, 5, 2]], {}),
    record("convTranspose2d", [[1, 3, 2, 3], [3, 2, 2, 3]], {"stride": 2, "outputPadding": 1}),
    record("convTranspose2d", [[1, 3, 2, 4], [3, 3, 3, 4]], {"stride": [2, 3], "padding": 1, "groups": 2, "outputPadding": [1, 2]}),
    record("convTranspose2d", [[1, 3, 3, 2], [2, 3, 2, 2]], {"stride": 2, "padding": [[0, 1], [2, 1]], "dilation": [1, 2]}),
    record("convTranspose2d", [[1, 3, 3, 2], [3, 3, 2, 2]], {"stride": 2, "padding": "same"}),
    record("convTranspose2d", [[1, 3, 2, 2], [2, 1, 2, 2]], {"stride": 3, "padding": "same"}),
    record("convTranspose2d", [[1, 3, 3, 4], [3, 3, 1, 4]], {"groups": 4, "padding": 1}),
    record("convTranspose2d", [[1, 3, 3, 1], [2, 2, 1, 1]], {"dilation": 3, "outputPadding": 2}),
    record("unfold", [[2, 4, 5, 3]], {"size": 2}),
    record("unfold", [[1, 5, 6, 2]], {"size": [3, 2], "stride": [1, 2], "padding": 1, "dilation": [1, 2]}),
    record("unfold", [[1, 4, 4, 5]], {"size": 3, "padding": "same", "stride": 3}),
    record("unfold", [[1, 2, 2, 1]], {"size": 1, "padding": [[3, 0], [0, 2]]}),
    record("fold", [[2, 12, 12]], [4, 5], {"size": 2}),
    record("fold", [[1, 6, 18]], [4, 5], {"size": 3, "stride": 2, "padding": [[1, 0], [1, 1]]}),
    record("fold", [[1, 12, 20]], [3, 5], {"size": [2, 2], "dilation": [2, 1], "padding": [[1, 1], [0, 0]]}),
    record("maxPool2d", [[1, 7, 6, 3]], {"size": 2, "dilation": 2, "stride": 1}),
    record("maxPool2d", [[2, 7, 7, 5]], {"size": 3, "stride": 2, "ceilMode": True, "padding": 1}),
    record("maxPool2d", [[1, 8, 7, 4]], {"size": [2, 3], "stride": [3, 2], "ceilMode": True, "dilation": [3, 1]}),
    record("avgPool2d", [[1, 5, 6, 3]], {"size": 3, "stride": 2, "padding": 1, "countIncludePad": True}),
    record("avgPool2d", [[1, 6, 5, 5]], {"size": 3, "stride": 2, "padding": 1, "countIncludePad": True, "ceilMode": True}),
    record("avgPool2d", [[1, 6, 5, 2]], {"size": [2, 3], "stride": [3, 2], "ceilMode": True}),
    record("adaptiveAvgPool2d", [[2, 5, 7, 3]], [2, 3]),
    record("adaptiveAvgPool2d", [[1, 3, 4, 2]], [5, 4]),
    record("adaptiveAvgPool2d", [[2, 4, 6, 3]], [2, 3]),
    record("adaptiveAvgPool2d", [[2, 4, 6, 3]], 1),
]


def images(shape):
    """Channels last, with a batch's axis."""
    full = list(shape) if len(shape) == 4 else [1, *shape]
    return [full[0], *full[2:], full[1]]


def renamed(settings, names):
    known = {names[name]: value for name, value in settings.items() if name in names and value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}


def both(padding):
    """A padding of PyTorch, the same before and after each axis."""
    if isinstance(padding, (str, int)):
        return padding
    return padding[0] if len(padding) == 1 else list(padding)


conv_names = {"stride": "stride", "padding": "padding", "dilation": "dilation", "groups": "groups", "output_padding": "outputPadding"}


def unwrapped(settings):
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in settings.items()}


def from_database(name, sample):
    """A sample of op_db as a case; its bias is left to `add`."""
    x, args, settings = list(sample.input.shape), list(sample.args), dict(sample.kwargs)
    kind = name.split(".")[-1]
    if kind in ("conv1d", "conv2d", "conv_transpose2d"):
        kernel = list(args[0].shape)
        options = renamed(settings, conv_names)
        if "padding" in options:
            options["padding"] = both(options["padding"]) if kind != "conv1d" else options["padding"]
        if kind == "conv1d":
            x = x if len(x) == 3 else [1, *x]
            return "conv1d", [[x[0], x[2], x[1]], [kernel[2], kernel[1], kernel[0]]], unwrapped(options)
        if kind == "conv2d":
            return "conv2d", [images(x), [*kernel[2:], kernel[1], kernel[0]]], options
        return "convTranspose2d", [images(x), [*kernel[2:], kernel[1], kernel[0]]], options
    if kind == "unfold":
        settings = {**dict(zip(("kernel_size", "dilation", "padding", "stride"), args)), **settings}
        settings["padding"] = both(settings.get("padding", 0))
        names = {"kernel_size": "size", "dilation": "dilation", "padding": "padding", "stride": "stride"}
        return "unfold", [images(x)], renamed(settings, names)
    if kind == "fold":
        size = pair(settings["kernel_size"])
        options = renamed(settings, {"kernel_size": "size", "dilation": "dilation", "padding": "padding", "stride": "stride"})
        options["padding"] = both(options.get("padding", 0))
        x = x if len(x) == 3 else [1, *x]
        return "fold", [[x[0], x[2], x[1]]], pair(settings["output_size"]), options
    if kind == "max_pool2d":
        names = {"kernel_size": "size", "stride": "stride", "padding": "padding", "dilation": "dilation", "ceil_mode": "ceilMode"}
        settings["padding"] = both(settings.get("padding", 0))
        return "maxPool2d", [images(x)], renamed(settings, names)
    if kind == "avg_pool2d":
        keys = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
        settings = {**dict(zip(keys, args)), **settings}
        if settings.get("divisor_override") is not None:
            return None
        settings["padding"] = both(settings.get("padding", 0))
        names = {"kernel_size": "size", "stride": "stride", "padding": "padding", "ceil_mode": "ceilMode", "count_include_pad": "countIncludePad"}
        return "avgPool2d", [images(x)], {"countIncludePad": True, **renamed(settings, names)}
    return "adaptiveAvgPool2d", [images(x)], list(args[0]) if isinstance(args[0], tuple) else args[0]


wanted = ["conv1d", "conv2d", "conv_transpose2d", "unfold", "fold", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"]
LARGEST = 1000  # values in a case, so that the record stays small


def samples_of(info):
    """The different cases of an operator in the database that are small and that PyTorch can do."""
    seen = {}
    for sample in info.sample_inputs("cpu", torch.float64, requires_grad=False):
        case = from_database(info.name, sample)
        if case is None or json.dumps(case) in seen:
            continue
        try:
            result = record(*case, source=info.name)
        except RuntimeError as error:
            print(info.name, case, error)
            continue
        if len(result["y"]) + 2 * sum(map(len, result["gradients"])) <= LARGEST:
            seen[json.dumps(case)] = result
    return list(seen.values())


if __name__ == "__main__":
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 10  # cases of an operator, evenly chosen
    for info in op_db:
        if info.name in [f"nn.functional.{kind}" for kind in wanted]:
            found = samples_of(info)
            count = min(most, len(found))
            cases += [found[index * len(found) // count] for index in range(count)]
    path = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).with_name("family.jsonl"))
    path.write_text("".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases))
    print(len(cases), "cases,", path.stat().st_size, "bytes")
