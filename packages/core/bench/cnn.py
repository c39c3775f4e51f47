"""The step of cnn.ts in PyTorch on one thread: run `python3 cnn.py [batch] [steps]`. Both memory layouts are timed."""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
batch, steps = [int(a) for a in (sys.argv[1:] + ["64", "60"][len(sys.argv) - 1 :])]

for layout in [torch.contiguous_format, torch.channels_last]:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 10),
    ).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters())
    x = torch.rand(batch, 1, 28, 28).contiguous(memory_format=layout)
    labels = torch.randint(10, (batch,))
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(1000 * (time.perf_counter() - start))
    settled = sorted(times[min(10, steps // 2) :])
    print(f"PyTorch {torch.__version__} {layout}: best {settled[0]:.2f} ms, median {settled[len(settled) // 2]:.2f} ms")
