"""PyTorch, where a Python with torch is found: the same protocol as harness/serve.mjs, in Python.

    python pytorch.py QUESTION SETTINGS
"""

import json
import sys
import time

import numpy
import torch
from torch import nn

torch.set_num_threads(1)

FORMS = {
    "A·B": lambda a, b: a @ b,
    "Aᵀ·B": lambda a, b: a.t() @ b,
    "A·Bᵀ": lambda a, b: a @ b.t(),
}


def ramp(*shape):
    """The numbers of harness/data.mjs: element i is (7919·i mod 1009)/1009 - 0.5."""
    count = int(numpy.prod(shape))
    values = (numpy.arange(count, dtype=numpy.int64) * 7919 % 1009) / 1009 - 0.5
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def batches(folder, batch, count):
    def read(file, header):
        return numpy.fromfile(f"{folder}/{file}", dtype=numpy.uint8)[header:]

    images = read("train-images-idx3-ubyte", 16)[: count * batch * 784].reshape(count, batch, 784)
    labels = read("train-labels-idx1-ubyte", 8)[: count * batch].reshape(count, batch)
    return (images / 255).astype(numpy.float32), labels.astype(numpy.int64)


def step(settings):
    batch = settings["batch"]

    def norm(size):
        return nn.BatchNorm1d(size, momentum=0.01, eps=1e-3)  # its momentum weighs the new value

    model = nn.Sequential(
        nn.Linear(784, 256), norm(256), nn.ReLU(),
        nn.Linear(256, 128), norm(128), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(128, 64), norm(64), nn.ReLU(),
        nn.Linear(64, 10),
    )  # fmt: skip
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
    images, labels = batches(settings["data"], batch, 64)
    index = 0

    def run():
        nonlocal index
        place = index % 64
        index += 1
        x, y = torch.tensor(images[place]), torch.tensor(labels[place])  # copies in, as for the others
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return {"step": run}


def cnn(settings):
    batch = settings["batch"]
    layout = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}[settings["layout"]]
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(7 * 7 * 32, 10),
    ).to(memory_format=layout)  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, labels = batches(settings["data"], batch, 64)
    index = 0

    def run():
        nonlocal index
        place = index % 64
        index += 1
        x, y = torch.tensor(images[place]).reshape(batch, 1, 28, 28), torch.tensor(labels[place])
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x.contiguous(memory_format=layout)), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return {"step": run}


def gemm(settings):
    def case(shape):
        compute, a, b = FORMS[shape["form"]], ramp(*shape["a"]), ramp(*shape["b"])
        return lambda: compute(a, b)

    return {shape["name"]: case(shape) for shape in settings["shapes"]}


def elementwise(settings):
    a, b = settings["a"], settings["b"]
    x = ramp(settings["size"])
    matrix = x.reshape(settings["rows"], -1)
    return {
        "relu(x·a + b)": lambda: x.mul(a).add(b).relu(),
        "exp(x)": x.exp,
        "tanh(x)": x.tanh,
        "sum of rows": lambda: matrix.sum(1),
        "sum of columns": lambda: matrix.sum(0),
    }


def mathematics_library():
    """A warning if matrix products run on the reference BLAS, which is several times slower than PyTorch usually is."""
    try:
        with open("/proc/self/maps", encoding="utf8") as maps:
            loaded = maps.read().lower()
    except OSError:
        return {}
    fast = any(name in loaded for name in ("openblas", "mkl_", "libmkl", "blis", "atlas"))
    if fast or "/libblas.so" not in loaded:
        return {}
    return {"note": "on the reference BLAS, several times slower than usual: install libopenblas0-pthread"}


def answer(message):
    print(json.dumps(message), flush=True)


def timed(run, count):
    times, value = [], None
    for _ in range(count):
        start = time.perf_counter()
        value = run()
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times, **({"value": value} if isinstance(value, float) else {})}


def picked(run, places):
    values = run().reshape(-1)
    return {"values": [values[place].item() for place in places]}


def main(question, settings):
    cases = {"step": step, "cnn": cnn, "gemm": gemm, "elementwise": elementwise}[question](json.loads(settings))
    answer({"version": torch.__version__, "threads": torch.get_num_threads(), "cases": list(cases), **mathematics_library()})
    for line in sys.stdin:
        command = json.loads(line)
        run = cases[command["case"]]
        answer(picked(run, command["pick"]) if "pick" in command else timed(run, command["count"]))


main(*sys.argv[1:])
