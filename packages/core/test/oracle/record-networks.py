"""Records what PyTorch computes in float64 for normalization, attention and recurrent networks, as networks.jsonl beside this file.

Run `python3 record-networks.py` with PyTorch 1.13 or later; the tests need only the numbers. Each line is a case: the operator, its
plain arguments, its inputs, its result, and the gradients of Σ y[k] / (k + 1). PyTorch keeps weights as [out, in] and channels on
axis 1; here they are recorded as [in, out] and on the axis given. Where PyTorch 1.13 has no function, the formula is written out.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)


def plain(v):
    return float(f"{v:.15g}")


def flat(x):
    return {"shape": list(x.shape), "values": [plain(v) for v in x.detach().reshape(-1).double().tolist()]}


def case(op, options, f, *inputs):
    xs = [x.clone().requires_grad_() for x in inputs]
    y = f(*xs)
    (y / (torch.arange(y.numel()) + 1.0).reshape(y.shape)).sum().backward()
    record = dict(op=op, options=options, inputs=[flat(x) for x in inputs], output=flat(y))
    return record | {"gradients": [flat(x.grad)["values"] for x in xs]}


def normal(*shape, scale=1.0, shift=0.0):
    return scale * torch.randn(*shape) + shift


cases = []

# Normalization
for shape, axes, epsilon in [((3, 5), [-1], 1e-5), ((2, 3, 4), [-1], 1e-3), ((2, 3, 4), [-2, -1], 1e-5), ((4, 3, 2), [1], 1e-5)]:
    sizes = [shape[axis] for axis in axes]
    inputs = (normal(*shape, scale=3, shift=2), normal(*sizes), normal(*sizes))
    last = axes[-1] == -1
    turned = lambda x: x if last else x.transpose(1, 2)
    f = lambda x, g, b: turned(F.layer_norm(turned(x), sizes, g, b, epsilon))
    cases.append(case("layerNorm", dict(axis=axes, epsilon=epsilon), f, *inputs))
    g = lambda x, s: turned(turned(x) / (turned(x) ** 2).mean(axes if last else -1, keepdim=True).add(epsilon).sqrt() * s)
    cases.append(case("rmsNorm", dict(axis=axes, epsilon=epsilon), g, *inputs[:2]))
for shape, groups, axis in [((2, 5, 6), 3, -1), ((3, 4), 2, -1), ((2, 3, 2, 4), 1, -1), ((2, 3, 2, 4), 4, -1), ((2, 4, 3, 2), 2, 1)]:
    channels = shape[axis]
    f = lambda x, g, b: F.group_norm(x.movedim(axis, 1), groups, g, b, 1e-5).movedim(1, axis)
    inputs = (normal(*shape, scale=3, shift=2), normal(channels), normal(channels))
    cases.append(case("groupNorm", dict(groups=groups, axis=axis), f, *inputs))


# Attention
def attention(q, k, v, mask=None, causal=False, scale=None):
    scores = q @ k.transpose(-1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    if causal:
        scores = scores.masked_fill(~torch.ones(scores.shape[-2:]).tril().bool(), -math.inf)
    return scores.softmax(-1) @ v


allowed = torch.tensor([[1, 0, 1, 1, 0], [0, 1, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
added = normal(2, 1, 3, 5)
for lead, options in [
    ((), {}), ((2,), dict(causal=True)), ((2, 2), dict(scale=0.3)), ((), dict(mask=allowed)), ((2, 2), dict(mask=added)),
    ((2,), dict(mask=allowed, causal=True)),
]:
    inputs = (normal(*lead, 3, 4), normal(*lead, 5, 4), normal(*lead, 5, 2))
    if options.get("causal") and "mask" in options:
        options = options | dict(mask=allowed | torch.eye(3, 5).bool())
    mask = options.get("mask")
    stated = options if mask is None else options | dict(mask=flat(mask), kind="bool" if mask.dtype == torch.bool else "float")
    cases.append(case("attention", stated, lambda q, k, v: attention(q, k, v, **options), *inputs))

# Recurrent networks: x [batch, time, features]; all results joined into one vector. PyTorch's two biases are one, but for the GRU.
functions = {"rnn": torch.rnn_tanh, "rnn relu": torch.rnn_relu, "lstm": torch.lstm, "gru": torch.gru}
gates = {"rnn": 1, "lstm": 4, "gru": 3}
for name, function in functions.items():
    op = name.split()[0]
    for batch, steps, features, units in [(2, 3, 4, 5), (3, 1, 2, 2), (1, 6, 3, 2)]:
        columns = gates[op] * units

        def f(x, weight, recurrent, bias, h, *others):
            second = others[-1] if op == "gru" else torch.zeros(columns)
            state = (h[None], others[0][None]) if op == "lstm" else h[None]
            y, *ends = function(x, state, (weight.T, recurrent.T, bias, second), True, 1, 0.0, True, False, True)
            return torch.cat([y.reshape(-1), *(end.reshape(-1) for end in ends)])

        shapes = [(batch, steps, features), (features, columns), (units, columns), (columns,), (batch, units)]
        shapes += {"lstm": [(batch, units)], "gru": [(columns,)]}.get(op, [])
        options = dict(activation="relu") if "relu" in name else {}
        cases.append(case(op, options, f, *(normal(*shape) for shape in shapes)))

lines = [json.dumps(record, separators=(",", ":")) for record in cases]
pathlib.Path(__file__).with_name("networks.jsonl").write_text("\n".join(lines) + "\n")
