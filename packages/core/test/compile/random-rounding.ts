// Float32 as it might have rounded: a graph in float64 in which each result, of each function within a formula and of each addition
// within a sum, becomes a float32 number: the nearest, or one of the two beside it at random, the nearer the likelier. What several
// such runs are wrong by is what float32 costs this graph with these inputs, also where one of them comes out right by luck.
// Source: D. S. Parker, "Monte Carlo arithmetic", 1997.

import { isElementary } from "../../src/expr/elementary.ts";
import { type Expr, input, topological } from "../../src/expr/expr.ts";
import { evaluators } from "../../src/expr/javascript.ts";
import { Tensor, type Variable } from "../../src/index.ts";
import type { Op } from "../../src/ops/op.ts";
import { broadcastStrides, sizeOf } from "../../src/shape.ts";
import { type Tracer, withTracer } from "../../src/tracing.ts";
import { type Spec, Storage, type View, viewOf } from "../../src/view.ts";

const single = new Float32Array(1);
const bits = new Int32Array(single.buffer);

/** How results become float32 numbers: the nearest, or a seed of random choices. */
export type Rounding = "nearest" | number;

/** Runs `body`, which computes in float64, with results rounded to float32. */
export function rounding<R>(how: Rounding, body: () => R): R {
  return withTracer(new RoundingTracer(how), body);
}

/** Computes what it is given to record. Numbers that float32 holds stay as they are: what is exact there is exact here. */
class RoundingTracer implements Tracer {
  readonly #gradients = new Map<Variable, Tensor | null>();
  readonly #isRandom: boolean;
  #state: number;

  constructor(how: Rounding) {
    this.#isRandom = how !== "nearest";
    this.#state = how === "nearest" ? 0 : how;
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

  /** Each function of a formula rounds its result; elementary ones, such as exp, are known to an ulp only. */
  #formula(root: Expr, views: readonly View[], { shape }: Spec): View {
    const operands = views.map((view) => spread(view, shape));
    return viewOf(this.#evaluated(root, operands, sizeOf(shape)), "float64", shape);
  }

  #evaluated(root: Expr, operands: readonly Float64Array[], size: number): Float64Array {
    const known = new Map<Expr, Float64Array>();
    const empty = new Float64Array(size);
    for (const expr of topological([root])) {
      const { node } = expr;
      if (node.kind === "input") known.set(expr, operands[node.index] ?? empty);
      else if (node.kind === "constant") known.set(expr, this.#rounded(new Float64Array(size).fill(node.value)));
      else {
        const [a = empty, b = empty, c = empty] = node.args.map((argument) => known.get(argument));
        const evaluate = evaluators[node.fn];
        const exact = a.map((value, place) => evaluate(value, b[place] ?? 0, c[place] ?? 0));
        const given = isElementary(node.fn)
          ? exact.map((value) => (isHeld(value) ? value : this.#moved(value)))
          : exact;
        known.set(expr, this.#rounded(given));
      }
    }
    return known.get(root) ?? empty;
  }

  /** One element after the other, all results side by side: every total on the way is rounded. */
  #fold(combine: Expr, init: number, axes: readonly number[], x: View, { shape }: Spec): View {
    const isFolded = (axis: number): boolean => axes.includes(axis);
    const order = [...x.shape.keys()].sort((a, b) => Number(isFolded(b)) - Number(isFolded(a)));
    const ordered: View = {
      ...x,
      shape: order.map((axis) => x.shape[axis] ?? 1),
      strides: order.map((axis) => x.strides[axis] ?? 0),
    };
    const values = spread(ordered, ordered.shape);
    const size = sizeOf(shape);
    let totals: Float64Array = new Float64Array(size).fill(init);
    for (let start = 0; start < values.length; start += size)
      totals = this.#evaluated(combine, [totals, values.subarray(start, start + size)], size);
    return viewOf(totals, "float64", shape);
  }

  /** A product of matrices, as products of numbers and sums. */
  #product(a: View, b: View): Tensor {
    const [left, right] = [new Tensor(a), new Tensor(b)];
    return left.unsqueeze(-1).mul(right.unsqueeze(-3)).sum(-2);
  }

  /**
   * Kernels of which nothing is known but what they give. One that gives other numbers than float32's has calculated: it has rounded
   * about as much as it would have without rounding from inputs that are moved a little.
   */
  #kernel(compute: (inputs: readonly View[]) => View, views: readonly View[]): View {
    const found = compute(views);
    if (found.dtype !== "float64" || Array.from(found.storage.array).every(isHeld)) return found;
    const result = compute(views.map((view) => this.#mapped(view, (value) => this.#moved(value))));
    return this.#mapped(result, (value) => this.#round(value));
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
    return this.#mapped(view, (value) => this.#round(value));
  }

  #mapped(view: View, change: (value: number) => number): View {
    if (view.dtype !== "float64") return view;
    return { ...view, storage: new Storage(Float64Array.from(view.storage.array, change)) };
  }

  #rounded(values: Float64Array): Float64Array {
    for (const [place, value] of values.entries()) values[place] = this.#round(value);
    return values;
  }

  /** One of the two float32 numbers beside a number, on average itself. */
  #round(value: number): number {
    const near = Math.fround(value);
    if (near === value || !this.#isRandom || !Number.isFinite(near)) return near;
    const far = neighbor(near, value > near);
    return this.#uniform() * Math.abs(far - near) < Math.abs(value - near) ? far : near;
  }

  /** A number moved up or down by at most the distance to the next one in float32. */
  #moved(value: number): number {
    const near = Math.fround(value);
    if (near === 0 || !this.#isRandom || !Number.isFinite(near)) return value;
    return value + (neighbor(near, near > 0) - near) * (2 * this.#uniform() - 1);
  }

  /** From 0 to below 1. Source: T. Ettinger, mulberry32. */
  #uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** Whether float32 holds a number. */
const isHeld = (value: number): boolean => Math.fround(value) === value || Number.isNaN(value);

/** The next float32 number above or below one. */
function neighbor(value: number, isAbove: boolean): number {
  single[0] = value === 0 ? 0 : value;
  if (value === 0) return isAbove ? 2 ** -149 : -(2 ** -149);
  bits[0] = (bits[0] ?? 0) + (isAbove === value > 0 ? 1 : -1);
  return single[0] ?? value;
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
