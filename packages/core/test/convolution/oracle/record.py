"""Records convolutions and pooling, with their gradients, from PyTorch in float64.

Run `python3 record.py` with PyTorch 1.13 or later to write oracle.jsonl anew, one case on each line; the tests only read that file.
Images and kernels are written channels last, as Gradus keeps them. The inputs are the numbers of `wave`, which the tests make anew;
only results are recorded, with 12 digits.
"""

import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, phase=0.0):
    k = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.sin(1.7 * k * k % 1000 + 0.9 * k + phase).reshape(shape)


def weights(y):
    """What a result is multiplied with before it is summed, so that each element's gradient counts."""
    return torch.cos(torch.arange(y.numel(), dtype=torch.float64)).reshape(y.shape)


def flat(x):
    return [float(f"{v:.12g}") for v in x.detach().reshape(-1).tolist()]


def same(size, window, stride, dilation):
    """TensorFlow's "same": the places that the stride leaves, the odd zero at the end."""
    total = max(0, (math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1 - size)
    return [total // 2, total - total // 2]


def pads(padding, size, window, stride, dilation=(1, 1)):
    if padding == "valid":
        return [[0, 0], [0, 0]]
    if padding == "same":
        return [same(*args) for args in zip(size, window, stride, dilation)]
    return [[padding] * 2] * 2 if isinstance(padding, int) else padding


def record(f, inputs):
    xs = [x.clone().requires_grad_() for x in inputs]
    y = f(*xs).contiguous()
    (y * weights(y)).sum().backward()
    return {"shape": list(y.shape), "y": flat(y), "gradients": [flat(x.grad) for x in xs]}


def convolution(images, kernel, stride=(1, 1), padding="valid", dilation=(1, 1), groups=1):
    (top, bottom), (left, right) = pads(padding, images[1:3], kernel[:2], stride, dilation)

    def f(x, k):
        padded = F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))
        return F.conv2d(padded, k.permute(3, 2, 0, 1), stride=stride, dilation=dilation, groups=groups).permute(0, 2, 3, 1)

    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return {"op": "conv2d", "images": images, "kernel": kernel, "options": options, **record(f, [wave(images), wave(kernel, 1)])}


def pooling(op, images, size=(2, 2), stride=None, padding="valid"):
    stride = stride or size
    (top, bottom), (left, right) = pads(padding, images[1:3], size, stride)

    def f(x):
        def pool(v, value):
            return F.unfold(F.pad(v.permute(0, 3, 1, 2), (left, right, top, bottom), value=value), size, stride=stride)

        n, h, w, c = x.shape
        rows, columns = [(a + b + s - z) // t + 1 for a, b, s, z, t in zip((top, left), (bottom, right), (h, w), size, stride)]
        patches = pool(x, -1e300 if op == "maxPool2d" else 0).reshape(n, c, size[0] * size[1], rows, columns)
        if op == "maxPool2d":
            return patches.max(2).values.permute(0, 2, 3, 1)
        counts = pool(torch.ones_like(x), 0).reshape(n, c, size[0] * size[1], rows, columns).sum(2)
        return (patches.sum(2) / counts).permute(0, 2, 3, 1)

    options = {"size": size, "stride": stride, "padding": padding}
    return {"op": op, "images": images, "options": options, **record(f, [wave(images)])}


cases = [
    convolution([2, 5, 4, 1], [3, 3, 1, 2]),
    convolution([2, 6, 6, 1], [3, 3, 1, 9], padding="same"),
    convolution([2, 5, 7, 3], [1, 1, 3, 5]),
    convolution([2, 5, 7, 3], [1, 1, 3, 5], stride=(2, 3)),
    convolution([1, 7, 9, 2], [1, 2, 2, 3], stride=(3, 3), padding="same"),
    convolution([1, 11, 13, 4], [3, 3, 4, 8], padding="same"),
    convolution([1, 6, 6, 2], [3, 3, 2, 2], padding=4),
    convolution([2, 5, 6, 4], [3, 2, 2, 6], groups=2, padding="same"),
    convolution([2, 6, 5, 6], [3, 3, 1, 6], groups=6, padding="same"),
    convolution([1, 6, 5, 5], [3, 3, 1, 10], groups=5, stride=(2, 2), padding=1),
    convolution([1, 9, 8, 16], [3, 3, 8, 16], groups=2, dilation=(2, 1), padding=[[1, 0], [2, 1]]),
]
for stride, dilation, padding in itertools.product([(1, 1), (2, 1), (2, 3)], [(1, 1), (2, 2), (1, 3)], ["valid", "same", 1, [[0, 2], [3, 1]]]):
    cases.append(convolution([1, 7, 8, 2], [3, 2, 2, 3], stride, padding, dilation))
for op in ["maxPool2d", "avgPool2d"]:
    cases += [pooling(op, [2, 4, 6, c]) for c in [1, 4, 9]]
    cases += [pooling(op, [1, 5, 7, 3], padding=p) for p in ["same", 1, [[1, 0], [0, 1]]]]
    cases += [pooling(op, [1, 7, 8, 5], (3, 2), (2, 1), p) for p in ["valid", "same", 1]]
    cases += [pooling(op, [1, 8, 7, 2], (2, 2), (3, 4), p) for p in ["valid", "same"]]

if __name__ == "__main__":
    path = pathlib.Path(__file__).with_name("oracle.jsonl")
    path.write_text("".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases))
