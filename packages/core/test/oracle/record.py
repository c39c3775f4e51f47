"""Records values and gradients from PyTorch in float64, the second truth of the tests beside difference quotients.

Run `python3 record.py` with PyTorch 1.13 or later to write oracle.jsonl anew (a name and its record on each line); the tests
only read that file. Numbers have 15 digits; infinities and NaN, which JSON lacks, are the strings "inf", "-inf" and "nan".
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
inf, nan = math.inf, math.nan


def flat(x):
    """A tensor as its shape and its values."""
    return {"shape": list(x.shape), "values": [plain(v) for v in x.detach().reshape(-1).tolist()]}


def plain(v):
    if isinstance(v, bool):
        return int(v)
    if v != v:
        return "nan"
    if v in (inf, -inf):
        return "inf" if v > 0 else "-inf"
    return int(v) if v == int(v) and abs(v) < 2**53 else float(f"{v:.15g}")


def listed(x):
    return flat(x)["values"]


def wave(shape, phase=0.0, scale=1.0):
    """Numbers without pattern that no generator is needed for."""
    k = torch.arange(math.prod(shape), dtype=torch.float64)
    return (scale * torch.sin(1.7 * k * k + 0.9 * k + phase)).reshape(shape)


def weights(y):
    """What a result is multiplied with before it is summed, so that each element's gradient counts."""
    return 1 / (torch.arange(y.numel(), dtype=torch.float64) + 1).reshape(y.shape)


def gradients(f, *inputs):
    """The value of f and the gradients of its weighted sum."""
    xs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    y = f(*xs)
    (y * weights(y)).sum().backward()
    grads = [torch.zeros_like(x) if x.grad is None else x.grad for x in xs if x.is_floating_point()]
    return {"inputs": [flat(x) for x in inputs], "output": flat(y), "gradients": [listed(g) for g in grads]}


# Elementwise ---------------------------------------------------------------------------------------------------------

points = [-inf, -1000, -20, -3, -1, -0.5, -1e-9, 0, 1e-9, 0.5, 1, 1.5, 3, 20, 1000, inf, nan]
unary = {
    "neg": torch.neg, "abs": torch.abs, "square": torch.square, "reciprocal": torch.reciprocal, "exp": torch.exp,
    "expm1": torch.expm1, "log": torch.log, "log1p": torch.log1p, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt,
    "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "asin": torch.asin, "acos": torch.acos, "atan": torch.atan,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "erf": torch.erf, "floor": torch.floor,
    "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc, "sigmoid": torch.sigmoid, "relu": torch.relu,
    "softplus": lambda x: F.softplus(x, threshold=700), "logSigmoid": F.logsigmoid, "logicalNot": torch.logical_not,
    "isNaN": torch.isnan, "isFinite": torch.isfinite,
}
pairs = [-inf, -2, -1, -0.5, 0, 0.5, 1, 3, inf, nan]
binary = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "pow": torch.pow, "mod": torch.remainder,
    "maximum": torch.maximum, "minimum": torch.minimum, "atan2": torch.atan2, "eq": torch.eq, "ne": torch.ne,
    "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "logicalAnd": torch.logical_and,
    "logicalOr": torch.logical_or, "logicalXor": torch.logical_xor,
}


def pointwise(f, *inputs):
    xs = [torch.tensor(x).requires_grad_() for x in inputs]
    y = f(*xs)
    if y.dtype == torch.bool:
        return {"y": listed(y), "dx": []}
    if not y.requires_grad:
        return {"y": listed(y), "dx": [[0] * y.numel() for _ in xs]}
    y.sum().backward()
    return {"y": listed(y), "dx": [listed(torch.zeros_like(x) if x.grad is None else x.grad) for x in xs]}


grid_a = [a for a in pairs for _ in pairs]
grid_b = [b for _ in pairs for b in pairs]

# Reductions ----------------------------------------------------------------------------------------------------------


def prod(x, axes, keep):
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


reductions = {
    "sum": lambda x, axes, keep: x.sum(axes, keepdim=keep),
    "mean": lambda x, axes, keep: x.mean(axes, keepdim=keep),
    "prod": prod,
    "max": lambda x, axes, keep: x.amax(axes, keepdim=keep),
    "min": lambda x, axes, keep: x.amin(axes, keepdim=keep),
    "variance": lambda x, axes, keep: x.var(axes, unbiased=False, keepdim=keep),
    "std": lambda x, axes, keep: x.std(axes, unbiased=False, keepdim=keep),
    "norm": lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt(),
    "logSumExp": lambda x, axes, keep: x.logsumexp(axes, keepdim=keep),
}


def reduced(x):
    for name, f in reductions.items():
        for axes in [[0], [1], [2], [0, 2], [0, 1, 2]]:
            record = gradients(lambda t: f(t, axes, False), x)
            yield {"name": name, "axes": axes, "output": record["output"], "gradient": record["gradients"][0]}


# Products, networks --------------------------------------------------------------------------------------------------

products = [
    ([2, 3], [3, 4]), ([3], [3]), ([3], [3, 2]), ([2, 3], [3]), ([2, 2, 3], [3, 2]), ([2, 3], [2, 3, 2]),
    ([2, 1, 2, 3], [3, 3, 2]), ([3], [2, 3, 2]), ([2, 2, 3], [3]), ([2, 0], [0, 3]), ([0, 2], [2, 3]), ([1, 1], [1, 1]),
]

logits = wave([4, 3], 0.4, 3)
extreme = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [-inf, 2.0, 1.0], [1e4, 1e4, -inf]])
labels = torch.tensor([2, 0, 1, 1])


def norm_case(x, axis):
    gamma, beta = 1 + wave([x.shape[axis]], 2.0, 0.3), wave([x.shape[axis]], 3.0)
    move = lambda t: t.movedim(axis, 1)
    record = gradients(
        lambda t, g, b: F.batch_norm(move(t), None, None, g, b, training=True, eps=1e-3).movedim(1, axis), x, gamma, beta
    )
    axes = [i for i in range(x.dim()) if i != axis]
    return {"axis": axis, **record, "mean": listed(x.mean(axes)), "variance": listed(x.var(axes, unbiased=False))}


def network():
    """Three steps of gradient descent on Dense, batch normalization, ReLU, Dense and cross-entropy."""
    x, w1, w2 = wave([6, 4], 1.0), wave([4, 5], 2.0, 0.7), wave([5, 3], 3.0, 0.7)
    gamma, beta, target = torch.ones(5), torch.zeros(5), torch.tensor([0, 2, 1, 1, 0, 2])
    parameters = [w1.clone(), gamma, beta, w2.clone()]
    losses = []
    for _ in range(3):
        leaves = [p.clone().requires_grad_() for p in parameters]
        hidden = F.batch_norm(x @ leaves[0], None, None, leaves[1], leaves[2], training=True, eps=1e-3)
        loss = F.cross_entropy(torch.relu(hidden) @ leaves[3], target)
        loss.backward()
        losses.append(loss.item())
        parameters = [p - 0.5 * leaf.grad for p, leaf in zip(parameters, leaves)]
    return {
        "inputs": [flat(t) for t in (x, w1, w2)], "labels": target.tolist(), "losses": losses,
        "parameters": [listed(p) for p in parameters],
    }


def curvature():
    """The Hessian of a small loss, for which every rule must differentiate again."""
    x, w = wave([3, 2], 0.2), wave([2, 3], 0.8)
    f = lambda t: F.cross_entropy(torch.tanh(x @ t), torch.tensor([0, 2, 1]))
    return {"inputs": [flat(x), flat(w)], "hessian": listed(torch.autograd.functional.hessian(f, w))}


probabilities = [1e-300, 1e-12, 1e-6, 0.001, 0.02, 0.025, 0.1, 0.3, 0.5, 0.7, 0.97, 0.98, 0.999, 1 - 1e-9]
abscissas = [-7, -5.9, -4, -2.6, -2.4, -1, -0.1, -1e-8, 0, 1e-300, 1e-8, 0.3, 0.9, 1.5, 2.499, 2.501, 3.3, 5, 5.99, 6.5]

cube = wave([2, 3, 4], scale=2)
oracle = {
    "points": [plain(p) for p in points],
    "unary": {name: pointwise(f, points) for name, f in unary.items()},
    "grid": [[plain(v) for v in grid_a], [plain(v) for v in grid_b]],
    "binary": {name: pointwise(f, grid_a, grid_b) for name, f in binary.items()},
    "reductions": {"input": flat(cube), "cases": list(reduced(cube))},
    "matmul": [gradients(torch.matmul, wave(a, 0.3), wave(b, 0.7)) for a, b in products],
    "softmax": [{"axis": axis, **gradients(lambda t: t.softmax(axis), logits)} for axis in (0, 1)],
    "logSoftmax": [{"axis": axis, **gradients(lambda t: t.log_softmax(axis), logits)} for axis in (0, 1)],
    "crossEntropy": [
        {"reduction": how, "labels": labels.tolist(), **gradients(lambda t: F.cross_entropy(t, labels, reduction=how), x)}
        for how in ("mean", "sum", "none") for x in (logits, extreme)
    ],
    "meanSquaredError": [gradients(F.mse_loss, wave([2, 3], 0.1), wave([2, 3], 0.5))],
    "batchNorm": [norm_case(wave([5, 3], 0.6, 2), 1), norm_case(wave([2, 3, 4], 0.9), 1), norm_case(wave([2, 3, 4], 0.9), 2)],
    "network": network(),
    "curvature": curvature(),
    "erf": [abscissas, listed(torch.erf(torch.tensor(abscissas, dtype=torch.float64)))],
    "normalQuantile": [probabilities, listed(torch.special.ndtri(torch.tensor(probabilities)))],
}

target = pathlib.Path(__file__).with_name("oracle.jsonl")
lines = [json.dumps([name, value], separators=(",", ":")) for name, value in oracle.items()]
target.write_text("\n".join(lines) + "\n")
