"""Records torch-*.safetensors: weights of PyTorch's layers in its names and layouts, with an input ("input") and what the network
makes of it in evaluation ("output"). Needs torch and safetensors; the tests need only the files.

    python3 record-torch.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(3)


def settle(model: nn.Module) -> nn.Module:
    """Statistics and scales as after some training, so that a wrong place of any number shows."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
            module.num_batches_tracked.fill_(17)
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -1, 1)
    return model.eval()


def record(name: str, model: nn.Module, inputs: torch.Tensor, channels_first: bool = False) -> None:
    outputs = settle(model)(inputs)
    if channels_first:
        order = [0, *range(2, inputs.dim()), 1]
        inputs = inputs.permute(order)
        if outputs.dim() > 2:
            outputs = outputs.permute(order)
    tensors = {**model.state_dict(), "input": inputs, "output": outputs}
    path = Path(__file__).parent / f"torch-{name}.safetensors"
    save_file({key: value.detach().contiguous() for key, value in tensors.items()}, path, {"format": "pt"})


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(7, 6)
        self.norm = nn.LayerNorm(6)
        self.hidden = nn.Linear(6, 5)
        self.bend = nn.PReLU(5)
        self.head = nn.Linear(5, 3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.hidden(self.norm(self.words(x)))
        return self.head(self.bend(hidden.reshape(-1, 5)).reshape(hidden.shape))


record(
    "images",
    nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (1, 2), groups=2, bias=False),
        nn.Flatten(),
        nn.BatchNorm1d(6 * 3 * 3),
        nn.Dropout(),
        nn.Linear(6 * 3 * 3, 5),
        nn.ReLU(),
        nn.Linear(5, 2),
    ),
    torch.randn(3, 2, 6, 8),
    channels_first=True,
)
record(
    "transposed",
    nn.Sequential(nn.ConvTranspose2d(3, 4, (3, 2), stride=2), nn.GroupNorm(2, 4)),
    torch.randn(2, 3, 4, 5),
    channels_first=True,
)
record("sequence", nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), torch.randn(2, 3, 9), channels_first=True)
record("named", Named(), torch.tensor([[0, 6, 3], [2, 2, 5]]))
