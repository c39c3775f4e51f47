"""Records movements, joinings and contractions of PyTorch in float64: inputs, the result, and the gradients of Σ result[k] / (k + 1).

Run `python3 record-movement.py` with PyTorch 1.13 or later to write movement.jsonl anew, one case a line: the operator's name, its plain
arguments as ours takes them, and the tensors. The tests only read that file.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, phase=0.0):
    k = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.sin(1.7 * k * k + 0.9 * k + phase).reshape(shape)


def flat(x):
    return {"shape": list(x.shape), "values": [float(f"{v:.15g}") for v in x.detach().reshape(-1).tolist()]}


def case(name, args, f, *shapes):
    xs = [wave(shape, 0.4 * i).requires_grad_(True) for i, shape in enumerate(shapes)]
    y = f(*xs)
    weights = 1 / (torch.arange(y.numel(), dtype=torch.float64) + 1).reshape(y.shape)
    (y * weights).sum().backward()
    gradients = [flat(torch.zeros_like(x) if x.grad is None else x.grad)["values"] for x in xs]
    return {"name": name, "args": args, "inputs": [flat(x) for x in xs], "output": flat(y), "gradients": gradients}


def padded(shape, widths, mode, value=0.0):
    """Ours pads the first axis first; PyTorch the last, and outside of mode constant only the last axes of a batch of channels."""
    reverse = [w for pair in reversed(widths) for w in pair]
    options = {"value": value} if mode == "constant" else {}
    used = len(widths) if mode == "constant" else len(shape) - 2
    return case("pad", [widths, {"mode": mode, **options}], lambda x: F.pad(x, reverse[: 2 * used], mode=mode, **options), shape)


cases = [
    *[case("flip", [axes], lambda x: x.flip(axes), shape) for shape, axes in [
        ([4], [0]), ([3, 4], [0, 1]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [-2]), ([0, 3], [0]), ([1, 1], [1])]],
    *[case("roll", [shifts, axes], lambda x: x.roll(shifts, axes), shape) for shape, shifts, axes in [
        ([5], 2, 0), ([5], -7, 0), ([3, 4], [1, -1], [0, 1]), ([2, 3, 4], [5, 3], [2, 2]), ([3, 4], 0, 1), ([0, 2], 1, 0)]],
    *[case("roll", [shift], lambda x: x.roll(shift), shape) for shape, shift in [([2, 3], 4), ([2, 2, 2], -1)]],
    *[case("tile", [repeats], lambda x: x.tile(repeats), shape) for shape, repeats in [
        ([3], [2]), ([2, 3], [3]), ([2, 3], [2, 1, 2]), ([2, 1, 3], [1, 4, 2]), ([], [3]), ([2], [0]), ([2, 0], [2, 2]), ([2], [])]],
    *[case(name, [k], lambda x: f(x, k), shape) for name, f in [("tril", torch.tril), ("triu", torch.triu)]
      for shape in [[3, 3], [2, 4], [4, 2], [2, 3, 4], [0, 3], [1, 1]] for k in [0, 1, -1, 3, -4]],
    *[case("diagonal", [{"offset": o, "axis1": a, "axis2": b}], lambda x: x.diagonal(o, a, b), shape) for shape, o, a, b in [
        ([3, 3], 0, 0, 1), ([3, 4], 1, 0, 1), ([4, 3], -2, 0, 1), ([3, 4], 5, 0, 1), ([3, 3], -3, 0, 1), ([2, 3, 4], 0, -1, -2),
        ([2, 3, 4], 1, 0, 2), ([2, 3, 4, 3], -1, 1, 3), ([0, 3], 0, 0, 1), ([3, 3], 1, 1, 0)]],
    *[padded(shape, widths, "constant", value) for shape, widths, value in [
        ([3], [[1, 2]], 0.0), ([2, 3], [[1, 0], [2, 1]], 7.5), ([2, 3], [[-1, 1], [2, -1]], -1.0), ([4], [[-2, -2]], 0.0), ([], [], 0.0),
        ([0, 2], [[1, 1], [0, 0]], 3.0), ([2, 2, 2], [[0, 0], [1, 1], [0, 0]], 1.0), ([5], [[-1, 3]], 0.0)]],
    *[padded([1, 1, *shape], [[0, 0], [0, 0], *widths], mode) for mode in ["reflect", "replicate", "circular"] for shape, widths in [
        ([4], [[2, 3]]), ([4], [[0, 1]]), ([3, 4], [[1, 2], [3, 0]]), ([2, 2], [[1, 1], [1, 1]])]],
    *[padded([1, 1, 3], [[0, 0], [0, 0], [7, 5]], "replicate"), padded([1, 2, 3], [[0, 0], [0, 0], [3, 3]], "circular")],
    *[case("concat", [axis], lambda *xs: torch.cat(xs, axis), *shapes) for axis, shapes in [
        (0, [[2], [3]]), (1, [[2, 3], [2, 1], [2, 2]]), (-1, [[2, 2, 0], [2, 2, 3]]), (0, [[1, 2], [3, 2]]), (1, [[2, 1, 2], [2, 2, 2]])]],
    *[case("stack", [axis], lambda *xs: torch.stack(xs, axis), *shapes) for axis, shapes in [
        (0, [[2], [2]]), (1, [[2, 3], [2, 3], [2, 3]]), (-1, [[2, 3], [2, 3]]), (0, [[], []]), (1, [[2, 0], [2, 0]])]],
    *[case("split", [sizes, axis, i], lambda x: x.split(sizes, axis)[i], shape) for shape, sizes, axis, i in [
        ([5], 2, 0, 0), ([5], 2, 0, 2), ([2, 6], 3, 1, 1), ([2, 6], [1, 2, 3], -1, 2), ([4, 2], [0, 4], 0, 0), ([3], 7, 0, 0)]],
    *[case("einsum", [equation], lambda *xs: torch.einsum(equation, *xs), *shapes) for equation, shapes in [
        ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,kj", [[2, 3], [4, 3]]), ("ba,cb", [[2, 3], [4, 2]]), ("i,j->ij", [[2], [3]]), ("i,i->", [[4], [4]]),
        ("ii", [[3, 3]]), ("ii->i", [[3, 3]]), ("iji->j", [[3, 2, 3]]), ("ij->ji", [[2, 3]]), ("ijk->j", [[2, 3, 4]]), ("ij->", [[2, 3]]),
        ("bij,bjk->bik", [[2, 3, 4], [2, 4, 2]]), ("bij,bjk->ik", [[2, 3, 4], [2, 4, 2]]), ("...ij,...jk", [[2, 3, 4], [4, 2]]),
        ("...ij,...jk->...ik", [[2, 1, 3, 4], [3, 4, 2]]), ("i...,i...->...", [[3, 2], [3, 2]]), ("...->...", [[2, 3]]), ("...i->i...", [[2, 3, 4]]),
        ("bn,anm,bm->ba", [[2, 3], [5, 3, 4], [2, 4]]), ("i,j,k->ijk", [[2], [3], [2]]), ("ij,jk,kl->il", [[2, 3], [3, 2], [2, 4]]),
        ("ii,ij->j", [[3, 3], [3, 2]]), ("iij,jkk->ik", [[2, 2, 3], [3, 4, 4]]), ("ij,ij->ij", [[2, 3], [2, 3]]), ("ij,ij->i", [[2, 3], [2, 3]]),
        ("ij,jk->ik", [[2, 1], [3, 4]]), ("bhqd,bhkd->bhqk", [[2, 2, 3, 4], [2, 2, 5, 4]]), ("Ab,bA->A", [[2, 3], [3, 2]]), ("i,->i", [[3], []]),
        ("ij,jk->ik", [[0, 3], [3, 2]]), ("ij,jk->ik", [[2, 0], [0, 3]]), ("...a,...a->...", [[2, 3, 4], [3, 4]]), ("a...b,b->a...", [[2, 3, 2, 4], [4]]),
        (" i j , j -> i ", [[2, 3], [3]]), ("ij,k->", [[2, 3], [4]]), ("ij,j,i->", [[2, 3], [3], [2]]), ("...ii->...i", [[2, 3, 3]])]],
    case("outer", [], torch.outer, [3], [2]),
    case("outer", [], torch.outer, [0], [2]),
    case("dot", [], torch.dot, [4], [4]),
    case("dot", [], torch.dot, [0], [0]),
    *[case("matmul", [], torch.matmul, a, b) for a, b in [
        ([3], [3]), ([2, 3], [3]), ([3], [3, 2]), ([4, 2, 3], [3]), ([3], [4, 3, 2]), ([2, 1, 2, 3], [4, 3, 2]), ([2, 3], [4, 3, 2]),
        ([5, 2, 3], [1, 3, 2]), ([2, 2, 0], [2, 0, 3]), ([1, 1], [1, 1])]],
]

target = pathlib.Path(__file__).with_name("movement.jsonl")
target.write_text("\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n")
