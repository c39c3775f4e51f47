// The seam between eager operations and capture. While a tracer is set, operators give it their work instead of doing it, and
// whatever has to happen again at each call of the captured program is announced here.

import type { DType } from "./dtype.ts";
import type { Expr } from "./expr/expr.ts";
import type { Op } from "./ops/op.ts";
import type { Tensor, Variable } from "./tensor.ts";
import type { Spec, View } from "./view.ts";

/** What captures a computation. */
export interface Tracer {
  /** Records an operator's application; the result is a view of memory that does not exist yet. */
  apply<Attributes>(op: Op<Attributes>, inputs: readonly View[], spec: Spec, attributes: Attributes): View;
  /** Records new values of Variables of one shape, computed together from views. */
  update(name: string, formulas: readonly Expr[], targets: readonly Variable[], inputs: readonly View[]): void;
  /** Records that a Variable gets the value of a view. */
  assign(variable: Variable, value: View): void;
  /** A number that is computed anew before each call. */
  hostScalar(compute: () => number, dtype: DType): View;
  /** Something that happens before each call, and once now. */
  hostEffect(effect: () => void): void;
  /** A value that the captured program depends on: another value means another program. */
  guard(read: () => unknown): void;
  /** The gradient of a Variable: what the captured computation set, or else what it had before, to be read anew at each call. */
  gradient(variable: Variable): Tensor | null;
  /** Records that a Variable gets a gradient, or loses it. */
  setGradient(variable: Variable, gradient: Tensor | null): void;
}

let current: Tracer | null = null;

/** The tracer that captures now, if any. */
export function tracer(): Tracer | null {
  return current;
}

/**
 * What captures the computation now, as an identity to compare, or null where values are computed at once. Tensors that were made under
 * another capture have no values here: who keeps tensors from call to call asks for this, and lets go of them.
 *
 * @example
 * currentCapture(); // null
 */
export function currentCapture(): object | null {
  return current;
}

/** Runs `body` under a tracer. */
export function withTracer<R>(next: Tracer | null, body: () => R): R {
  const outer = current;
  current = next;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/**
 * Does something that must happen at every step, also when the step is compiled: counting, moving a schedule on.
 *
 * @example
 * everyCall(() => steps++);
 */
export function everyCall(effect: () => void): void {
  if (current !== null) current.hostEffect(effect);
  else if (!quiet) effect();
}

let quiet = false;

/** Runs `body` as a repetition of what has been done: what {@link everyCall} is given does not happen again. */
export function withoutEffects<R>(body: () => R): R {
  const outer = quiet;
  quiet = true;
  try {
    return body();
  } finally {
    quiet = outer;
  }
}

let again = false;

/**
 * Whether a computation runs a second time, for the gradients of a checkpoint: what it assigns to Variables has been assigned, and what
 * it notes elsewhere has been noted.
 *
 * @example
 * isRecomputing(); // false
 */
export function isRecomputing(): boolean {
  return again;
}

/** Runs `body` a second time: assignments and {@link everyCall} do nothing. */
export function recompute<R>(body: () => R): R {
  const outer = again;
  again = true;
  try {
    return withoutEffects(body);
  } finally {
    again = outer;
  }
}

/**
 * Reads a setting that decides how a computation is captured, such as whether a layer is training: in a compiled function it becomes a
 * guard, and another value another program.
 *
 * @example
 * const settings = { slope: 0.1 };
 * const leaky = (x: Tensor) => leakyRelu(x, { negativeSlope: observed(() => settings.slope) });
 */
export function observed<T>(read: () => T): T {
  current?.guard(read);
  return read();
}
