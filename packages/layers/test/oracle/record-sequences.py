"""Records PyTorch's recurrent and attention modules in float64, as sequences.jsonl beside this file.

    python3 test/oracle/record-sequences.py        # needs torch; the tests need only the numbers

Weights are recorded as [in, out], the biases of attention's packed projection apart, and the two biases of RNN and LSTM as their
sum. Gradients are those of Σ y·dy. PyTorch's boolean masks forbid; those recorded allow.
"""

import json
import pathlib

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(30)


def recurrent(name, options):
    module = getattr(nn, name)(3, 4, batch_first=True, **options)
    x = torch.randn(2, 5, 3, requires_grad=True)
    state = [torch.randn(2, 4, requires_grad=True) for _ in range(2 if name == "LSTM" else 1)]
    first = tuple(part[None] for part in state)
    y, _ = module(x, first if name == "LSTM" else first[0])
    dy = torch.randn_like(y)
    y.backward(dy)
    weight, recurrentWeight, bias, second = [parameter for parameter in module.parameters()]
    parameters = dict(weight=weight.T, recurrentWeight=recurrentWeight.T)
    gradients = dict(weight=weight.grad.T, recurrentWeight=recurrentWeight.grad.T, bias=bias.grad)
    if name == "GRU":
        parameters |= dict(bias=bias, recurrentBias=second)
        gradients |= dict(recurrentBias=second.grad)
    else:
        parameters |= dict(bias=bias + second)
    return dict(
        name=name, options={"activation": "relu"} if options else {}, x=x, state=state, parameters=parameters, y=y, dy=dy,
        dx=x.grad, dstate=[part.grad for part in state], gradients=gradients,
    )


def attention(label, causal=False, cross=False, apart=False, mask=None):
    features, heads = 6, 2
    sizes = dict(kdim=5, vdim=3) if apart else {}
    module = nn.MultiheadAttention(features, heads, batch_first=True, **sizes)
    with torch.no_grad():
        module.in_proj_bias.copy_(torch.randn(3 * features))
        module.out_proj.bias.copy_(torch.randn(features))
    x = torch.randn(2, 4, features, requires_grad=True)
    inputs = [x, x, x]
    if cross:
        keys = torch.randn(2, 3, 5 if apart else features, requires_grad=True)
        inputs = [x, keys, torch.randn(2, 3, 3, requires_grad=True) if apart else keys]
    allowed = torch.ones(4, 4).tril().bool() if causal else mask
    forbidden = None if allowed is None else ~allowed if allowed.dtype == torch.bool else allowed
    y, _ = module(*inputs, attn_mask=forbidden)
    dy = torch.randn_like(y)
    y.backward(dy)
    weights = [module.q_proj_weight, module.k_proj_weight, module.v_proj_weight] if apart else module.in_proj_weight.chunk(3)
    slopes = [w.grad for w in weights] if apart else module.in_proj_weight.grad.chunk(3)
    parts = dict(zip(["query", "key", "value"], zip(weights, slopes, module.in_proj_bias.chunk(3), module.in_proj_bias.grad.chunk(3))))
    parts["output"] = (module.out_proj.weight, module.out_proj.weight.grad, module.out_proj.bias, module.out_proj.bias.grad)
    parameters, gradients = {}, {}
    for part, (weight, slope, bias, bend) in parts.items():
        parameters |= {f"{part}.weight": weight.T, f"{part}.bias": bias}
        gradients |= {f"{part}.weight": slope.T, f"{part}.bias": bend}
    distinct = [tensor for place, tensor in enumerate(inputs) if all(tensor is not other for other in inputs[:place])]
    return dict(
        label=label, causal=causal, inputs=distinct, parameters=parameters, y=y, dy=dy,
        mask=None if mask is None else mask, dinputs=[tensor.grad for tensor in distinct], gradients=gradients,
    )


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().double().tolist()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


record = dict(
    recurrent=[recurrent("RNN", {}), recurrent("RNN", dict(nonlinearity="relu")), recurrent("LSTM", {}), recurrent("GRU", {})],
    attention=[
        attention("self"),
        attention("causal", causal=True),
        attention("cross", cross=True),
        attention("cross with features apart", cross=True, apart=True),
        attention("masked", mask=torch.tensor([[1, 0, 1, 1], [0, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]).bool()),
    ],
)
lines = [json.dumps({name: plain(value)}, separators=(",", ":")) for name, value in record.items()]
pathlib.Path(__file__).with_name("sequences.jsonl").write_text("\n".join(lines) + "\n")
