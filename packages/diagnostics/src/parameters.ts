// Weights, their gradients and their updates. The norm of a gradient is computed in the step, by a hook, where the gradient is: so it is
// the gradient of this batch, before anything clips it or adds it to others. Weights are compared before and after the step, in float64;
// of large matrices evenly spread rows stand for all, which costs a fraction and changes the ratio in the second figure at most.

import { everyCall, noGrad, type Tensor, type TypedArray, tensor, Variable } from "@gradus/core";

/** What one step did to the weights of a layer. */
export interface WeightFacts {
  /** ‖w‖ before the step. */
  readonly weight: number;
  /** The norm of the gradient of the step's batch; null if there was none. */
  readonly gradient: number | null;
  /** ‖Δw‖ / ‖w‖; null where the weights were all 0. */
  readonly update: number | null;
  /** Whether all units of the layer have the same weights after the step, and how they look. */
  readonly identical: "zero" | "equal" | null;
}

/** Follows the parameters of one layer through steps. */
export class ParameterStatistics {
  readonly #parameters: readonly Followed[];

  /** @param variables those of the layer's own that have two axes or more, or all if none has */
  constructor(variables: readonly Variable[]) {
    this.#parameters = variables.map((variable) => new Followed(variable));
  }

  /** Before the step: keeps the values and waits for the gradients. */
  begin(): void {
    for (const parameter of this.#parameters) parameter.begin();
  }

  /** After the step: what it did; null if nothing of it learns. */
  end(): WeightFacts | null {
    const changes = this.#parameters.flatMap((parameter) => parameter.end() ?? []);
    if (changes.length === 0) return null;
    const total = (of: (change: Change) => number | null): number =>
      changes.reduce((sum, one) => sum + (of(one) ?? 0), 0);
    const weight = total(({ squares }) => squares);
    return {
      weight: Math.sqrt(weight),
      gradient: changes.every(({ gradient }) => gradient === null)
        ? null
        : Math.sqrt(total(({ gradient }) => gradient)),
      update: weight === 0 ? null : Math.sqrt(total(({ change }) => change) / weight),
      identical: changes.find(({ identical }) => identical !== null)?.identical ?? null,
    };
  }
}

/** What a step did to one parameter, in squares: Σ w², Σ (Δw)², Σ g². */
interface Change {
  readonly squares: number;
  readonly change: number;
  readonly gradient: number | null;
  readonly identical: WeightFacts["identical"];
}

/** One parameter during a step. */
class Followed {
  readonly #variable: Variable;
  /** Σ g² of the step's gradient. */
  readonly #gradient: Variable;
  #before: TypedArray | null = null;
  #seen = false;
  #unhook: (() => void) | null = null;

  constructor(variable: Variable) {
    this.#variable = variable;
    const { dtype } = variable;
    this.#gradient = new Variable(tensor(0, { dtype }), { requiresGrad: false });
  }

  begin(): void {
    this.#unhook?.();
    this.#unhook = null;
    this.#seen = false;
    this.#before = null;
    const variable = this.#variable;
    if (!variable.requiresGrad) return;
    this.#before = sampleOf(variable);
    this.#unhook = variable.registerHook((gradient: Tensor) => {
      noGrad(() => this.#gradient.assign(gradient.square().sum()));
      everyCall(() => {
        this.#seen = true;
      });
      return undefined;
    });
  }

  end(): Change | null {
    this.#unhook?.();
    this.#unhook = null;
    const before = this.#before;
    if (before === null) return null;
    this.#before = null;
    const after = sampleOf(this.#variable);
    const gradient = this.#seen ? this.#gradient.item() : null;
    const { rank, shape } = this.#variable;
    const { squares, change } = changeOf(before, after);
    const scale = this.#variable.size / before.length;
    const identical = rank < 2 ? null : identicalUnits(after, shape.at(-1) ?? 1);
    return { squares: scale * squares, change: scale * change, gradient, identical };
  }
}

/** More elements than these are not compared, but for whole rows. */
const MOST = 4_096;

/** The values of a Variable, a copy: all, or of a large one every n-th row, with n coprime to their number to follow no pattern. */
function sampleOf(variable: Variable): TypedArray {
  const [rows = 1] = variable.shape;
  let stride = Math.min(Math.ceil(variable.size / MOST), rows);
  while (stride > 1 && divisor(stride, rows) > 1) stride++;
  if (variable.rank < 2 || stride <= 1) return variable.toTypedArray();
  return noGrad(() => variable.slice([0, rows, stride]).toTypedArray());
}

/** The greatest common divisor. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** Σ w² and Σ (w′ − w)². Two sums each, since one addition waits for the one before; and no arrays in the loop, which is a hot one. */
function changeOf(before: TypedArray, after: TypedArray): { readonly squares: number; readonly change: number } {
  let evenSquares = 0;
  let oddSquares = 0;
  let evenChange = 0;
  let oddChange = 0;
  for (let index = 0; index < before.length; index += 2) {
    const even = before[index] ?? 0;
    const odd = before[index + 1] ?? 0;
    const evenStep = (after[index] ?? 0) - even;
    const oddStep = (after[index + 1] ?? 0) - odd;
    evenSquares += even * even;
    oddSquares += odd * odd;
    evenChange += evenStep * evenStep;
    oddChange += oddStep * oddStep;
  }
  return { squares: evenSquares + oddSquares, change: evenChange + oddChange };
}

/** Whether each row of weights has the same value for all units, up to rounding. */
function identicalUnits(weights: TypedArray, units: number): WeightFacts["identical"] {
  if (units < 2) return null;
  let greatest = 0;
  for (let row = 0; row < weights.length; row += units) {
    const first = weights[row] ?? 0;
    for (let unit = 0; unit < units; unit++) {
      const value = weights[row + unit] ?? 0;
      if (!(Math.abs(value - first) <= 1e-6 * Math.abs(first))) return null;
    }
    greatest = Math.max(greatest, Math.abs(first));
  }
  return greatest === 0 ? "zero" : "equal";
}
