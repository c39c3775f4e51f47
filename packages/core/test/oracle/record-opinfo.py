"""Records the samples of PyTorch's own operator database (OpInfo) in float64: what an operator is given, what it gives, and the
gradients of Σ output[k] / (k + 1).

Run `python3 record-opinfo.py [samples per operator] [elements per tensor]` with PyTorch 1.13 or later (and the module `expecttest`,
which its test code imports) to write opinfo.jsonl anew, one sample a line; the tests only read that file. Samples are chosen evenly
among those that fit the limits. Tensors are `{"s": shape, "v": values, "d": dtype}`; infinities and NaN are strings.
"""

import json
import math
import pathlib
import random
import sys

import torch

try:
    from torch.testing._internal.common_methods_invocations import op_db
except ModuleNotFoundError as missing:
    sys.exit(f"{missing}: PyTorch's test code needs it (pip install expecttest)")

names = """
abs acos add all amax amin any argmax argmin argsort asin atan atan2 broadcast_to cat ceil clamp cos cosh cumprod cumsum diagonal
div dot einsum eq erf exp expm1 flatten flip floor gather ge gt index_select isfinite isnan le lerp linalg.vector_norm log log1p log2
log_softmax logical_and logical_not logical_or logical_xor logsumexp lt masked_fill matmul max maximum mean min minimum mul mm bmm mv
ne neg nn.functional._scaled_dot_product_attention nn.functional.adaptive_avg_pool2d nn.functional.avg_pool1d
nn.functional.avg_pool2d nn.functional.batch_norm nn.functional.binary_cross_entropy
nn.functional.binary_cross_entropy_with_logits nn.functional.celu nn.functional.conv1d nn.functional.conv2d
nn.functional.conv_transpose1d nn.functional.conv_transpose2d nn.functional.cosine_similarity nn.functional.cross_entropy
nn.functional.elu nn.functional.embedding nn.functional.gelu nn.functional.group_norm nn.functional.hardsigmoid
nn.functional.hardswish nn.functional.hardtanh nn.functional.huber_loss nn.functional.kl_div nn.functional.l1_loss
nn.functional.layer_norm nn.functional.leaky_relu nn.functional.linear nn.functional.logsigmoid nn.functional.max_pool2d
nn.functional.mish nn.functional.mse_loss nn.functional.nll_loss nn.functional.one_hot nn.functional.pad nn.functional.prelu
nn.functional.relu nn.functional.relu6 nn.functional.selu nn.functional.silu nn.functional.smooth_l1_loss nn.functional.softplus
nn.functional.softsign nn.functional.triplet_margin_loss nn.functional.unfold outer permute pow prod reciprocal remainder reshape roll
round rsqrt scatter_add sigmoid sign sin sinh slice softmax sort split split_with_sizes sqrt square squeeze stack std sub sum
take_along_dim tan tanh tile topk transpose tril triu trunc unsqueeze var where
""".split()


def plain(v):
    if isinstance(v, bool):
        return v
    if v != v:
        return "nan"
    if v in (math.inf, -math.inf):
        return "inf" if v > 0 else "-inf"
    return int(v) if v == int(v) and abs(v) < 2**53 else float(f"{v:.15g}")


dtypes = {torch.float64: "float64", torch.int64: "int32", torch.bool: "bool", torch.int32: "int32", torch.uint8: "uint8"}


def encode(x):
    """A value as JSON; tensors as objects."""
    if isinstance(x, torch.Tensor):
        if x.dtype not in dtypes:
            raise ValueError(f"dtype {x.dtype}")
        return {"s": list(x.shape), "v": [plain(v) for v in x.detach().reshape(-1).tolist()], "d": dtypes[x.dtype]}
    if isinstance(x, (list, tuple, torch.Size)):
        return [encode(v) for v in x]
    if isinstance(x, dict):
        return {k: encode(v) for k, v in x.items()}
    if isinstance(x, torch.dtype):
        return dtypes[x]
    if x is None or isinstance(x, (bool, str)):
        return x
    if isinstance(x, (int, float)):
        return plain(x)
    raise ValueError(f"{type(x)}")


def tensors(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, (list, tuple)):
        return [t for v in x for t in tensors(v)]
    if isinstance(x, dict):
        return [t for v in x.values() for t in tensors(v)]
    return []


def fresh(x):
    """The same arguments as leaves of a graph of their own, in the memory layout they had."""
    if isinstance(x, torch.Tensor):
        copy = x.detach().clone()
        return copy.requires_grad_(x.requires_grad) if x.is_floating_point() else copy
    if isinstance(x, (list, tuple)):
        return type(x)([fresh(v) for v in x]) if type(x) in (list, tuple) else x
    if isinstance(x, dict):
        return {k: fresh(v) for k, v in x.items()}
    return x


def record(op, sample):
    arguments = fresh([sample.input, *sample.args])
    options = fresh(dict(sample.kwargs))
    output = op.op(*arguments, **options)
    if "attention" in op.name:
        output = output[0]  # without the weights
    outputs = tensors(output)
    leaves = [t for t in tensors(arguments) + tensors(options) if t.is_floating_point()]
    weighted = [
        (o / (torch.arange(o.numel(), dtype=torch.float64) + 1).reshape(o.shape)).sum()
        for o in outputs
        if o.is_floating_point() and o.requires_grad
    ]
    gradients = None
    if weighted:
        found = torch.autograd.grad(sum(weighted), [t for t in leaves if t.requires_grad], allow_unused=True)
        queue = list(found)
        gradients = [
            None if not t.requires_grad else encode(torch.zeros_like(t) if (g := queue.pop(0)) is None else g)["v"]
            for t in leaves
        ]
    kind = "list" if isinstance(output, (list, tuple)) else "one"
    return {
        "op": op.name,
        **({"variant": op.variant_test_name} if op.variant_test_name else {}),
        "args": encode(arguments),
        "options": encode(options),
        "output": [encode(o) for o in outputs] if kind == "list" else encode(output),
        **({"gradients": gradients} if gradients is not None else {}),
    }


def main():
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    path = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else pathlib.Path(__file__).with_name("opinfo.jsonl")
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    lines, skipped = [], 0
    for op in op_db:
        if op.name not in names:
            continue
        torch.manual_seed(seed)
        random.seed(seed)
        try:
            samples = list(op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd))
        except Exception as error:
            print(f"{op.name}: no samples: {str(error)[:90]}", file=sys.stderr)
            continue
        fitting = []
        for sample in samples:
            inputs = tensors([sample.input, sample.args, sample.kwargs])
            if all(t.numel() <= size for t in inputs) and not sample.kwargs.get("return_indices"):
                fitting.append(sample)
        count = min(most, len(fitting))
        for index in range(count):
            sample = fitting[index * len(fitting) // count]
            try:
                lines.append(json.dumps(record(op, sample), separators=(",", ":"), allow_nan=False))
            except Exception as error:
                skipped += 1
                print(f"{op.name}: a sample was left out: {type(error).__name__} {str(error)[:90]}", file=sys.stderr)
    path.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} samples of {len(set(json.loads(line)['op'] for line in lines))} operators, {skipped} left out", file=sys.stderr)


main()
