// How ONNX's operators are said in our words, those of networks apart (onnx-networks.ts).
// Source: ONNX, "Operator Schemas", https://onnx.ai/onnx/operators/.

import type { DType, Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import type { Node, NodeRow, NodeRows } from "./onnx-record.ts";
import { count } from "./reference.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;
const unary =
  (f: Unary): NodeRow =>
  (node) =>
    f(node.x(0));
const binary =
  (f: Binary): NodeRow =>
  (node) =>
    f(node.x(0), node.x(1));
/** Any number of operands, one after the other. */
const folded =
  (f: Binary): NodeRow =>
  (node) =>
    node.all().reduce((a, b) => f(a, b));

const isInteger = ({ dtype }: Tensor): boolean => dtype === "int32" || dtype === "uint8";

/** Axes as the second input (since opset 18) or as an attribute; no axes mean all of them, or none. */
function axesOf(node: Node): number[] | undefined | null {
  const axes = node.numbers(1) ?? node.list("axes");
  if (axes !== null && axes.length > 0) return axes;
  return node.number("noop_with_empty_axes", 0) === 1 ? null : undefined;
}

type Reduce = (x: Tensor, axis?: ops.Axes, options?: { readonly keepDims?: boolean }) => Tensor;
const reduced =
  (f: Reduce, of: Unary = (x) => x, after: Unary = (y) => y): NodeRow =>
  (node) => {
    const axes = axesOf(node);
    if (axes === null) return node.x(0);
    return after(f(of(node.x(0)), axes, { keepDims: node.number("keepdims", 1) === 1 }));
  };

/** An extreme, which nothing has none of. */
const extreme =
  (f: Reduce): NodeRow =>
  (node) =>
    node.x(0).size === 0 ? "an extreme of nothing, which is refused" : reduced(f)(node);

type Place = (x: Tensor, axis: number, options: { readonly keepDims: boolean }) => Tensor;
const placed =
  (f: Place): NodeRow =>
  (node) => {
    const [x, axis, keepDims] = [node.x(0), node.number("axis", 0), node.number("keepdims", 1) === 1];
    if (node.number("select_last_index", 0) === 0) return f(x, axis, { keepDims });
    return ops.sub((x.shape[axis < 0 ? axis + x.rank : axis] ?? 1) - 1, f(ops.flip(x, axis), axis, { keepDims }));
  };

/** The range of each axis that Slice gives: `[start, end, step]`, with ends far out as "as far as there is". */
const sliced: NodeRow = (node) => {
  const x = node.x(0);
  const [starts, ends, steps] = [node.numbers(1) ?? [], node.numbers(2) ?? [], node.numbers(4)];
  const axes = (node.numbers(3) ?? starts.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const ranges = x.shape.map((size, axis): readonly [number, number | null, number] | null => {
    const place = axes.indexOf(axis);
    if (place < 0) return null;
    const [start = 0, end = 0, step] = [starts[place], ends[place], steps?.[place] ?? 1];
    return [start, step < 0 && end < -size ? null : end, step];
  });
  return ops.slice(x, ...ranges);
};

const padded: NodeRow = (node) => {
  const x = node.x(0);
  const [pads, value, axes] = [node.numbers(1) ?? [], node.numbers(2)?.[0] ?? 0, node.numbers(3)];
  const places = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + x.rank : axis));
  const widths = x.shape.map((_, axis): readonly [number, number] => {
    const place = places.indexOf(axis);
    return place < 0 ? [0, 0] : [pads[place] ?? 0, pads[place + places.length] ?? 0];
  });
  const mode = node.word("mode", "constant");
  if (mode === "constant") return ops.pad(x, widths, { value });
  return ops.pad(x, widths, { mode: mode === "edge" ? "replicate" : mode === "wrap" ? "circular" : "reflect" });
};

const splitted: NodeRow = (node) => {
  const [x, axis, sizes] = [node.x(0), node.number("axis", 0), node.numbers(1)];
  const size = x.shape[axis < 0 ? axis + x.rank : axis] ?? 0;
  return ops.split(x, sizes ?? Math.ceil(size / node.number("num_outputs", node.outputs)), axis);
};

const scattered: NodeRow = (node) => {
  const [x, indices, updates, axis] = [node.x(0), node.x(1), node.x(2), node.number("axis", 0)];
  const reduction = node.word("reduction", "none");
  if (reduction === "none") return ops.putAlongAxis(x, indices, updates, axis);
  return reduction === "add" ? ops.addAlongAxis(x, indices, updates, axis) : `scattering by ${reduction}`;
};

/** Indices count from the end where they are negative, and may be floats. */
const hot: NodeRow = (node) => {
  const [classes = 0] = node.numbers(1) ?? [];
  const [off = 0, on = 1] = node.numbers(2) ?? [];
  const indices = ops.mod(node.x(0).cast("int32"), classes);
  return ops.oneHot(indices, classes, { axis: node.number("axis", -1), values: [off, on], dtype: node.x(2).dtype });
};

const reshaped: NodeRow = (node) => {
  const x = node.x(0);
  const keeps = node.number("allowzero", 0) === 0;
  return x.reshape((node.numbers(1) ?? []).map((size, axis) => (size === 0 && keeps ? (x.shape[axis] ?? 0) : size)));
};

const expanded: NodeRow = (node) => {
  const [x, wanted] = [node.x(0), node.numbers(1) ?? []];
  const rank = Math.max(x.rank, wanted.length);
  const target = Array.from({ length: rank }, (_, axis) => {
    const [size, other] = [x.shape[axis - rank + x.rank] ?? 1, wanted[axis - rank + wanted.length] ?? 1];
    return size === 1 ? other : size;
  });
  return ops.broadcastTo(x, target);
};

const remainder: NodeRow = (node) => {
  const [a, b] = [node.x(0), node.x(1)];
  if (node.number("fmod", 0) === 0) return ops.mod(a, b);
  // What C's fmod leaves has the sign of a.
  return ops
    .sign(a)
    .mul(ops.mod(ops.abs(a), ops.abs(b)))
    .cast(a.dtype);
};

const gemm: NodeRow = (node) => {
  const side = (index: number, name: string): Tensor =>
    node.number(name, 0) === 1 ? node.x(index).transpose() : node.x(index);
  const product = ops.matmul(side(0, "transA"), side(1, "transB")).mul(node.number("alpha", 1));
  const c = node.maybe(2);
  return c === null ? product : product.add(c.mul(node.number("beta", 1)));
};

const dtypes: Readonly<Record<number, DType>> = { 1: "float32", 6: "int32", 7: "int32", 9: "bool", 11: "float64" };

const eyeLike: NodeRow = (node) => {
  const [rows = 0, columns = 0] = node.x(0).shape;
  const dtype = dtypes[node.number("dtype", 0)] ?? node.x(0).dtype;
  // Ones where column − row = k.
  const places = ops.arange(rows).add(node.number("k", 0)).reshape([rows, 1]);
  return ops.eq(ops.arange(columns), places).cast(dtype);
};

const infinite: NodeRow = (node) => {
  const { POSITIVE_INFINITY: high, NEGATIVE_INFINITY: low } = Number;
  const x = node.x(0);
  if (node.number("detect_negative", 1) === 0) return x.eq(high);
  return node.number("detect_positive", 1) === 0 ? x.eq(low) : ops.logicalOr(x.eq(high), x.eq(low));
};

/** The operators beside those of networks. */
export const generalNodes: NodeRows = {
  Abs: unary(ops.abs),
  Acos: unary(ops.acos),
  Asin: unary(ops.asin),
  Atan: unary(ops.atan),
  Ceil: unary(ops.ceil),
  Cos: unary(ops.cos),
  Cosh: unary(ops.cosh),
  Erf: unary(ops.erf),
  Exp: unary(ops.exp),
  Floor: unary(ops.floor),
  Identity: unary(ops.clone),
  IsInf: infinite,
  IsNaN: unary(ops.isNaN),
  Log: unary(ops.log),
  Neg: unary(ops.neg),
  Not: unary(ops.logicalNot),
  Reciprocal: unary(ops.reciprocal),
  Round: unary(ops.round),
  Sign: unary(ops.sign),
  Sin: unary(ops.sin),
  Sinh: unary(ops.sinh),
  Sqrt: unary(ops.sqrt),
  Tan: unary(ops.tan),
  Tanh: unary(ops.tanh),
  Add: binary(ops.add),
  Sub: binary(ops.sub),
  Mul: binary(ops.mul),
  // A quotient of integers is whole there.
  Div: binary((a, b) => (isInteger(a) ? ops.div(a, b).trunc().cast("int32") : ops.div(a, b))),
  Mod: remainder,
  // A power has the base's type there.
  Pow: binary((a, b) => ops.pow(a, b).cast(a.dtype)),
  Equal: binary(ops.eq),
  Greater: binary(ops.gt),
  GreaterOrEqual: binary(ops.ge),
  Less: binary(ops.lt),
  LessOrEqual: binary(ops.le),
  And: binary(ops.logicalAnd),
  Or: binary(ops.logicalOr),
  Xor: binary(ops.logicalXor),
  Max: folded(ops.maximum),
  Min: folded(ops.minimum),
  Sum: folded(ops.add),
  Mean: (node) =>
    node
      .all()
      .reduce((a, b) => a.add(b))
      .div(node.all().length),
  Where: (node) => ops.where(node.x(0), node.x(1), node.x(2)),
  Clip: (node) =>
    ops.clip(node.x(0), node.maybe(1) ?? Number.NEGATIVE_INFINITY, node.maybe(2) ?? Number.POSITIVE_INFINITY),
  ArgMax: placed(ops.argMax),
  ArgMin: placed(ops.argMin),
  ReduceSum: reduced(ops.sum),
  ReduceMean: reduced(ops.mean),
  ReduceProd: reduced(ops.prod),
  ReduceMax: extreme((x, axis, options) =>
    x.dtype === "bool" ? ops.any(x, axis, options) : ops.max(x, axis, options),
  ),
  ReduceMin: extreme((x, axis, options) =>
    x.dtype === "bool" ? ops.all(x, axis, options) : ops.min(x, axis, options),
  ),
  ReduceL1: reduced((x, axis, options) => ops.norm(x, axis, { ...options, p: 1 })),
  ReduceL2: reduced((x, axis, options) => ops.norm(x, axis, { ...options, p: 2 })),
  ReduceLogSum: reduced(ops.sum, undefined, ops.log),
  ReduceLogSumExp: reduced(ops.logSumExp),
  ReduceSumSquare: reduced(ops.sum, ops.square),
  CumSum: (node) =>
    ops.cumSum(node.x(0), node.numbers(1)?.[0] ?? 0, {
      exclusive: node.number("exclusive", 0) === 1,
      reverse: node.number("reverse", 0) === 1,
    }),
  Concat: (node) => ops.concat(node.all(), node.number("axis", 0)),
  Expand: expanded,
  Flatten: (node) => {
    const [x, axis] = [node.x(0), node.number("axis", 1)];
    return x.reshape([count(x.shape.slice(0, axis)), count(x.shape.slice(axis))]);
  },
  Pad: padded,
  Reshape: reshaped,
  Slice: sliced,
  Split: splitted,
  Squeeze: (node) =>
    (node.numbers(1) ?? [])
      .map((axis) => (axis < 0 ? axis + node.x(0).rank : axis))
      .sort((a, b) => b - a)
      .reduce<Tensor>((x, axis) => ops.squeeze(x, axis), node.x(0)),
  Unsqueeze: (node) => {
    const rank = node.x(0).rank + (node.numbers(1) ?? []).length;
    const axes = (node.numbers(1) ?? []).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    return axes.reduce<Tensor>((x, axis) => ops.unsqueeze(x, axis), node.x(0));
  },
  Tile: (node) => ops.tile(node.x(0), node.numbers(1) ?? []),
  Transpose: (node) =>
    ops.permute(
      node.x(0),
      node.list("perm") ??
        node
          .x(0)
          .shape.map((_, axis) => axis)
          .reverse(),
    ),
  Trilu: (node) => {
    const [x, k] = [node.x(0), node.numbers(1)?.[0] ?? 0];
    return node.number("upper", 1) === 1 ? ops.triu(x, k) : ops.tril(x, k);
  },
  EyeLike: eyeLike,
  Range: (node) => {
    const [start = 0, end = 0, step = 1] = [0, 1, 2].map((index) => node.numbers(index)?.[0]);
    return ops.arange(end, { start, step, dtype: node.x(0).dtype });
  },
  Shape: (node) => {
    const { shape, rank } = node.x(0);
    return ops.tensor(Int32Array.from(shape.slice(node.number("start", 0), node.number("end", rank))));
  },
  Size: (node) => ops.tensor(node.x(0).size, { dtype: "int32" }),
  Gather: (node) => ops.gather(node.x(0), node.x(1), node.number("axis", 0)),
  GatherElements: (node) => ops.takeAlongAxis(node.x(0), node.x(1), node.number("axis", 0)),
  ScatterElements: scattered,
  OneHot: hot,
  TopK: (node) => {
    const options = { axis: node.number("axis", -1), largest: node.number("largest", 1) === 1 };
    const { values, indices } = ops.topK(node.x(0), node.numbers(1)?.[0] ?? 0, options);
    return [values, indices];
  },
  MatMul: binary(ops.matmul),
  Gemm: gemm,
  Einsum: (node) => ops.einsum(node.word("equation", ""), ...node.all()),
};
