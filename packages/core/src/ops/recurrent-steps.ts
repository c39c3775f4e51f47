// What the recurrent networks share, over [..., time, features]: one matrix product for the inputs of all steps, then a step after
// another. The way back of each is written out (backpropagation through time): it gathers the gradients of all steps and ends in one
// product for the weights, so that its cost grows with the number of steps, not with its square.

import { isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type ElementwiseOp, elementwise } from "./constructors.ts";
import { arange, zeros } from "./creation.ts";
import { stack } from "./joining.ts";
import { slice } from "./slicing.ts";

/** What recurrent networks give. */
export interface RecurrentResult {
  /** The hidden state after each step, [..., time, units]. */
  readonly output: Tensor;
  /** The hidden state after the last step, [..., units]. */
  readonly hidden: Tensor;
}

/** The time steps of [time, …], each a view. */
export const stepsOf = (x: Tensor): Tensor[] => Array.from({ length: x.shape[0] ?? 0 }, (_, step) => slice(x, step));

/** Σ over steps of h(before)ᵀ · d: the gradient of a recurrent weight, given h of all steps, the first state, and d [time, …]. */
export function weightGradient(h: Tensor, first: Tensor, d: Tensor): Tensor {
  const rows = (x: Tensor): Tensor => x.reshape([sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) ?? 1]);
  const start = first.transpose().matmul(slice(d, 0));
  if (d.shape[0] === 1) return start;
  return rows(slice(h, [0, -1]))
    .transpose()
    .matmul(rows(slice(d, [1])))
    .add(start);
}

/** The steps as one tensor, [time, …]. */
export const together = (steps: readonly Tensor[]): Tensor => stack([...steps]);

/** 0, 1, … as a column: which of the parts of [batch, parts, units] an element stands in. */
export const kindsOf = (x: Tensor, count: number): Tensor =>
  arange(count, { dtype: x.dtype === "float64" ? "float64" : "float32" }).reshape([count, 1]);

/** One of the parts of units of [batch, parts·units]. */
export const partOf = (x: Tensor, part: number, units: number): Tensor =>
  slice(x, null, [part * units, (part + 1) * units]);

/** σ(p + q): a gate. */
export const openGate: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "recurrent.gate",
  forward: (p, q) => p.add(q).sigmoid(),
});
/** x·W + b of all steps at once, [time, batch, gates·units]. */
export function projected(x: Tensor, weight: Tensor, bias: Tensor | 0): Tensor {
  const [steps = 0, features = 0] = x.shape.slice(-2);
  const turned = x.reshape([sizeOf(x.shape.slice(0, -2)), steps, features]).transpose(0, 1);
  const product = turned.matmul(weight);
  return bias === 0 ? product : product.add(bias);
}

/** A state before the first step, [batch, units]. */
export function flatState(x: Tensor, state: Tensor | undefined, units: number): Tensor {
  const shape = [sizeOf(x.shape.slice(0, -2)), units];
  return state === undefined ? zeros(shape, { dtype: x.dtype }) : state.reshape(shape);
}

/** [time, batch, units] as [..., time, units]. */
export function sequence(h: Tensor, lead: Shape): Tensor {
  const [steps = 0, , units = 0] = h.shape;
  const turned = h.transpose(0, 1);
  return lead.length === 1 ? turned : turned.reshape([...lead, steps, units]);
}

/** Checks all shapes and gives the number of units. */
export function checkRecurrent(
  name: string,
  gates: number,
  x: Tensor,
  { weight, ...others }: Readonly<Record<string, Tensor | 0>> & { readonly weight: Tensor },
  states: Readonly<Record<string, Tensor | undefined>>,
): number {
  if (!isFloat(x.dtype)) throw new DTypeError(`${name}: the input is ${x.dtype}, not a float`);
  const input = `${name}: the input ${formatShape(x.shape)}`;
  if (x.rank < 2) throw new ShapeError(`${input} needs two axes, [..., time, features]`);
  if (x.shape.at(-2) === 0) throw new ShapeError(`${input} has no steps`);
  const [features, columns = 0] = weight.shape;
  if (weight.rank !== 2 || features !== x.shape.at(-1) || columns % gates !== 0 || columns === 0) {
    const wanted = `[${x.shape.at(-1)},${gates === 1 ? "" : `${gates}·`}units]`;
    throw new ShapeError(`${input} wants a weight ${wanted}, got ${formatShape(weight.shape)}`);
  }
  const units = columns / gates;
  const expect = (label: string, value: Tensor | 0 | undefined, shape: Shape): void => {
    if (value === undefined || value === 0 || sameShape(value.shape, shape)) return;
    throw new ShapeError(`${input}: ${label} is ${formatShape(value.shape)}, not ${formatShape(shape)}`);
  };
  for (const [label, value] of Object.entries(others)) {
    expect(label, value, label === "recurrentWeight" ? [units, columns] : [columns]);
  }
  for (const [label, state] of Object.entries(states)) expect(label, state, [...x.shape.slice(0, -2), units]);
  return units;
}
