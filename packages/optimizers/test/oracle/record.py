"""Records the trajectories of PyTorch's optimizers, as pytorch.jsonl beside this file.

    python3 test/oracle/record.py        # needs torch; the tests need only the numbers

Two parameters of 6 and 3 elements are given gradients by a formula whose values are exact in float32 (pytorch.ts has it too). One
element's gradient is always zero, in every fifth step all of the first parameter's are, and in every fifth the second has none.
Recorded are all elements after each of 5 steps in float64, and after 25, 50, 75 and 100 steps in float32.
"""

import json
import pathlib

import torch

SIZES = [6, 3]

CASES = [
    ("SGD", dict(learningRate=0.1)),
    ("SGD", dict(learningRate=0.1, weightDecay=0.03)),
    ("SGD", dict(learningRate=0.05, momentum=0.9)),
    ("SGD", dict(learningRate=0.05, momentum=0.9, dampening=0.25)),
    ("SGD", dict(learningRate=0.05, momentum=0.9, dampening=0.25, weightDecay=0.03)),
    ("SGD", dict(learningRate=0.05, momentum=0.9, nesterov=True)),
    ("SGD", dict(learningRate=0.05, momentum=0.8, nesterov=True, weightDecay=0.03)),
    ("Adam", dict()),
    ("Adam", dict(learningRate=0.01, epsilon=1e-7)),
    ("Adam", dict(learningRate=0.01, weightDecay=0.03)),
    ("Adam", dict(learningRate=0.02, beta1=0.8, beta2=0.99, epsilon=1e-3)),
]

NAMES = dict(learningRate="lr", weightDecay="weight_decay", epsilon="eps")


def initial(parameter, dtype):
    return torch.tensor([(3 * index - 5 * parameter + 1) / 8 for index in range(SIZES[parameter])], dtype=dtype)


def gradient(step, parameter, dtype):
    if parameter == 1 and step % 5 == 4:
        return None
    values = [((7 * step + 3 * index + 5 * parameter) % 17 - 8) / 8 for index in range(SIZES[parameter])]
    if parameter == 0:
        values = [0 if index == 1 or step % 5 == 3 else value for index, value in enumerate(values)]
    return torch.tensor(values, dtype=dtype)


def make(name, options, parameters):
    rest = {NAMES.get(key, key): value for key, value in options.items() if not key.startswith("beta")}
    if name == "SGD":
        return torch.optim.SGD(parameters, **rest)
    betas = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    return torch.optim.Adam(parameters, betas=betas, **rest)


def trajectory(name, options, dtype, wanted):
    parameters = [initial(parameter, dtype).requires_grad_() for parameter in range(len(SIZES))]
    optimizer = make(name, options, parameters)
    rows = []
    for step in range(1, max(wanted) + 1):
        for index, parameter in enumerate(parameters):
            parameter.grad = gradient(step, index, dtype)
        optimizer.step()
        if step in wanted:
            values = torch.cat([parameter.detach() for parameter in parameters]).tolist()
            rows.append([float(f"{value:.{17 if dtype == torch.float64 else 9}g}") for value in values])
    return rows


lines = [
    dict(
        name=name,
        options=options,
        float64=trajectory(name, options, torch.float64, [1, 2, 3, 4, 5]),
        float32=trajectory(name, options, torch.float32, [25, 50, 75, 100]),
    )
    for name, options in CASES
]
text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
pathlib.Path(__file__).with_name("pytorch.jsonl").write_text(text)
