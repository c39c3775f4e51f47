"""Records scans, orders, norms and indexing from PyTorch in float64: values, and the gradients of Σ output[k] / (k + 1).

Run `python3 record-indexing.py` with PyTorch 1.13 or later to write indexing.jsonl anew (a case on each line); the tests only
read that file. Numbers have 15 digits; infinities and NaN, which JSON lacks, are the strings "inf", "-inf" and "nan".
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
inf, nan = math.inf, math.nan
cases = []


def plain(v):
    if isinstance(v, bool):
        return int(v)
    if v != v:
        return "nan"
    if v in (inf, -inf):
        return "inf" if v > 0 else "-inf"
    return int(v) if v == int(v) and abs(v) < 2**53 else float(f"{v:.15g}")


def flat(x):
    return {"shape": list(x.shape), "values": [plain(v) for v in x.detach().reshape(-1).tolist()]}


def wave(*shape, phase=0.0, scale=2.0):
    """Numbers without pattern that no generator is needed for, with three digits."""
    k = torch.arange(math.prod(shape))
    return torch.round(1000 * scale * torch.sin(1.7 * k * k + 0.9 * k + phase)).div(1000).reshape(shape)


def places(*shape, below, phase=0):
    """Indices without pattern."""
    k = torch.arange(math.prod(shape))
    return ((7 * k * k + 3 * k + phase) % below).reshape(shape)


def zeroed(x, *at):
    """x with zeros at some places."""
    y = x.clone().reshape(-1)
    y[list(at)] = 0
    return y.reshape(x.shape)


def case(name, f, *inputs, options=None):
    """One call: floats are differentiated, integers are passed as they are."""
    xs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    outputs = f(*xs)
    outputs = [o for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
    y = outputs[0]
    gradients = []
    if y.requires_grad:
        weights = 1 / (torch.arange(y.numel()) + 1.0).reshape(y.shape)
        (y * weights).sum().backward()
        gradients = [flat(torch.zeros_like(x) if x.grad is None else x.grad)["values"] for x in xs if x.is_floating_point()]
    cases.append(
        {
            "name": name,
            "options": {k: plain(v) if isinstance(v, float) else v for k, v in (options or {}).items()},
            "inputs": [{**flat(x), "dtype": "float64" if x.is_floating_point() else "int32"} for x in inputs],
            "outputs": [flat(o) for o in outputs],
            "gradients": gradients,
        }
    )


# Scans ---------------------------------------------------------------------------------------------------------------

cubes = [wave(2, 3, 4), zeroed(wave(2, 3, 4, phase=1), 0, 5, 6, 13, 23)]
for x in [*cubes, wave(7), zeroed(wave(6), 2), zeroed(wave(6), 0, 5), wave(1, 5), wave(5, 1)]:
    for axis in range(x.dim()):
        case("cumSum", lambda x: torch.cumsum(x, axis), x, options={"axis": axis})
        case("cumProd", lambda x: torch.cumprod(x, axis), x, options={"axis": axis})
        reversed_ = lambda f: lambda x: f(x.flip(axis), axis).flip(axis)
        case("cumSum", reversed_(torch.cumsum), x, options={"axis": axis, "reverse": True})
        case("cumProd", reversed_(torch.cumprod), x, options={"axis": axis, "reverse": True})
        first = lambda x, value: torch.full_like(x.narrow(axis, 0, 1), value)
        short = lambda x: x.narrow(axis, 0, x.shape[axis] - 1)
        exclusive = lambda f, start: lambda x: f(torch.cat([first(x, start), short(x)], axis), axis)
        case("cumSum", exclusive(torch.cumsum, 0.0), x, options={"axis": axis, "exclusive": True})
        case("cumProd", exclusive(torch.cumprod, 1.0), x, options={"axis": axis, "exclusive": True})

# Order ---------------------------------------------------------------------------------------------------------------

ties = torch.tensor([[2.0, 1, 2, 0, 1], [3, 3, 3, 3, 3], [inf, -1, -inf, 5, inf], [-0.5, 4, 0.25, 4, 9]])
for x in [wave(2, 3, 4), ties, wave(9), wave(1)]:
    for axis in range(-1, x.dim()):
        for descending in (False, True):
            case(
                "sort",
                lambda x: torch.sort(x, dim=axis, descending=descending, stable=True),
                x,
                options={"axis": axis, "descending": descending},
            )
for k in (1, 2, 3):
    for axis in (0, 1, 2, -1):
        if k <= (2, 3, 4)[axis]:
            for largest in (True, False):
                case(
                    "topK",
                    lambda x: torch.topk(x, k, dim=axis, largest=largest),
                    wave(2, 3, 4, phase=2),
                    options={"k": k, "axis": axis, "largest": largest},
                )

# Norms, products, spreads --------------------------------------------------------------------------------------------

for x in [wave(2, 3), zeroed(wave(2, 3, phase=1), 1, 3, 4, 5), wave(4), torch.zeros(3)]:
    for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, -1.0, -2.0, inf, -inf):
        if p < 1 and (x == 0).any() and p != 0:
            continue  # the slope of |x|ᵖ at 0 is infinite
        for axis in ([0], [-1], list(range(x.dim()))):
            case("norm", lambda x: torch.linalg.vector_norm(x, p, axis), x, options={"p": p, "axis": axis})
for x in cubes:
    for axis in (0, 1, -1):
        case("prod", lambda x: torch.prod(x, axis), x, options={"axis": axis})
for correction in (0, 1, 2):
    for axis in ([0], [1, 2], [0, 2]):
        x = wave(2, 3, 4, phase=3)
        case("variance", lambda x: torch.var(x, axis, correction=correction), x, options={"axis": axis, "correction": correction})
        case("std", lambda x: torch.std(x, axis, correction=correction), x, options={"axis": axis, "correction": correction})

# Softmax: −∞, and logits that are large and close ------------------------------------------------------------------------

logits = torch.tensor([[0.5, -inf, 2], [-inf, -inf, 1], [1e4, 1e4 + 0.5, -1e4], [1e9, 1e9 + 1, 1e9 - 3]])
for axis in (0, 1):
    x = logits if axis == 1 else logits.t().contiguous()
    case("softmax", lambda x: torch.softmax(x, axis), x, options={"axis": axis})
    case("logSoftmax", lambda x: torch.log_softmax(x, axis), x, options={"axis": axis})

# Indices -------------------------------------------------------------------------------------------------------------

for axis, size in enumerate((2, 3, 4)):
    index = places(5, below=size)
    case("gather", lambda x, i: torch.index_select(x, axis, i), wave(2, 3, 4), index, options={"axis": axis})
    shape = [2, 3, 4]
    shape[axis] = 3
    index = places(*shape, below=size, phase=1)
    case("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i, axis), wave(2, 3, 4), index, options={"axis": axis})
    case("addAlongAxis", lambda x, i, u: x.scatter_add(axis, i, u), wave(2, 3, 4), index, wave(*shape, phase=5), options={"axis": axis})
    alone = torch.argsort(wave(2, 3, 4, phase=4), axis).narrow(axis, 0, 2)
    case("putAlongAxis", lambda x, i, u: x.scatter(axis, i, u), wave(2, 3, 4), alone, wave(*alone.shape, phase=5), options={"axis": axis})
case("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i, 1), wave(5, 5), places(1, 2, below=5), options={"axis": 1})
case("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i, 1), wave(1, 5), places(5, 2, below=5), options={"axis": 1})
case("takeAlongAxis", lambda x, i: torch.take_along_dim(x, i), wave(3, 5), places(2, 2, below=15), options={})
part = places(2, 2, below=5)
case("addAlongAxis", lambda x, i, u: x.scatter_add(0, i, u), wave(5, 3), part, wave(2, 2, phase=1), options={"axis": 0})
case("addAlongAxis", lambda x, i, u: x.scatter_add(1, i, u), wave(3, 5), part, wave(2, 2, phase=1), options={"axis": 1})
for index in (places(2, 3, below=4), places(below=4, phase=2)):
    case("embedding", lambda w, i: F.embedding(i, w), wave(4, 3), index, options={})
    case("embedding", lambda w, i: F.embedding(i, w, padding_idx=2), wave(4, 3), index, options={"paddingIndex": 2})

pathlib.Path(__file__).with_name("indexing.jsonl").write_text("".join(json.dumps(c) + "\n" for c in cases))
print(len(cases), "cases")
