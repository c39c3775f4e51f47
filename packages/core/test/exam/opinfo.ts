// How the operators of PyTorch's database are said in our words, those of networks apart (opinfo-networks.ts). A row gives null for a
// sample that asks for what we say otherwise or refuse.

import * as ops from "../../src/index.ts";
import { Tensor } from "../../src/index.ts";
import { axes, list, maybe, n, type Options, type Row, type Rows, tensors, type Values, x } from "./opinfo-record.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;
const unary =
  (f: Unary): Row =>
  ([a]) =>
    f(x(a));
const binary =
  (f: Binary): Row =>
  ([a, b], { alpha }) =>
    alpha === undefined || alpha === 1 ? f(x(a), x(b)) : f(x(a), x(b).mul(n(alpha)));

type Reduce = (x: Tensor, axis?: ops.Axes, options?: { readonly keepDims?: boolean }) => Tensor;
const reduced =
  (f: Reduce): Row =>
  ([a, dim, keep], { dim: named = dim, keepdim = keep }) =>
    f(x(a), axes(named), { keepDims: keepdim === true });

type Spread = (x: Tensor, axis?: ops.Axes, options?: ops.VarianceOptions) => Tensor;
const spread =
  (f: Spread): Row =>
  ([a, first, unbiased], { dim, keepdim, correction, unbiased: named }) => {
    const whole = typeof first === "boolean";
    const axis = axes(dim ?? (whole ? undefined : first));
    const biased = (whole ? first : (named ?? unbiased)) === false;
    return f(x(a), axis, {
      keepDims: keepdim === true,
      correction: typeof correction === "number" ? correction : biased ? 0 : 1,
    });
  };

/** The operators of the database. */
export const generalRows: Rows = {
  abs: unary(ops.abs),
  acos: unary(ops.acos),
  asin: unary(ops.asin),
  atan: unary(ops.atan),
  ceil: unary(ops.ceil),
  cos: unary(ops.cos),
  cosh: unary(ops.cosh),
  erf: unary(ops.erf),
  exp: unary(ops.exp),
  expm1: unary(ops.expm1),
  floor: unary(ops.floor),
  isfinite: unary(ops.isFinite),
  isnan: unary(ops.isNaN),
  log: unary(ops.log),
  log1p: unary(ops.log1p),
  logical_not: unary(ops.logicalNot),
  neg: unary(ops.neg),
  reciprocal: unary(ops.reciprocal),
  round: ([a], { decimals = 0 }) => (decimals === 0 ? ops.round(x(a)) : null),
  rsqrt: unary(ops.rsqrt),
  sigmoid: unary(ops.sigmoid),
  sign: unary(ops.sign),
  sin: unary(ops.sin),
  sinh: unary(ops.sinh),
  sqrt: unary(ops.sqrt),
  square: unary(ops.square),
  tan: unary(ops.tan),
  tanh: unary(ops.tanh),
  trunc: unary(ops.trunc),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: ([a, b], { rounding_mode: mode }) => {
    const quotient = ops.div(x(a), x(b));
    return mode === "floor" ? quotient.floor() : mode === "trunc" ? quotient.trunc() : quotient;
  },
  pow: binary(ops.pow),
  remainder: binary(ops.mod),
  atan2: binary(ops.atan2),
  maximum: binary(ops.maximum),
  minimum: binary(ops.minimum),
  eq: binary(ops.eq),
  ne: binary(ops.ne),
  lt: binary(ops.lt),
  le: binary(ops.le),
  gt: binary(ops.gt),
  ge: binary(ops.ge),
  logical_and: binary(ops.logicalAnd),
  logical_or: binary(ops.logicalOr),
  logical_xor: binary(ops.logicalXor),
  clamp: ([a, low, high]) =>
    ops.clip(x(a), maybe(low) ?? Number.NEGATIVE_INFINITY, maybe(high) ?? Number.POSITIVE_INFINITY),
  where: ([a, condition, b]) => ops.where(x(condition), x(a), x(b)),
  sum: reduced(ops.sum),
  mean: reduced(ops.mean),
  prod: ([a, dim], { keepdim }) => ops.prod(x(a), axes(dim), { keepDims: keepdim === true }),
  amax: reduced(ops.max),
  amin: reduced(ops.min),
  all: reduced(ops.all),
  any: reduced(ops.any),
  max: (args, options) => extremes(ops.maximum, ops.max, ops.argMax, args, options),
  min: (args, options) => extremes(ops.minimum, ops.min, ops.argMin, args, options),
  argmax: reduced((a, axis, options) => ops.argMax(a, onlyAxis(axis), options)),
  argmin: reduced((a, axis, options) => ops.argMin(a, onlyAxis(axis), options)),
  logsumexp: ([a, dim, keep]) => ops.logSumExp(x(a), axes(dim), { keepDims: keep === true }),
  var: spread(ops.variance),
  std: spread(ops.std),
  softmax: ([a, axis]) => ops.softmax(x(a), n(axis)),
  log_softmax: ([a, axis]) => ops.logSoftmax(x(a), n(axis)),
  matmul: binary(ops.matmul),
  mm: binary(ops.matmul),
  bmm: binary(ops.matmul),
  mv: binary(ops.matmul),
  broadcast_to: ([a, shape]) => ops.broadcastTo(x(a), list(shape)),
  reshape: ([a, shape]) => ops.reshape(x(a), list(shape)),
  flatten: ([a], { start_dim: first, end_dim: last }) => ops.flatten(x(a), n(first, 0), n(last, -1)),
  permute: ([a, order]) => ops.permute(x(a), list(order)),
  transpose: ([a, first, second]) => (x(a).rank === 0 ? null : ops.transpose(x(a), n(first), n(second))),
  squeeze: ([a, axis]) => {
    const input = x(a);
    // A size other than 1 stays as it is there, and is an error here.
    if (axis !== undefined && (input.rank === 0 || input.shape.at(n(axis)) !== 1)) return null;
    return axis === undefined ? ops.squeeze(input) : ops.squeeze(input, n(axis));
  },
  unsqueeze: ([a, axis]) => ops.unsqueeze(x(a), n(axis)),
  slice: ([a, axis]) => ops.slice(x(a), ...Array.from({ length: n(axis, 0) + 1 }, () => null)),
  cat: ([parts, positional], { dim = positional }) => {
    const all = tensors(parts);
    // An empty vector beside anything is a relic that PyTorch itself calls legacy.
    if (new Set(all.map(({ rank }) => rank)).size > 1) return null;
    return ops.concat(all, n(dim, 0));
  },
  stack: ([parts, axis]) => ops.stack(tensors(parts), n(axis, 0)),
  gather: ([a, axis, indices]) => {
    const [source, places] = [x(a), x(indices)];
    if (source.rank === 0 || places.dtype !== "int32") return null;
    // Indices may be shorter than the source along the other axes: they reach its first elements.
    const along = n(axis) < 0 ? n(axis) + source.rank : n(axis);
    const reached = places.shape.map((size, other) => (other === along ? null : ([0, size] as const)));
    return ops.takeAlongAxis(ops.slice(source, ...reached), places, along);
  },
  take_along_dim: ([a, indices, axis]) =>
    axis === undefined ? ops.takeAlongAxis(x(a), x(indices)) : ops.takeAlongAxis(x(a), x(indices), n(axis)),
  index_select: ([a, axis, indices]) => (x(a).rank === 0 ? null : ops.gather(x(a), x(indices), n(axis))),
  scatter_add: ([a, axis, indices, source]) => {
    if (x(a).rank === 0 || x(indices).dtype !== "int32") return null;
    const reached = x(indices).shape.map((size) => [0, size] as const);
    return ops.addAlongAxis(x(a), x(indices), ops.slice(x(source), ...reached), n(axis));
  },
  "nn.functional.embedding": ([weight, indices], { padding_idx: padding }) => {
    const table = ops.reshape(x(weight), [x(weight).shape[0] ?? 0, -1]);
    return ops.embedding(
      table,
      x(indices),
      padding === undefined || padding === null ? {} : { paddingIndex: n(padding) },
    );
  },
  "nn.functional.one_hot": ([indices, classes]) => ops.oneHot(x(indices), n(classes)),
  cumsum: ([a, axis]) => ops.cumSum(x(a), n(axis)),
  cumprod: ([a, axis]) => ops.cumProd(x(a), n(axis)),
  sort: ([a, axis, descending], options) => {
    const order = { axis: n(options["dim"] ?? axis, -1), descending: (options["descending"] ?? descending) === true };
    const { values, indices } = ops.sort(x(a), order);
    return [values, indices];
  },
  argsort: ([a, axis, descending]) => ops.argSort(x(a), { axis: n(axis, -1), descending: descending === true }),
  topk: ([a, k, axis, largest]) => {
    const options = { axis: n(axis, -1), largest: largest !== false };
    const { values, indices } = ops.topK(x(a), n(k), options);
    return [values, indices];
  },
  "linalg.vector_norm": ([a], { ord, dim, keepdim }) =>
    ops.norm(x(a), axes(dim), { p: n(ord, 2), keepDims: keepdim === true }),
  flip: ([a], { dims }) => ops.flip(x(a), list(dims)),
  roll: ([a, shifts, dims]) => ops.roll(x(a), Array.isArray(shifts) ? list(shifts) : n(shifts), axes(dims)),
  tile: ([a, repeats]) => ops.tile(x(a), list(repeats)),
  tril: ([a, k]) => ops.tril(x(a), n(k, 0)),
  triu: ([a, k]) => ops.triu(x(a), n(k, 0)),
  diagonal: ([a], { offset, dim1, dim2 }) =>
    ops.diagonal(x(a), { offset: n(offset, 0), axis1: n(dim1, 0), axis2: n(dim2, 1) }),
  split: ([a, sizes, axis]) => ops.split(x(a), Array.isArray(sizes) ? list(sizes) : n(sizes), n(axis, 0)),
  split_with_sizes: ([a, sizes, axis]) => ops.split(x(a), list(sizes), n(axis, 0)),
  einsum: ([operands, equation]) => ops.einsum(String(equation), ...tensors(operands)),
  outer: binary(ops.outer),
  dot: binary(ops.dot),
  lerp: ([a, b, weight]) => ops.lerp(x(a), x(b), maybe(weight) ?? n(weight)),
  masked_fill: ([a, mask, value]) => ops.maskedFill(x(a), x(mask), maybe(value) ?? n(value)),
  log2: unary(ops.log2),
};

const onlyAxis = (axis: ops.Axes | undefined): number | undefined => (typeof axis === "number" ? axis : undefined);

type Extreme = (x: Tensor, axis?: number, options?: { readonly keepDims?: boolean }) => Tensor;

function extremes(pairwise: Binary, reduce: Reduce, arg: Extreme, args: Values, options: Options): Tensor[] | Tensor {
  const [a, second, keep] = args;
  if (second instanceof Tensor) return pairwise(x(a), second);
  const dim = options["dim"] ?? second;
  const keepDims = (options["keepdim"] ?? keep) === true;
  if (dim === undefined) return reduce(x(a));
  if (x(a).rank === 0) return [reduce(x(a)), arg(x(a))];
  return [reduce(x(a), n(dim), { keepDims }), arg(x(a), n(dim), { keepDims })];
}
