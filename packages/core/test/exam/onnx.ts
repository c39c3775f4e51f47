// How ONNX's operators are said in our words, those of networks (onnx-networks.ts) and of arrangement apart.
// Source: ONNX, "Operator Schemas", https://onnx.ai/onnx/operators/.

import type { Tensor } from "../../src/index.ts";
import * as ops from "../../src/index.ts";
import { arrangedNodes } from "./onnx-arranged.ts";
import type { Node, NodeRow, NodeRows } from "./onnx-record.ts";

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
  ...arrangedNodes,
  MatMul: binary(ops.matmul),
  Gemm: gemm,
  Einsum: (node) => ops.einsum(node.word("equation", ""), ...node.all()),
};
