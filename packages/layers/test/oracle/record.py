"""Records what PyTorch computes in float64 for the layers of this package, as pytorch.jsonl beside this file.

    python3 test/oracle/record.py        # needs torch; the tests need only the numbers

PyTorch keeps a Dense weight as [out, in]; here it is recorded as [in, out]. Its BatchNorm weighs the new value by
`momentum`, and its running variance is unbiased; the biased convention is written out with its operations.
"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def dense():
    x, weight, bias, dy = leaf(4, 3), leaf(3, 5), leaf(5), torch.randn(4, 5)
    y = F.linear(x, weight.T, bias)
    y.backward(dy)
    return dict(x=x, weight=weight, bias=bias, dy=dy, y=y, dx=x.grad, dweight=weight.grad, dbias=bias.grad)


def batch_norm(shape, axis, momentum, epsilon, unbiased):
    """Three training batches, the gradients of the first, an evaluation. `momentum` weighs the old value, None averages."""
    features = shape[axis]
    axes = [other for other in range(len(shape)) if other != axis]
    layer = nn.BatchNorm1d(features, eps=epsilon, momentum=None if momentum is None else 1 - momentum)
    if len(shape) == 4:
        layer = nn.BatchNorm2d(features, eps=epsilon, momentum=None if momentum is None else 1 - momentum)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(features))
        layer.bias.copy_(torch.randn(features))
    batches = [(3 * torch.randn(*shape) + 1).requires_grad_() for _ in range(3)]
    dy = torch.randn(*shape)
    mean, variance = torch.zeros(features), torch.ones(features)
    outputs = []
    for count, batch in enumerate(batches):
        outputs.append(layer(batch))
        keep = count / (count + 1) if momentum is None else momentum
        mean = keep * mean + (1 - keep) * batch.detach().mean(axes)
        variance = keep * variance + (1 - keep) * batch.detach().var(axes, unbiased=unbiased)
    outputs[0].backward(dy)
    assert torch.allclose(mean, layer.running_mean)
    assert not unbiased or torch.allclose(variance, layer.running_var)
    evaluated = F.batch_norm(batches[0], mean, variance, layer.weight, layer.bias, training=False, eps=epsilon)
    return dict(
        features=features, axis=axis, momentum=momentum, epsilon=epsilon, unbiasedVariance=unbiased,
        gamma=layer.weight, beta=layer.bias, batches=torch.stack(batches), dy=dy, outputs=torch.stack(outputs),
        dx=batches[0].grad, dgamma=layer.weight.grad, dbeta=layer.bias.grad,
        runningMean=mean, runningVariance=variance, evaluated=evaluated,
    )


def losses():
    logits, labels = leaf(5, 4), torch.tensor([3, 0, 2, 2, 1])
    entropy = F.cross_entropy(logits, labels)
    entropy.backward()
    prediction, target = leaf(3, 2), torch.randn(3, 2)
    squared = F.mse_loss(prediction, target)
    squared.backward()
    return dict(
        logits=logits, labels=labels, crossEntropy=entropy, dlogits=logits.grad,
        prediction=prediction, target=target, meanSquaredError=squared, dprediction=prediction.grad,
    )


def initializers():
    """Standard deviation and greatest magnitude of large samples, of kernels [in, out] and [height, width, in, out]."""
    rules = {
        "xavierUniform": nn.init.xavier_uniform_,
        "xavierNormal": nn.init.xavier_normal_,
        "heUniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        "heNormal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    }
    rows = []
    for name, fill in rules.items():
        for shape in ([600, 400], [3, 5, 100, 60]):
            turned = shape[::-1] if len(shape) == 2 else [shape[3], shape[2], shape[0], shape[1]]
            sample = fill(torch.empty(*turned))
            rows.append(dict(name=name, shape=shape, standardDeviation=sample.std(), greatest=sample.abs().max()))
    spread = math.sqrt(1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)))
    sigma = 0.02 / spread
    sample = nn.init.trunc_normal_(torch.empty(240_000), std=sigma, a=-2 * sigma, b=2 * sigma)
    spread_of = dict(standardDeviation=sample.std(), greatest=sample.abs().max())
    rows.append(dict(name="truncatedNormal", shape=[600, 400], **spread_of))
    return rows


def trajectory():
    """Five steps of gradient descent on Dense, BatchNorm, ReLU, Dense, and the logits in evaluation afterwards."""
    x, labels = torch.randn(8, 6), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5, eps=1e-5, momentum=0.1), nn.ReLU(), nn.Linear(5, 3))
    start = {name: value.clone().T if value.ndim == 2 else value.clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    history = []
    for _ in range(5):
        loss = F.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss)
    logits = model.eval()(x)
    return dict(x=x, labels=labels, parameters=list(start.values()), losses=torch.stack(history), logits=logits)


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


record = dict(
    dense=dense(),
    batchNorm=[
        batch_norm([6, 4], axis=1, momentum=0.99, epsilon=1e-3, unbiased=False),
        batch_norm([6, 4], axis=1, momentum=0.9, epsilon=1e-5, unbiased=True),
        batch_norm([6, 4], axis=1, momentum=None, epsilon=1e-5, unbiased=True),
        batch_norm([3, 4, 2, 2], axis=1, momentum=0.9, epsilon=1e-5, unbiased=True),
    ],
    losses=losses(),
    initializers=initializers(),
    trajectory=trajectory(),
)
lines = [json.dumps({name: plain(value)}, separators=(",", ":")) for name, value in record.items()]
pathlib.Path(__file__).with_name("pytorch.jsonl").write_text("\n".join(lines) + "\n")
