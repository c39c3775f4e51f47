"""Records the learning rates of PyTorch's schedulers, as schedules.jsonl beside this file.

    python3 test/oracle/record-schedules.py        # needs torch; the tests need only the numbers

For schedules: the rates of two groups, which begin at 0.5 and 0.02, at steps 0 … 39. For plateaus: the measures and the rates after each.
"""

import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler as torch_schedules

warnings.simplefilter("ignore")
RATES = [0.5, 0.02]
STEPS = 40


def optimizer():
    groups = [dict(params=[torch.zeros(1, requires_grad=True)], lr=rate) for rate in RATES]
    return torch.optim.SGD(groups, lr=0.1)


def after(make):
    made = optimizer()
    return made, make(made)


CASES = [
    ("constant", dict(), lambda o: torch_schedules.LambdaLR(o, lambda t: 1.0)),
    ("step", dict(every=7), lambda o: torch_schedules.StepLR(o, 7)),
    ("step", dict(every=10, gamma=0.5), lambda o: torch_schedules.StepLR(o, 10, 0.5)),
    ("multiStep", dict(milestones=[3, 4, 20], gamma=0.3), lambda o: torch_schedules.MultiStepLR(o, [3, 4, 20], 0.3)),
    ("exponential", dict(gamma=0.93), lambda o: torch_schedules.ExponentialLR(o, 0.93)),
    ("polynomial", dict(steps=30), lambda o: torch_schedules.PolynomialLR(o, 30, 1.0)),
    ("polynomial", dict(steps=25, power=2.5), lambda o: torch_schedules.PolynomialLR(o, 25, 2.5)),
    ("cosine", dict(steps=39), lambda o: torch_schedules.CosineAnnealingLR(o, 39)),
    ("warmRestarts", dict(steps=9), lambda o: torch_schedules.CosineAnnealingWarmRestarts(o, 9)),
    ("warmRestarts", dict(steps=5, growth=2), lambda o: torch_schedules.CosineAnnealingWarmRestarts(o, 5, 2)),
    ("linearWarmup", dict(steps=12, start=0.25), lambda o: torch_schedules.LinearLR(o, 0.25, 1.0, 12)),
    ("oneCycle", dict(steps=40), lambda o: torch_schedules.OneCycleLR(o, RATES, 40, cycle_momentum=False)),
    (
        "oneCycle",
        dict(steps=40, warmup=0.45, start=0.1, end=0.001, anneal="linear"),
        lambda o: torch_schedules.OneCycleLR(
            o, RATES, 40, pct_start=0.45, div_factor=10, final_div_factor=100, anneal_strategy="linear", cycle_momentum=False
        ),
    ),
    (
        "sequence",
        dict(),
        lambda o: torch_schedules.SequentialLR(
            o,
            [torch_schedules.LinearLR(o, 0.25, 1.0, 8), torch_schedules.CosineAnnealingWarmRestarts(o, 6), torch_schedules.StepLR(o, 3, 0.5)],
            [8, 24],
        ),
    ),
]

MEASURES = [3, 2.5, 2.5, 2.4999, 2.6, 2.4, 2.5, 2.5, 2.3, 2.3, 2.3, 2.3, 2.3, 2.2999, 2, 2.1, 2.1, 2.1, 2.1, 2.1, 1, 1, 1, 1, 1, 1]

PLATEAUS = [
    dict(patience=2),
    dict(patience=1, factor=0.5, cooldown=2),
    dict(patience=0, factor=0.5, minimum=0.01),
    dict(patience=1, mode="max", factor=0.3),
    dict(patience=2, threshold=0.15, thresholdMode="absolute", factor=0.5),
    dict(patience=1, mode="max", threshold=0.1, thresholdMode="absolute", cooldown=1, factor=0.7),
]

NAMES = dict(thresholdMode="threshold_mode", minimum="min_lr")
VALUES = dict(relative="rel", absolute="abs")


def rates(made):
    return [group["lr"] for group in made.param_groups]


lines = []
for name, options, make in CASES:
    made, schedule = after(make)
    row = []
    for step in range(STEPS):
        row.append(rates(made))
        made.step()
        if step < STEPS - 1:
            schedule.step()
    lines.append(dict(name=name, options=options, rates=row))
for options in PLATEAUS:
    given = {NAMES.get(key, key): VALUES.get(value, value) for key, value in options.items()}
    made, schedule = after(lambda o: torch_schedules.ReduceLROnPlateau(o, **given))
    row = []
    for measure in MEASURES:
        schedule.step(measure)
        row.append(rates(made))
    lines.append(dict(name="onPlateau", options=options, measures=MEASURES, rates=row))
text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
pathlib.Path(__file__).with_name("schedules.jsonl").write_text(text)
