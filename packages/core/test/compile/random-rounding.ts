// A graph as float32 might have rounded it: in float64, with each result, of each function within a formula and of each addition
// within a sum, rounded at random. What several such runs are wrong by is what float32 costs this graph with these inputs, also where
// one of them comes out right by luck. The seam of capture is where results are rounded: gradients, too, are made of operators.

import { type Expr, input } from "../../src/expr/expr.ts";
import { Tensor, type Variable } from "../../src/index.ts";
import type { Op } from "../../src/ops/op.ts";
import { broadcastStrides, sizeOf } from "../../src/shape.ts";
import { type Tracer, withTracer } from "../../src/tracing.ts";
import { type Spec, Storage, type View, viewOf } from "../../src/view.ts";
import { isHeld, Rounder } from "./random-rounder.ts";

/** Into how many terms a kernel's sums fall at most. */
const TERMS = 512;

/** Runs `body`, which computes in float64, with results rounded to float32 by the random choices of a seed. */
export function rounding<R>(seed: number, body: () => R): R {
  return withTracer(new RoundingTracer(new Rounder(seed)), body);
}

/** Computes what it is given to record. Numbers that float32 holds stay as they are: what is exact there is exact here. */
class RoundingTracer implements Tracer {
  readonly #gradients = new Map<Variable, Tensor | null>();
  readonly #rounder: Rounder;

  constructor(rounder: Rounder) {
    this.#rounder = rounder;
  }

  apply<Attributes>(op: Op<Attributes>, inputs: readonly View[], spec: Spec, attributes: Attributes): View {
    const { lowering } = op;
    if (lowering.kind === "movement") return op.compute(inputs, spec, attributes);
    const views = inputs.map((view) => this.#held(view));
    const [first, second] = views;
    if (spec.dtype === "float64" && first !== undefined) {
      if (lowering.kind === "elementwise") return this.#formula(lowering.formula(), views, spec);
      if (lowering.kind === "reduction")
        return this.#fold(lowering.combine(), lowering.init, lowering.axes(attributes), first, spec);
      if (lowering.kind === "matmul" && second !== undefined) return this.#product(first, second).view;
    }
    return this.#kernel((operands) => op.compute(operands, spec, attributes), views);
  }

  #formula(root: Expr, views: readonly View[], { shape }: Spec): View {
    const operands = views.map((view) => spread(view, shape));
    return viewOf(this.#rounder.evaluate(root, operands), "float64", shape);
  }

  #fold(combine: Expr, init: number, axes: readonly number[], x: View, { shape }: Spec): View {
    const isFolded = (axis: number): boolean => axes.includes(axis);
    const order = [...x.shape.keys()].sort((a, b) => Number(isFolded(b)) - Number(isFolded(a)));
    const ordered: View = {
      ...x,
      shape: order.map((axis) => x.shape[axis] ?? 1),
      strides: order.map((axis) => x.strides[axis] ?? 0),
    };
    const totals = this.#rounder.fold(combine, init, spread(ordered, ordered.shape), sizeOf(shape));
    return viewOf(totals, "float64", shape);
  }

  /** A product of matrices, as products of numbers and sums. */
  #product(a: View, b: View): Tensor {
    const [left, right] = [new Tensor(a), new Tensor(b)];
    return left.unsqueeze(-1).mul(right.unsqueeze(-3)).sum(-2);
  }

  /**
   * A kernel of which nothing is known but what it gives: sums, if it is linear in its last floats, whose terms are then added one after
   * the other, in some order; some of its inputs, if it gives float32's numbers; or else something that rounds about as much as inputs
   * do that are moved a little.
   */
  #kernel(compute: (inputs: readonly View[]) => View, views: readonly View[]): View {
    const found = compute(views);
    if (found.dtype !== "float64") return found;
    const exact = Float64Array.from(found.storage.array);
    const summed = this.#sums(compute, views, exact);
    if (summed !== null) return { ...found, storage: new Storage(summed) };
    if (exact.every(isHeld)) return found;
    const result = compute(views.map((view) => mapped(view, (value) => this.#rounder.moved(value))));
    return mapped(result, (value) => this.#rounder.round(value));
  }

  /** The results as sums over the last floats, or null if they are none. */
  #sums(compute: (inputs: readonly View[]) => View, views: readonly View[], exact: Float64Array): Float64Array | null {
    const last = views.map(({ dtype }) => dtype).lastIndexOf("float64");
    const count = Math.min(views[last]?.storage.length ?? 0, TERMS);
    const size = exact.length;
    const terms = new Float64Array(count * size);
    for (let term = 0; term < count; term++) {
      const part = views.map((view, index) =>
        index === last ? mapped(view, (value, place) => (place % count === term ? value : 0)) : view,
      );
      terms.set(compute(part).storage.array, term * size);
    }
    const largest = terms.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const sums = exact.map((_, place) => {
      let sum = 0;
      for (let at = place; at < terms.length; at += size) sum += terms[at] ?? 0;
      return sum;
    });
    const isSum = sums.every((sum, place) => Math.abs(sum - (exact[place] ?? 0)) <= 1e-9 * largest);
    const round = (value: number): number => this.#rounder.round(value);
    return isSum ? this.#rounder.fold(input(0).add(input(1)), 0, terms.map(round), size) : null;
  }

  update(_: string, formulas: readonly Expr[], targets: readonly Variable[], inputs: readonly View[]): void {
    const views = [...targets.map(({ view }) => view), ...inputs].map((view) => this.#held(view));
    const values = targets.map(({ view }, index) => this.#formula(formulas[index] ?? input(index), views, view));
    for (const [index, target] of targets.entries()) this.assign(target, values[index] ?? target.view);
  }

  assign(variable: Variable, value: View): void {
    withTracer(null, () => variable.assign(new Tensor(this.#held(value))));
  }

  hostScalar(compute: () => number, dtype: Spec["dtype"]): View {
    return viewOf(Float64Array.of(compute()), dtype, []);
  }

  hostEffect(effect: () => void): void {
    effect();
  }

  guard(): void {}

  gradient(variable: Variable): Tensor | null {
    return this.#gradients.get(variable) ?? null;
  }

  setGradient(variable: Variable, gradient: Tensor | null): void {
    this.#gradients.set(variable, gradient);
    withTracer(null, () => {
      variable.grad = gradient;
    });
  }

  /** The same elements as numbers that float32 holds: constants such as 0.1 are not. */
  #held(view: View): View {
    if (view.dtype !== "float64" || Array.from(view.storage.array).every(isHeld)) return view;
    return mapped(view, (value) => this.#rounder.round(value));
  }
}

function mapped(view: View, change: (value: number, place: number) => number): View {
  if (view.dtype !== "float64") return view;
  return { ...view, storage: new Storage(Float64Array.from(view.storage.array, change)) };
}

/** The elements in the order of the shape to which they broadcast. */
function spread(view: View, shape: Spec["shape"]): Float64Array {
  const strides = broadcastStrides(view.shape, view.strides, shape);
  const { array } = view.storage;
  let places = [view.offset];
  for (const [axis, size] of shape.entries()) {
    const step = strides[axis] ?? 0;
    places = places.flatMap((start) => Array.from({ length: size }, (_, index) => start + index * step));
  }
  return Float64Array.from(places, (place) => array[place] ?? Number.NaN);
}
