"""Records values and gradients of the activations, and of the elementwise operators that came later, from PyTorch in float64.

Run `python3 record-activations.py` with PyTorch 1.13 or later to write activations.jsonl anew: on each line a name, the options and the
record that record.py describes (values, and a row of slopes for each input). The tests only read that file. PyTorch keeps some of its
constants in float32: those of celu and hardsigmoid are put in exactly here.
"""

import contextlib
import io
import json
import pathlib
import runpy

import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
before = here.joinpath("oracle.jsonl").read_bytes()
with contextlib.redirect_stdout(io.StringIO()):
    recorder = runpy.run_path(str(here / "record.py"))
here.joinpath("oracle.jsonl").write_bytes(before)
pointwise, plain = recorder["pointwise"], recorder["plain"]

points = [-1000, -20, -6.5, -5, -4, -3, -2.5, -1, -0.5, -1e-9, 0, 1e-9, 0.25, 0.5, 1, 1.5, 3, 4.5, 6, 7, 20, 1000]
pairs = [-2, -1, -0.5, 0, 0.5, 1, 3]
grid = [[a for a in pairs for _ in pairs], [b for _ in pairs for b in pairs]]
triples = [[-1, 0, 3, 1e9, 0.1], [2, 0, -3, 1e9 + 64, 0.7]]
thirds = [-0.5, 0, 0.3, 0.5, 0.9, 1, 2]
lerps = [[a for a in triples[0] for _ in thirds], [b for b in triples[1] for _ in thirds], thirds * len(triples[0])]


def celu(x, alpha):
    return torch.where(x > 0, x, alpha * torch.expm1(torch.where(x > 0, 0.0, x) / alpha))


def hard_sigmoid(x, slope=1 / 6, offset=0.5):
    """PyTorch's and ONNX's: limited, and flat at both limits."""
    return F.hardtanh(x * slope + offset, 0.0, 1.0)


unary = [
    ("log2", {}, torch.log2),
    ("softsign", {}, F.softsign),
    ("relu6", {}, F.relu6),
    ("leakyRelu", {}, F.leaky_relu),
    ("leakyRelu", {"negativeSlope": 0.3}, lambda x: F.leaky_relu(x, 0.3)),
    ("leakyRelu", {"negativeSlope": -2}, lambda x: F.leaky_relu(x, -2.0)),
    ("elu", {}, F.elu),
    ("elu", {"alpha": 2.5}, lambda x: F.elu(x, 2.5)),
    ("selu", {}, F.selu),
    ("selu", {"alpha": 2, "scale": 3}, lambda x: 3 * F.elu(x, 2.0)),
    ("celu", {}, lambda x: celu(x, 1)),
    ("celu", {"alpha": 0.3}, lambda x: celu(x, 0.3)),
    ("gelu", {}, F.gelu),
    ("gelu", {"approximate": "tanh"}, lambda x: F.gelu(x, approximate="tanh")),
    ("silu", {}, F.silu),
    ("mish", {}, F.mish),
    ("hardSigmoid", {}, hard_sigmoid),
    ("hardSigmoid", {"slope": 0.2}, lambda x: hard_sigmoid(x, 0.2)),
    ("hardSwish", {}, F.hardswish),
    ("hardTanh", {}, F.hardtanh),
    ("hardTanh", {"min": -3, "max": 1.5}, lambda x: F.hardtanh(x, -3.0, 1.5)),
]
several = [
    ("prelu", grid, lambda x, w: torch.where(x > 0, x, w * x)),
    ("squaredDifference", grid, lambda a, b: (a - b).square()),
    ("lerp", lerps, torch.lerp),
]

records = [[name, {"options": options, "inputs": [points], **pointwise(f, points)}] for name, options, f in unary]
records += [[name, {"options": {}, "inputs": inputs, **pointwise(f, *inputs)}] for name, inputs, f in several]
for _, record in records:
    record["inputs"] = [[plain(v) for v in values] for values in record["inputs"]]
lines = [json.dumps(record, separators=(",", ":")) for record in records]
here.joinpath("activations.jsonl").write_text("\n".join(lines) + "\n")
