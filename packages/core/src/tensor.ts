// The user's handle: a Tensor is an immutable value, a Variable one that can be assigned. Both are plain objects: nothing to
// dispose. Each method is one line that hands over to the operator of its name, which this file knows only by its type.

import { type DType, holds, isFloat, promote, type TypedArray } from "./dtype.ts";
import { copyElements } from "./engine/copy.ts";
import { AutogradError, checkOptionNames, DTypeError, describe, ShapeError } from "./errors.ts";
import type { ReductionOptions } from "./ops/constructors.ts";
import type * as copies from "./ops/copying.ts";
import type * as elementwise from "./ops/elementwise.ts";
import type * as products from "./ops/matmul.ts";
import type * as movements from "./ops/movement.ts";
import type * as reductions from "./ops/reduction.ts";
import type * as slices from "./ops/slicing.ts";
import type { Range } from "./ops/slicing.ts";
import type * as softmaxes from "./ops/softmax.ts";
import type * as statistics from "./ops/statistics.ts";
import type { ExtremeOptions, NormOptions, VarianceOptions } from "./ops/statistics.ts";
import type * as tilings from "./ops/tiling.ts";
import type * as triangles from "./ops/triangles.ts";
import type { DiagonalOptions } from "./ops/triangles.ts";
import { type NestedArray, nested, printTensor } from "./print.ts";
import { formatShape, sameShape, sizeOf } from "./shape.ts";
import {
  type AnyShape,
  type Axes,
  type Broadcast,
  type BroadcastedTo,
  type Check,
  type Diagonal,
  type Flattened,
  type MatMul,
  type Permuted,
  type Pieces,
  type Reduced,
  type Reshaped,
  type Result,
  type Shape,
  type Split,
  type Squeezed,
  type Swapped,
  type Tiled,
  type Transposed,
  typed,
  type Unsqueezed,
} from "./shape-types.ts";
import { isRecording, Node, propagate, withRecording } from "./tape.ts";
import { isRecomputing, tracer } from "./tracing.ts";
import { allocateView, checkCurrent, Storage, type View, variableOf, viewOf } from "./view.ts";

/** The operators that methods call. A method whose operator is missing does not compile. */
export type Operators = typeof elementwise &
  typeof reductions &
  typeof statistics &
  typeof movements &
  typeof slices &
  typeof copies &
  typeof tilings &
  typeof triangles &
  typeof products &
  typeof softmaxes;

let ops: Operators;

/** Gives the methods their operators; called once, when the package loads. */
export function installOperators(operators: Operators): void {
  ops = operators;
  // What `console.log` shows in Node. A computed member would not do: declarations are made file by file here.
  Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: printTensorOf });
}

function printTensorOf(this: Tensor): string {
  return this.toString();
}

/** Another operand: a number, or a tensor whose shape broadcasts. */
type Other<A extends Shape, B extends Shape, Name extends string> = number | (Tensor<B> & Check<Broadcast<A, B, Name>>);
/** The result of an elementwise operation on shapes `A` and `B`. */
type Joint<A extends Shape, B extends Shape, Name extends string> = Tensor<Result<Broadcast<A, B, Name>>>;
type Over<A extends Shape, X extends Axes, K extends boolean, Name extends string> = Tensor<
  Result<Reduced<A, X, K, Name>>
>;
type AxisOf<A extends Shape, X extends Axes, K extends boolean, Name extends string> = X &
  Check<Reduced<A, X, K, Name>>;

/**
 * An immutable array of numbers with a shape and a dtype. `S` is its shape in the type system; `Tensor` alone is any tensor.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.add(x).sum(0).toArray(); // [8, 12]
 */
export class Tensor<S extends Shape = AnyShape> {
  /** The sizes of the axes, outermost first; `[]` for a scalar. */
  readonly shape: Readonly<S>;
  /** @internal How the elements lie in memory. */
  readonly view: View;
  /** @internal The tensor's place on the tape; null where no gradient flows. */
  node: Node | null = null;
  readonly #version: number;

  /** @internal Tensors are made by `tensor`, `zeros` and the operators. */
  constructor(view: View) {
    this.view = view;
    this.shape = view.shape as Readonly<S>; // cast: the caller names the shape that the view has
    this.#version = view.storage.version;
  }

  /** The type of the elements. */
  get dtype(): DType {
    return this.view.dtype;
  }

  /** The number of axes. */
  get rank(): S["length"] {
    return this.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether a gradient flows through this tensor. */
  get requiresGrad(): boolean {
    return this.node !== null;
  }

  /** @internal The version that the memory had when this tensor was made. */
  get version(): number {
    return this.#version;
  }

  /** The only element, as a number. @throws ShapeError if there are more or fewer. */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: ${formatShape(this.shape)} has ${this.size} elements, not one: use toArray() or toTypedArray()`,
      );
    }
    return this.toTypedArray()[0] ?? Number.NaN;
  }

  /** The elements as nested arrays, booleans for `bool`; of a scalar the number itself. */
  toArray(): NestedArray {
    return nested(this.toTypedArray(), this.shape, this.dtype);
  }

  /**
   * The elements in row-major order, as a fresh typed array.
   *
   * @throws AutogradError of a Variable's earlier value, if it was assigned since
   * @throws GraphError within a compiled function, where there are no values yet
   */
  toTypedArray(): TypedArray {
    checkCurrent("toTypedArray", this.view.storage, this.version);
    return copyElements(this.view);
  }

  /** The values as NumPy prints them, with shape and dtype where they are not plain. */
  toString(): string {
    return printTensor(this);
  }

  // Gradients ---------------------------------------------------------------------------------------------------------------

  /**
   * Adds the gradient of this tensor with respect to every Variable it was computed from to that Variable's `grad`.
   *
   * @param gradient the gradient of the loss with respect to this tensor; 1 by default, which only a scalar allows
   * @param options with `createGraph`, the gradients can be differentiated in turn
   * @throws AutogradError if nothing that requires a gradient leads here
   */
  backward(gradient?: Tensor, { createGraph = false }: { readonly createGraph?: boolean } = {}): void {
    if (this.node === null) {
      throw new AutogradError(
        "backward: no Variable that requires a gradient leads to this tensor (or it was made within noGrad, or by a compiled function)",
      );
    }
    if (gradient === undefined && this.size !== 1) {
      throw new AutogradError(
        `backward: ${formatShape(this.shape)} is no scalar: reduce it first (loss.mean()), or pass its gradient`,
      );
    }
    if (gradient !== undefined && !(gradient instanceof Tensor)) {
      throw new AutogradError(
        "backward: the gradient must be a tensor; options come after it: backward(undefined, { createGraph: true })",
      );
    }
    if (gradient !== undefined && !sameShape(gradient.shape, this.shape)) {
      throw new ShapeError(
        `backward: the gradient is ${formatShape(gradient.shape)}, the tensor ${formatShape(this.shape)}`,
      );
    }
    propagate(this.node, gradient ?? onesLike(this), { createGraph }, ({ variable }, total) => {
      if (variable === null) return;
      const before = variable.grad;
      variable.grad = before === null ? total : before.add(total);
    });
  }

  /** The same values, cut off from the tape. */
  detach(): Tensor<S> {
    return new Tensor<S>(this.view);
  }

  /** A copy with memory of its own; gradients flow through it. */
  clone(): Tensor<S> {
    return typed(ops.clone(this));
  }

  /**
   * The values in another dtype: to integers the fraction is dropped, to `bool` everything but 0 is true. Gradients
   * flow from floats to floats.
   */
  cast(dtype: DType): Tensor<S> {
    return typed(ops.cast(this, dtype));
  }

  /**
   * Calls `hook` with the gradient of this tensor during backward; what it returns, if anything, takes the
   * gradient's place.
   *
   * @returns a function that removes the hook
   * @throws AutogradError if no gradient flows through this tensor
   */
  registerHook(hook: (gradient: Tensor<S>) => Tensor<S> | undefined): () => void {
    const { node } = this;
    if (node === null) throw new AutogradError("registerHook: no gradient flows through this tensor");
    const entry = (gradient: Tensor): Tensor | undefined => {
      const changed: unknown = hook(typed<S>(gradient)) ?? undefined;
      if (changed === undefined || changed instanceof Tensor) return changed;
      throw new AutogradError(`registerHook: a hook returned ${describe(changed)}, not a tensor or nothing`);
    };
    node.hooks = [...(node.hooks ?? []), entry];
    return () => {
      node.hooks = node.hooks?.filter((other) => other !== entry) ?? null;
    };
  }

  // Elementwise -------------------------------------------------------------------------------------------------------------
  /** −x */
  neg(): Tensor<S> {
    return typed(ops.neg(this));
  }

  /** |x| */
  abs(): Tensor<S> {
    return typed(ops.abs(this));
  }

  /** −1, 0 or 1 */
  sign(): Tensor<S> {
    return typed(ops.sign(this));
  }

  /** x² */
  square(): Tensor<S> {
    return typed(ops.square(this));
  }

  /** 1/x */
  reciprocal(): Tensor<S> {
    return typed(ops.reciprocal(this));
  }

  /** eˣ */
  exp(): Tensor<S> {
    return typed(ops.exp(this));
  }

  /** eˣ − 1, exact near 0 */
  expm1(): Tensor<S> {
    return typed(ops.expm1(this));
  }

  /** ln x */
  log(): Tensor<S> {
    return typed(ops.log(this));
  }

  /** ln(1 + x), exact near 0 */
  log1p(): Tensor<S> {
    return typed(ops.log1p(this));
  }

  /** log₂ x */
  log2(): Tensor<S> {
    return typed(ops.log2(this));
  }

  /** √x */
  sqrt(): Tensor<S> {
    return typed(ops.sqrt(this));
  }

  /** 1/√x */
  rsqrt(): Tensor<S> {
    return typed(ops.rsqrt(this));
  }

  /** sin x */
  sin(): Tensor<S> {
    return typed(ops.sin(this));
  }

  /** cos x */
  cos(): Tensor<S> {
    return typed(ops.cos(this));
  }

  /** tan x */
  tan(): Tensor<S> {
    return typed(ops.tan(this));
  }

  /** arcsin x */
  asin(): Tensor<S> {
    return typed(ops.asin(this));
  }

  /** arccos x */
  acos(): Tensor<S> {
    return typed(ops.acos(this));
  }

  /** arctan x */
  atan(): Tensor<S> {
    return typed(ops.atan(this));
  }

  /** sinh x */
  sinh(): Tensor<S> {
    return typed(ops.sinh(this));
  }

  /** cosh x */
  cosh(): Tensor<S> {
    return typed(ops.cosh(this));
  }

  /** tanh x */
  tanh(): Tensor<S> {
    return typed(ops.tanh(this));
  }

  /** The error function, 2/√π · ∫₀ˣ e^(−t²) dt. */
  erf(): Tensor<S> {
    return typed(ops.erf(this));
  }

  /** ⌊x⌋ */
  floor(): Tensor<S> {
    return typed(ops.floor(this));
  }

  /** ⌈x⌉ */
  ceil(): Tensor<S> {
    return typed(ops.ceil(this));
  }

  /** The nearest whole number, halves to the even one. */
  round(): Tensor<S> {
    return typed(ops.round(this));
  }

  /** x without its fraction */
  trunc(): Tensor<S> {
    return typed(ops.trunc(this));
  }

  /** 1 / (1 + e⁻ˣ) */
  sigmoid(): Tensor<S> {
    return typed(ops.sigmoid(this));
  }

  /** max(x, 0) */
  relu(): Tensor<S> {
    return typed(ops.relu(this));
  }

  /** ln(1 + eˣ) */
  softplus(): Tensor<S> {
    return typed(ops.softplus(this));
  }

  /** ln σ(x) */
  logSigmoid(): Tensor<S> {
    return typed(ops.logSigmoid(this));
  }

  /** x = 0 */
  logicalNot(): Tensor<S> {
    return typed(ops.logicalNot(this));
  }

  /** Whether x is NaN. */
  isNaN(): Tensor<S> {
    return typed(ops.isNaN(this));
  }

  /** Whether x is neither NaN nor infinite. */
  isFinite(): Tensor<S> {
    return typed(ops.isFinite(this));
  }

  /** x + other */
  add<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "add">): Joint<A, B, "add"> {
    return typed(ops.add(this, other));
  }

  /** x − other */
  sub<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "sub">): Joint<A, B, "sub"> {
    return typed(ops.sub(this, other));
  }

  /** x · other */
  mul<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "mul">): Joint<A, B, "mul"> {
    return typed(ops.mul(this, other));
  }

  /** x / other */
  div<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "div">): Joint<A, B, "div"> {
    return typed(ops.div(this, other));
  }

  /** x to the power of other; x⁰ is 1, and NaN for x < 0 with a fraction as exponent. */
  pow<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "pow">): Joint<A, B, "pow"> {
    return typed(ops.pow(this, other));
  }

  /** The remainder of x / other, with the sign of other. */
  mod<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "mod">): Joint<A, B, "mod"> {
    return typed(ops.mod(this, other));
  }

  /** The greater of x and other, NaN if one is; equal ones share the gradient. */
  maximum<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "maximum">,
  ): Joint<A, B, "maximum"> {
    return typed(ops.maximum(this, other));
  }

  /** The smaller of x and other, NaN if one is; equal ones share the gradient. */
  minimum<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "minimum">,
  ): Joint<A, B, "minimum"> {
    return typed(ops.minimum(this, other));
  }

  /** The angle of the point (other, x), in [−π, π]. */
  atan2<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "atan2">,
  ): Joint<A, B, "atan2"> {
    return typed(ops.atan2(this, other));
  }

  /** x = other */
  eq<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "eq">): Joint<A, B, "eq"> {
    return typed(ops.eq(this, other));
  }

  /** x ≠ other */
  ne<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "ne">): Joint<A, B, "ne"> {
    return typed(ops.ne(this, other));
  }

  /** x < other */
  lt<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "lt">): Joint<A, B, "lt"> {
    return typed(ops.lt(this, other));
  }

  /** x ≤ other */
  le<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "le">): Joint<A, B, "le"> {
    return typed(ops.le(this, other));
  }

  /** x > other */
  gt<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "gt">): Joint<A, B, "gt"> {
    return typed(ops.gt(this, other));
  }

  /** x ≥ other */
  ge<A extends Shape, B extends Shape = readonly []>(this: Tensor<A>, other: Other<A, B, "ge">): Joint<A, B, "ge"> {
    return typed(ops.ge(this, other));
  }

  /** Both are not 0. */
  logicalAnd<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "logicalAnd">,
  ): Joint<A, B, "logicalAnd"> {
    return typed(ops.logicalAnd(this, other));
  }

  /** At least one is not 0. */
  logicalOr<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "logicalOr">,
  ): Joint<A, B, "logicalOr"> {
    return typed(ops.logicalOr(this, other));
  }

  /** Exactly one is not 0. */
  logicalXor<A extends Shape, B extends Shape = readonly []>(
    this: Tensor<A>,
    other: Other<A, B, "logicalXor">,
  ): Joint<A, B, "logicalXor"> {
    return typed(ops.logicalXor(this, other));
  }

  /** `a` where this condition holds, `b` elsewhere. */
  where<A extends Shape, B extends Shape = readonly [], C extends Shape = readonly []>(
    this: Tensor<A>,
    a: Other<A, B, "where">,
    b: Tensor<C> | number,
  ): Joint<Result<Broadcast<A, B>>, C, "where"> {
    return typed(ops.where(this, a, b));
  }

  /** The values limited to [low, high]; −Infinity and Infinity limit nothing. */
  clip(low: number, high: number): Tensor<S>;
  /** The values limited to [low, high], which broadcast against them. */
  clip<A extends Shape, B extends Shape = readonly [], C extends Shape = readonly []>(
    this: Tensor<A>,
    low: Other<A, B, "clip">,
    high: Tensor<C> | number,
  ): Joint<Result<Broadcast<A, B>>, C, "clip">;
  clip(low: Tensor | number, high: Tensor | number): Tensor {
    return ops.clip(this, low, high);
  }

  /** x + t·(end − x) */
  lerp<A extends Shape, B extends Shape = readonly [], C extends Shape = readonly []>(
    this: Tensor<A>,
    end: Other<A, B, "lerp">,
    t: Tensor<C> | number,
  ): Joint<Result<Broadcast<A, B>>, C, "lerp"> {
    return typed(ops.lerp(this, end, t));
  }

  /** `value` where the mask holds, x elsewhere. */
  maskedFill<A extends Shape, B extends Shape, C extends Shape = readonly []>(
    this: Tensor<A>,
    mask: Tensor<B> & Check<Broadcast<A, B, "maskedFill">>,
    value: Tensor<C> | number,
  ): Joint<Result<Broadcast<A, B>>, C, "maskedFill"> {
    return typed(ops.maskedFill(this, mask, value));
  }

  // Reductions: over one axis, several, or all ------------------------------------------------------------------------------

  /** Σ x, over one axis, several, or all; 0 of nothing. */
  sum<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "sum">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "sum"> {
    return typed(ops.sum(this, axis, options));
  }

  /** Π x, over one axis, several, or all; 1 of nothing. Its gradient is exact with zeros among the factors. */
  prod<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "prod">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "prod"> {
    return typed(ops.prod(this, axis, options));
  }

  /**
   * The greatest, over one axis, several, or all; NaN if one is among them. Equal ones share the gradient.
   *
   * @throws ShapeError of nothing
   */
  max<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "max">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "max"> {
    return typed(ops.max(this, axis, options));
  }

  /**
   * The smallest, over one axis, several, or all; NaN if one is among them. Equal ones share the gradient.
   *
   * @throws ShapeError of nothing
   */
  min<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "min">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "min"> {
    return typed(ops.min(this, axis, options));
  }

  /** Whether any element is not 0. */
  any<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "any">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "any"> {
    return typed(ops.any(this, axis, options));
  }

  /** Whether every element is not 0. */
  all<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "all">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "all"> {
    return typed(ops.all(this, axis, options));
  }

  /** The average Σ x / n, over one axis, several, or all; NaN of nothing. */
  mean<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "mean">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "mean"> {
    return typed(ops.mean(this, axis, options));
  }

  /** ln Σ eˣ, exact for every x. */
  logSumExp<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "logSumExp">,
    options?: ReductionOptions<K>,
  ): Over<A, X, K, "logSumExp"> {
    return typed(ops.logSumExp(this, axis, options));
  }

  /** √(Σ x²), or the norm of another `p`. */
  norm<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "norm">,
    options?: NormOptions<K>,
  ): Over<A, X, K, "norm"> {
    return typed(ops.norm(this, axis, options));
  }

  /** Σ (x − mean)² / (n − correction), over one axis, several, or all; the correction is 0 by default. */
  variance<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "variance">,
    options?: VarianceOptions<K>,
  ): Over<A, X, K, "variance"> {
    return typed(ops.variance(this, axis, options));
  }

  /** The square root of the variance. */
  std<A extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "std">,
    options?: VarianceOptions<K>,
  ): Over<A, X, K, "std"> {
    return typed(ops.std(this, axis, options));
  }

  /** The index of the first greatest element along an axis; NaN counts as the greatest. */
  argMax<A extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "argMax">,
    options?: ExtremeOptions<K>,
  ): Over<A, X, K, "argMax"> {
    return typed(ops.argMax(this, axis, options));
  }

  /** The index of the first smallest element along an axis; NaN counts as the smallest. */
  argMin<A extends Shape, const X extends number | undefined = undefined, K extends boolean = false>(
    this: Tensor<A>,
    axis?: AxisOf<A, X, K, "argMin">,
    options?: ExtremeOptions<K>,
  ): Over<A, X, K, "argMin"> {
    return typed(ops.argMin(this, axis, options));
  }

  // Movement ----------------------------------------------------------------------------------------------------------------

  /**
   * The same elements in row-major order in another shape; one size may be −1, which is what is left.
   *
   * @throws ShapeError if they do not fill the shape
   */
  reshape<A extends Shape, const T extends Shape>(
    this: Tensor<A>,
    shape: Readonly<T> & Check<Reshaped<A, T>>,
  ): Tensor<Result<Reshaped<A, T>>> {
    return typed(ops.reshape(this, shape));
  }

  /** The axes from `start` to the last made one: all of them by default. */
  flatten<A extends Shape, const X extends number = 0>(
    this: Tensor<A>,
    start?: X & Check<Flattened<A, X>>,
  ): Tensor<Result<Flattened<A, X>>>;
  /** The axes from `start` to `end`, that included, made one. */
  flatten(start: number, end: number): Tensor;
  flatten(start = 0, end = -1): Tensor {
    return ops.flatten(this, start, end);
  }

  /** The last two axes exchanged, without a copy. @throws ShapeError if there are fewer */
  transpose<A extends Shape>(this: Tensor<A> & Check<Transposed<A>>): Tensor<Result<Transposed<A>>>;
  /** Two axes exchanged, without a copy. @throws ShapeError for one that is not there */
  transpose<A extends Shape, const X extends number, const Y extends number>(
    this: Tensor<A>,
    a: X & Check<Swapped<A, X, Y>>,
    b: Y,
  ): Tensor<Result<Swapped<A, X, Y>>>;
  transpose(a?: number, b?: number): Tensor {
    return ops.transpose(this, a, b);
  }

  /**
   * The axes in another order: axis i of the result is axis `axes[i]`.
   *
   * @throws ShapeError unless each axis appears once
   */
  permute<A extends Shape, const P extends readonly number[]>(
    this: Tensor<A>,
    axes: Readonly<P> & Check<Permuted<A, P>>,
  ): Tensor<Result<Permuted<A, P>>> {
    return typed(ops.permute(this, axes));
  }

  /**
   * The elements repeated along axes of size 1 and new leading axes, without a copy.
   *
   * @throws ShapeError for a size other than 1 that is not the target's
   */
  broadcastTo<A extends Shape, const T extends Shape>(
    this: Tensor<A>,
    shape: Readonly<T> & Check<BroadcastedTo<A, T>>,
  ): Tensor<Result<BroadcastedTo<A, T>>> {
    return typed(ops.broadcastTo(this, shape));
  }

  /**
   * Without the axes of size 1: all of them, or the one given.
   *
   * @throws ShapeError if the one given has another size
   */
  squeeze<A extends Shape, const X extends number | undefined = undefined>(
    this: Tensor<A>,
    axis?: X & Check<Squeezed<A, X>>,
  ): Tensor<Result<Squeezed<A, X>>> {
    return typed(ops.squeeze(this, axis));
  }

  /** With a new axis of size 1 in front of `axis`. */
  unsqueeze<A extends Shape, const X extends number>(
    this: Tensor<A>,
    axis: X & Check<Unsqueezed<A, X>>,
  ): Tensor<Result<Unsqueezed<A, X>>> {
    return typed(ops.unsqueeze(this, axis));
  }

  /**
   * A part, without a copy: for each axis a number (that place, the axis goes), `[start, end, step]` (each may be
   * left out), or null for all.
   *
   * @throws ShapeError for a place that is not there, and for more ranges than axes
   */
  slice(...ranges: readonly Range[]): Tensor {
    return ops.slice(this, ...ranges);
  }

  /** The elements in reverse order along an axis, several, or all. */
  flip<A extends Shape, const X extends Axes = undefined>(
    this: Tensor<A>,
    axes?: X & Check<Reduced<A, X, true, "flip">>,
  ): Tensor<A> {
    return typed(ops.flip<A, X>(this, axes));
  }

  /** Pieces along an axis: all of one size but perhaps the last, or of the sizes given. */
  split<A extends Shape, const N extends number | readonly number[], const X extends number = 0>(
    this: Tensor<A>,
    sizes: N & Check<Split<A, N, X>>,
    axis?: X,
  ): Pieces<A, N, X> {
    return ops.split<A, N, X>(this, sizes, axis);
  }

  /** The tensor repeated so many times along each axis. */
  tile<A extends Shape, const R extends readonly number[]>(this: Tensor<A>, repeats: Readonly<R>): Tensor<Tiled<A, R>> {
    return typed(ops.tile(this, repeats));
  }

  /** The lower triangle of matrices: 0 above a diagonal, counted from the main one upwards. */
  tril(diagonal = 0): Tensor<S> {
    return typed(ops.tril(this, diagonal));
  }

  /** The upper triangle of matrices: 0 below a diagonal, counted from the main one upwards. */
  triu(diagonal = 0): Tensor<S> {
    return typed(ops.triu(this, diagonal));
  }

  /** A diagonal of the matrices that two axes form: they go, and it comes as the last axis. */
  diagonal<A extends Shape, const O extends number = 0, const X extends number = 0, const Y extends number = 1>(
    this: Tensor<A> & Check<Diagonal<A, O, X, Y>>,
    options?: DiagonalOptions<O, X, Y>,
  ): Tensor<Result<Diagonal<A, O, X, Y>>> {
    return typed(ops.diagonal(this, options));
  }

  // Products and the softmax --------------------------------------------------------------------------------------------

  /**
   * The matrix product of the last two axes, [..., m, k] × [..., k, n] → [..., m, n]; those before broadcast. Of
   * vectors the inner product, a vector and a matrix give a vector.
   *
   * @throws ShapeError if the inner dimensions differ, or leading axes do not broadcast
   */
  matmul<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: Tensor<B> & Check<MatMul<A, B>>,
  ): Tensor<Result<MatMul<A, B>>> {
    return typed(ops.matmul(this, other));
  }

  /** eˣ / Σ eˣ along an axis: positive, with sum 1. */
  softmax(axis = -1): Tensor<S> {
    return typed(ops.softmax(this, axis));
  }

  /** The logarithm of the softmax, exact for every x. */
  logSoftmax(axis = -1): Tensor<S> {
    return typed(ops.logSoftmax(this, axis));
  }
}

function onesLike(tensor: Tensor): Tensor {
  const view = allocateView(tensor.view);
  view.storage.array.fill(1);
  return new Tensor(view);
}

/** Options of a {@link Variable}. */
export interface VariableOptions {
  /** What messages and state dictionaries call it; "" by default, for which layers put its path. */
  readonly name?: string;
  /** Whether backward gives it a gradient; true by default for floats. */
  readonly requiresGrad?: boolean;
}

/** What a Variable can be assigned: a tensor or flat values of its size. */
export type Assignable = Tensor | ArrayLike<number>;

/**
 * A tensor whose value can be assigned: a parameter, a running statistic, a state of an optimizer. It owns its memory.
 *
 * @example
 * const w = new Variable(tensor([1, 2]), { name: "w" });
 * w.square().sum().backward();
 * w.grad?.toArray(); // [2, 4]
 */
export class Variable<S extends Shape = AnyShape> extends Tensor<S> {
  /** What messages and state dictionaries call it. */
  name: string;
  #grad: Tensor<S> | null = null;
  #deferred: (() => Tensor) | null = null;

  /**
   * @param initial the first value, which is copied: its shape and dtype stay
   * @param options `name`, for messages, and `requiresGrad`, true by default for floats
   * @throws DTypeError if integers or booleans are to have a gradient
   */
  constructor(initial: Tensor<S>, options: VariableOptions = {}) {
    checkOptionNames("Variable", options, ["name", "requiresGrad"]);
    const { name = "", requiresGrad } = options;
    const { shape, dtype } = initial;
    const owner = { name, requiresGrad: false };
    const { strides, offset } = viewOf(new Float32Array(0), dtype, shape);
    super({ storage: new Storage(initial.toTypedArray(), owner), shape, dtype, strides, offset });
    this.name = name;
    Object.defineProperties(owner, { name: { get: () => this.name }, requiresGrad: { get: () => this.requiresGrad } });
    if (requiresGrad ?? isFloat(dtype)) this.requiresGrad = true;
  }

  override get version(): number {
    return this.view.storage.version;
  }

  /** The gradient that backward has added up since it was last set to null. */
  get grad(): Tensor<S> | null {
    const capture = tracer();
    if (capture !== null) {
      const captured = capture.gradient(this);
      return captured === null ? null : typed(captured);
    }
    if (this.#deferred !== null) this.grad = typed<S>(this.#deferred());
    return this.#grad;
  }

  set grad(gradient: Tensor<S> | null) {
    const capture = tracer();
    if (capture !== null) {
      capture.setGradient(this, gradient);
      return;
    }
    this.#deferred = null;
    this.#grad = gradient;
  }

  /** @internal Whether there is a gradient, captured computations aside. */
  get hasGradient(): boolean {
    return this.#grad !== null || this.#deferred !== null;
  }

  /** @internal A gradient that is made when somebody reads it. */
  deferGradient(make: () => Tensor): void {
    this.#grad = null;
    this.#deferred = make;
  }

  override get requiresGrad(): boolean {
    return this.node !== null;
  }

  /** Whether backward gives this variable a gradient. Only floats can have one. */
  override set requiresGrad(wanted: boolean) {
    if (wanted && !isFloat(this.dtype))
      throw new DTypeError(`${variableOf(this)}: ${this.dtype} values have no gradient`);
    if (wanted === (this.node !== null)) return;
    this.node = wanted ? Node.leaf(this.name || "Variable", this.view, this) : null;
  }

  /**
   * Gives the variable new values, in place. Not recorded: gradients do not flow through an assignment.
   * @throws ShapeError if the size or the shape differs
   */
  assign(value: Assignable): void {
    if (isRecomputing()) return;
    const label = `assign: ${variableOf(this)}`;
    const isTensor = value instanceof Tensor;
    if (isTensor && !sameShape(value.shape, this.shape)) {
      throw new ShapeError(`${label} has shape ${formatShape(this.shape)}, the value ${formatShape(value.shape)}`);
    }
    if (isTensor && !isFloat(this.dtype) && promote(value.dtype, this.dtype) !== this.dtype) {
      throw new DTypeError(`${label} is ${this.dtype}, the value ${value.dtype}: cast it first`);
    }
    if (!isTensor && value.length !== this.size) {
      const given = value.length === undefined ? describe(value) : `${value.length} values`;
      throw new ShapeError(`${label} has ${this.size} elements (shape ${formatShape(this.shape)}), got ${given}`);
    }
    if (!isTensor && !(isFloat(this.dtype) && ArrayBuffer.isView(value))) {
      const misfit = Array.from(value).findIndex((number) => !holds(this.dtype, number));
      if (misfit >= 0)
        throw new DTypeError(`${label} is ${this.dtype}, value ${describe(value[misfit])} at place ${misfit} is none`);
    }
    const capture = tracer();
    if (capture === null) this.write(isTensor ? value.toTypedArray() : value);
    else capture.assign(this, isTensor ? value.view : viewOf(Float32Array.from(value), "float32", this.shape));
  }

  /** @internal Overwrites the memory and raises its version. */
  write(values: ArrayLike<number>): void {
    const { storage } = this.view;
    storage.array.set(values);
    storage.lost = false;
    storage.version++;
  }
}

/**
 * Whether recording is on: whether results of operations on Variables will carry gradients.
 * @example noGrad(() => gradientsEnabled()); // false
 */
export function gradientsEnabled(): boolean {
  return isRecording();
}

/**
 * Runs `body` with recording on, within a `noGrad` around it.
 *
 * @example
 * noGrad(() => enableGrad(() => gradientsEnabled())); // true
 */
export function enableGrad<R>(body: () => R): R {
  return withRecording(true, body);
}
