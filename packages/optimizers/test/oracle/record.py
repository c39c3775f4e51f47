"""Records the trajectories of PyTorch's optimizers, as pytorch.jsonl beside this file, and of Lion and Muon as their papers have them.

    python3 test/oracle/record.py        # needs torch; the tests need only the numbers

Two parameters of 6 and 3 elements are given gradients by a formula whose values are exact in float32 (pytorch.ts has it too). One
element's gradient is always zero, in every fifth step all of the first parameter's are, and in every fifth the second has none.
Recorded are all elements after each of 5 steps in float64, and after 25, 50, 75 and 100 steps in float32. Three are written out in
NumPy, in float64 throughout: Lion, which PyTorch does not have, Muon, which only the newest has, and NAdam, in which PyTorch before
2.0 multiplies the product of the momenta by the last one twice. Muon's parameters are matrices [in, out].
"""

import json
import math
import pathlib

import numpy as np
import torch

SIZES = [6, 3]

SHAPES = {"Muon": [(2, 3), (3, 1)]}

ADAMS = dict(learningRate=0.02, beta1=0.8, beta2=0.99, epsilon=1e-3)

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
    ("Adam", ADAMS),
    ("Adam", dict(amsgrad=True)),
    ("Adam", dict(ADAMS, amsgrad=True, weightDecay=0.03)),
    ("AdamW", dict()),
    ("AdamW", dict(ADAMS, weightDecay=0.3)),
    ("AdamW", dict(ADAMS, weightDecay=0)),
    ("AdamW", dict(ADAMS, amsgrad=True, weightDecay=0.3)),
    ("NAdam", dict()),
    ("NAdam", dict(ADAMS, weightDecay=0.03)),
    ("NAdam", dict(ADAMS, momentumDecay=0.1)),
    ("RAdam", dict()),
    ("RAdam", dict(ADAMS, weightDecay=0.03)),
    ("RAdam", dict(learningRate=0.01, beta2=0.5)),
    ("Adamax", dict()),
    ("Adamax", dict(ADAMS, weightDecay=0.03)),
    ("RMSprop", dict()),
    ("RMSprop", dict(learningRate=0.02, alpha=0.9, epsilon=1e-3, weightDecay=0.03)),
    ("RMSprop", dict(learningRate=0.005, momentum=0.9)),
    ("RMSprop", dict(learningRate=0.005, alpha=0.9, centered=True, epsilon=1e-2)),
    ("RMSprop", dict(learningRate=0.005, alpha=0.9, centered=True, epsilon=1e-2, momentum=0.8, weightDecay=0.03)),
    ("Adagrad", dict()),
    ("Adagrad", dict(learningRate=0.1, learningRateDecay=0.1, weightDecay=0.03)),
    ("Adagrad", dict(learningRate=0.1, initialAccumulator=0.5, epsilon=1e-3)),
    ("Adadelta", dict()),
    ("Adadelta", dict(learningRate=0.5, rho=0.8, epsilon=1e-3, weightDecay=0.03)),
    ("Lion", dict()),
    ("Lion", dict(learningRate=0.01, beta1=0.8, beta2=0.95, weightDecay=0.3)),
    ("Muon", dict()),
    ("Muon", dict(learningRate=0.01, momentum=0.8, nesterov=False, weightDecay=0.3)),
    ("Muon", dict(learningRate=0.01, iterations=3)),
]

NAMES = dict(
    learningRate="lr",
    weightDecay="weight_decay",
    epsilon="eps",
    momentumDecay="momentum_decay",
    learningRateDecay="lr_decay",
    initialAccumulator="initial_accumulator_value",
)


class NAdam:
    """Dozat 2016, with the momenta of PyTorch's documentation."""

    def __init__(self, parameters, learningRate=2e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weightDecay=0.0, momentumDecay=0.004):
        self.parameters, self.steps = parameters, [0 for _ in parameters]
        self.m, self.v = ([np.zeros(w.shape) for w in parameters] for _ in range(2))
        self.eta, self.beta1, self.beta2, self.epsilon = learningRate, beta1, beta2, epsilon
        self.decay, self.psi = weightDecay, momentumDecay

    def update(self, index, g):
        w, m, v = self.parameters[index], self.m[index], self.v[index]
        self.steps[index] += 1
        t = self.steps[index]
        mu = [self.beta1 * (1 - 0.5 * 0.96 ** (i * self.psi)) for i in range(1, t + 2)]
        g = g + self.decay * w
        m[...] = self.beta1 * m + (1 - self.beta1) * g
        v[...] = self.beta2 * v + (1 - self.beta2) * g * g
        m_hat = mu[t] * m / (1 - math.prod(mu)) + (1 - mu[t - 1]) * g / (1 - math.prod(mu[:t]))
        w -= self.eta * m_hat / (np.sqrt(v / (1 - self.beta2**t)) + self.epsilon)


class Lion:
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, learningRate=1e-4, beta1=0.9, beta2=0.99, weightDecay=0.0):
        self.parameters, self.means = parameters, [np.zeros(w.shape) for w in parameters]
        self.eta, self.beta1, self.beta2, self.decay = learningRate, beta1, beta2, weightDecay

    def update(self, index, g):
        w, m = self.parameters[index], self.means[index]
        c = self.beta1 * m + (1 - self.beta1) * g
        w -= self.eta * (np.sign(c) + self.decay * w)
        m[...] = self.beta2 * m + (1 - self.beta2) * g


class Muon:
    """Jordan et al. 2024; for a weight [in, out] it does to the transpose what theirs does to [out, in]."""

    def __init__(self, parameters, learningRate=0.02, momentum=0.95, nesterov=True, iterations=5, weightDecay=0.0):
        self.parameters, self.buffers = parameters, [np.zeros(w.shape) for w in parameters]
        self.eta, self.mu, self.nesterov = learningRate, momentum, nesterov
        self.iterations, self.decay = iterations, weightDecay

    def update(self, index, g):
        w, m = self.parameters[index].T, self.buffers[index].T
        m += (1 - self.mu) * (g.T - m)
        u = g.T + self.mu * (m - g.T) if self.nesterov else m
        w *= 1 - self.eta * self.decay
        w -= self.eta * self.orthogonal(u) * math.sqrt(max(1, w.shape[0] / w.shape[1]))

    def orthogonal(self, u):
        x = u.T if u.shape[0] > u.shape[1] else u
        x = x / (np.linalg.norm(x) + 1e-7)
        for _ in range(self.iterations):
            gram = x @ x.T
            x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
        return x.T if u.shape[0] > u.shape[1] else x


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
    if name in ("SGD", "RMSprop", "Adagrad", "Adadelta"):
        return getattr(torch.optim, name)(parameters, **rest)
    betas = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    return getattr(torch.optim, name)(parameters, betas=betas, **rest)


def trajectory(name, options, dtype, wanted):
    parameters = [initial(parameter, dtype).requires_grad_() for parameter in range(len(SIZES))]
    optimizer = make(name, options, parameters)
    rows = []
    for step in range(1, max(wanted) + 1):
        for index, parameter in enumerate(parameters):
            parameter.grad = gradient(step, index, dtype)
        optimizer.step()
        if step in wanted:
            rows.append(rounded(torch.cat([parameter.detach() for parameter in parameters]).tolist(), dtype))
    return rows


def trajectory_of_paper(rule, options, dtype, wanted):
    shapes = SHAPES.get(rule.__name__, [(size,) for size in SIZES])
    parameters = [initial(index, torch.float64).numpy().reshape(shape) for index, shape in enumerate(shapes)]
    optimizer = rule(parameters, **options)
    rows = []
    for step in range(1, max(wanted) + 1):
        for index, shape in enumerate(shapes):
            given = gradient(step, index, torch.float64)
            if given is not None:
                optimizer.update(index, given.numpy().reshape(shape))
        if step in wanted:
            rows.append(rounded([value for parameter in parameters for value in parameter.flatten()], dtype))
    return rows


def rounded(values, dtype):
    return [float(f"{value:.{17 if dtype == torch.float64 else 9}g}") for value in values]


PAPERS = dict(NAdam=NAdam, Lion=Lion, Muon=Muon)


def record(name, options, dtype, wanted):
    if name in PAPERS:
        return trajectory_of_paper(PAPERS[name], options, dtype, wanted)
    return trajectory(name, options, dtype, wanted)


lines = [
    dict(
        name=name,
        options=options,
        float64=record(name, options, torch.float64, [1, 2, 3, 4, 5]),
        float32=record(name, options, torch.float32, [25, 50, 75, 100]),
    )
    for name, options in CASES
]
text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
pathlib.Path(__file__).with_name("pytorch.jsonl").write_text(text)
