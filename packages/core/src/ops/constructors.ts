// The five constructors of operators. Each asks for what is particular to one operator and knows the rest of its kind.
// They are public: an operator made by a user runs, differentiates and compiles like ours.

import { allocate, arithmetic, type DType, floating, isFloat, promote } from "../dtype.ts";
import { ElementwiseKernel } from "../engine/elementwise.ts";
import { computeInWasm } from "../engine/elementwise-wasm.ts";
import { ReductionKernel } from "../engine/reduction.ts";
import { SimdLoop } from "../engine/simd-loop.ts";
import { checkOptionNames, OptionError, ShapeError } from "../errors.ts";
import {
  call,
  checkFormula,
  type Expr,
  type FunctionKind,
  inputsOf,
  type ScalarFunction,
  signatures,
  substitute,
  input as symbol,
  type Vocabulary,
} from "../expr/expr.ts";
import { type GradientFormula, gradientsOf, readFormula, type ScalarFormula } from "../expr/formula.ts";
import { broadcastShapes, formatShape, normalizeAxes, reducedShape, type Shape, sizeOf } from "../shape.ts";
import type { Axes, Broadcast, Check, Reduced, Result } from "../shape-types.ts";
import { type BackwardContext, isRecording, Node, withRecording } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { type Spec, type View, viewOf } from "../view.ts";
import { type Lowering, type One, type Op, type Operand, run, tensorsOf } from "./op.ts";

// Elementwise ---------------------------------------------------------------------------------------------------------------

/** The dtype of an elementwise result from those of its inputs. */
export type ResultRule = (dtypes: readonly DType[]) => DType;

const meet = (dtypes: readonly DType[]): DType => dtypes.reduce(promote);
/** Arithmetic: what the inputs meet in; bytes and booleans count as integers. @example sameDType(["int32", "float32"]); // "float32" */
export const sameDType: ResultRule = (dtypes) => arithmetic(meet(dtypes));
/** Functions that leave the integers. @example floatDType(["int32"]); // "float32" */
export const floatDType: ResultRule = (dtypes) => floating(meet(dtypes));
/** Comparisons and conditions. @example boolDType(["float32", "float32"]); // "bool" */
export const boolDType: ResultRule = () => "bool";
/**
 * A choice: what its two branches meet in; the condition, which comes first, does not count.
 * @example branchDType(["bool", "int32", "float32"]); // "float32"
 */
export const branchDType: ResultRule = (dtypes) => meet(dtypes.slice(1));

/** A function of one tensor that keeps its shape. */
export interface UnaryOp {
  <S extends Shape>(x: Tensor<S>): Tensor<S>;
  /** What graphs and passes read of it: its shape rule, kernel, formula and gradient. */
  readonly op: Op<null>;
}

/** A function of two tensors or numbers that broadcast. */
export interface BinaryOp<Name extends string = string> {
  <A extends Shape = readonly [], B extends Shape = readonly []>(
    a: Tensor<A> | number,
    b: (Tensor<B> & Check<Broadcast<A, B, Name>>) | number,
  ): Tensor<Result<Broadcast<A, B, Name>>>;
  /** What graphs and passes read of it: its shape rule, kernel, formula and gradient. */
  readonly op: Op<null>;
}

/** A function of three tensors or numbers that broadcast. */
export interface TernaryOp {
  <A extends Shape = readonly [], B extends Shape = readonly [], C extends Shape = readonly []>(
    a: Tensor<A> | number,
    b: Tensor<B> | number,
    c: Tensor<C> | number,
  ): Tensor<Result<Broadcast<Result<Broadcast<A, B>>, C>>>;
  /** What graphs and passes read of it: its shape rule, kernel, formula and gradient. */
  readonly op: Op<null>;
}

/** A function of any number of tensors or numbers that broadcast. */
export interface ElementwiseOp {
  (...inputs: Operand[]): Tensor;
  /** What graphs and passes read of it: its shape rule, kernel, formula and gradient. */
  readonly op: Op<null>;
}

/** The type of an elementwise operator of so many inputs. */
export type ElementwiseOfArity<Arity extends number, Name extends string> = number extends Arity
  ? ElementwiseOp
  : Arity extends 1
    ? UnaryOp
    : Arity extends 2
      ? BinaryOp<Name>
      : Arity extends 3
        ? TernaryOp
        : ElementwiseOp;

/** The parts of an elementwise operator. */
export interface ElementwiseDefinition<F extends ScalarFormula = ScalarFormula, Name extends string = string> {
  /** Its name in messages and graphs. */
  readonly name?: Name;
  /** The value, as a formula of the inputs. */
  readonly forward: F;
  /** Gradients that are better than the formula's own derivative: given dy, the inputs and y, one for each input. */
  readonly gradient?: GradientFormula;
  /** The dtype of the result; arithmetic's by default. */
  readonly result?: ResultRule;
}

/**
 * An operator from a formula on numbers: its loops and its gradient follow from it.
 *
 * @param definition the formula as `forward`, a name for messages, and a `gradient` where the derivative has a
 * better form
 * @throws OptionError if `forward` does not name its inputs, as in `(x, y) => …`
 * @throws ShapeError when it is called, for another number of inputs, or shapes that do not broadcast
 * @example
 * const silu = elementwise({ name: "silu", forward: (x) => x.mul(x.sigmoid()) });
 * silu(tensor([0, 2])); // [0, 1.761594]
 */
export function elementwise<F extends ScalarFormula, const Name extends string = "broadcast">(
  definition: ElementwiseDefinition<F, Name>,
): ElementwiseOfArity<Parameters<F>["length"], Name>;
export function elementwise(definition: ElementwiseDefinition): ElementwiseOp {
  const { name = "elementwise", forward, gradient, result = sameDType } = definition;
  const arity = forward.length;
  if (arity === 0) {
    throw new OptionError(
      `elementwise ${name}: forward must name its inputs, as in (x) => … or (x, y) => …: rest parameters hide their number`,
    );
  }
  return operatorOf(
    elementwiseOp(name, arity, () => checkFormula(name, readFormula(forward, arity)), result, gradient),
    arity,
  );
}

/** The dtype of what a function of the scalar language gives. */
const resultRules: Readonly<Record<FunctionKind, ResultRule>> = {
  whole: sameDType,
  fraction: floatDType,
  elementary: floatDType,
  condition: boolDType,
  choice: branchDType,
};

/** The operator that is one function of the scalar language, element by element. */
export function scalarFunction(name: ScalarFunction<FunctionKind, 1>): UnaryOp;
export function scalarFunction<Name extends ScalarFunction<FunctionKind, 2>>(name: Name): BinaryOp<Name>;
export function scalarFunction(name: ScalarFunction): UnaryOp | ElementwiseOp {
  const { kind, arity } = signatures[name];
  const read = (): Expr => readFormula((first, ...others) => call(name, first, ...others), arity);
  return operatorOf(elementwiseOp(name, arity, read, resultRules[kind]), arity);
}

function operatorOf(op: Op<null>, arity: number): ElementwiseOp {
  const { name } = op;
  return Object.assign(
    (...inputs: Operand[]) => {
      if (inputs.length !== arity) throw new ShapeError(`${name}: expected ${arity} inputs, got ${inputs.length}`);
      return run(op, tensorsOf(name, inputs), null);
    },
    { op },
  );
}

/** The gradient of one input: its formula as an operator, and what that reads. */
interface InputGradient {
  readonly reads: readonly number[];
  readonly op: Op<null> | null;
}

function elementwiseOp(
  name: string,
  arity: number,
  read: () => Expr,
  result: ResultRule,
  own?: GradientFormula,
): Op<null> {
  const parts = lazy(() => {
    const root = read();
    return { root, kernel: new ElementwiseKernel(name, [root]), simd: new SimdLoop([root]) };
  });
  // Symbols of the gradient's formula: the inputs, then dy, then y.
  const gradients = lazy(() =>
    gradientsOf(parts().root, arity, own).map((gradient, index): InputGradient | null => {
      if (gradient === null) return null;
      const reads = inputsOf([gradient.expr]);
      const compact = (): Expr =>
        substitute(gradient.expr, ({ node }) => (node.kind === "input" ? symbol(reads.indexOf(node.index)) : null));
      return {
        reads,
        op: gradient.identity ? null : elementwiseOp(`${name}.gradient${index}`, reads.length, compact, floatDType),
      };
    }),
  );
  const mentions = (index: number): boolean => gradients().some((gradient) => gradient?.reads.includes(index));
  return {
    name,
    infer: (inputs) => ({
      shape: inputs.map(({ shape }) => shape).reduce((a, b) => broadcastShapes(name, a, b)),
      dtype: result(inputs.map(({ dtype }) => dtype)),
    }),
    compute(inputs, spec) {
      const large = spec.dtype === "float32" ? computeInWasm(parts().simd, inputs, spec.shape) : null;
      if (large !== null) return viewOf(large, spec.dtype, spec.shape);
      const out = allocate(spec.dtype, sizeOf(spec.shape));
      parts().kernel.run(inputs, spec.shape, [out], spec.dtype);
      return viewOf(out, spec.dtype, spec.shape);
    },
    lowering: { kind: "elementwise", formula: () => parts().root },
    get reads() {
      return { inputs: mentions, output: mentions(arity + 1) };
    },
    backward(context) {
      return gradients().map((gradient, index) => {
        if (gradient === null || context.needs[index] === false) return null;
        const operand = (read: number): Tensor =>
          read === arity ? context.dy : read === arity + 1 ? context.output() : context.input(read);
        const whole = gradient.op === null ? context.dy : run(gradient.op, gradient.reads.map(operand), null);
        return sumTo(whole, context.specs[index]?.shape ?? []);
      });
    },
  };
}

/** The adjoint of broadcasting: `x` summed over the axes along which `shape` was stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((size, axis) => (axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : []));
  return axes.length === 0 ? x : x.sum(axes).reshape(shape);
}

/** `make`, run at the first call and never again. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

// Reductions ----------------------------------------------------------------------------------------------------------------

/** The axes that a reduction folds, sorted, and whether they stay as axes of size 1. */
interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** Options of a reduction. */
export interface ReductionOptions<K extends boolean = boolean> {
  /** Keep the reduced axes with size 1, so that the result broadcasts against the input; false by default. */
  readonly keepDims?: K;
}

/** A reduction over one axis, several, or all. */
export interface ReductionOp<Name extends string = string> {
  <S extends Shape, const X extends Axes = undefined, K extends boolean = false>(
    x: Tensor<S>,
    axis?: X & Check<Reduced<S, X, K, Name>>,
    options?: ReductionOptions<K>,
  ): Tensor<Result<Reduced<S, X, K, Name>>>;
  /** What graphs and passes read of it: its shape rule, kernel, combination and gradient. */
  readonly op: Op<ReductionAttributes>;
}

/** The parts of a reduction. */
export interface ReductionDefinition {
  readonly name: string;
  /** The value before the first element, and of nothing at all. */
  readonly init: number;
  /** Whether nothing has no value, so that reducing it is an error, as the greatest of nothing. */
  readonly refusesNothing?: boolean;
  /** The total so far and the next element → the new total; associative. */
  readonly combine: <T extends Vocabulary<T>>(total: T, element: T) => T;
  readonly result: (dtype: DType) => DType;
  /** What the gradient reads. */
  readonly reads?: readonly ("x" | "y")[];
  /** The gradient of the input, if there is one; `dy` and `y` come with the reduced axes kept, so that they broadcast against `x`. */
  readonly gradient?: (parts: {
    dy: Tensor;
    x: () => Tensor;
    y: () => Tensor;
    spec: Spec;
    axes: readonly number[];
  }) => Tensor;
}

/** An operator that folds elements into one by an associative formula. */
export function reduction<Name extends string>(
  definition: ReductionDefinition & { readonly name: Name },
): ReductionOp<Name> {
  const { name, init, refusesNothing = false, combine, result, reads = [], gradient } = definition;
  const formula = lazy(() => readFormula(combine, 2));
  const kernel = lazy(() => new ReductionKernel(formula(), init));
  const op: Op<ReductionAttributes> = {
    name,
    infer: ([x]: One<Spec>, { axes, keepDims }) => {
      const empty = axes.find((axis) => x.shape[axis] === 0);
      if (refusesNothing && empty !== undefined)
        throw new ShapeError(`${name}: nothing to reduce: ${formatShape(x.shape)} has no elements along axis ${empty}`);
      return { shape: reducedShape(x.shape, axes, keepDims), dtype: result(x.dtype) };
    },
    compute([x]: One<View>, spec, { axes }) {
      const out = allocate(spec.dtype, sizeOf(spec.shape));
      kernel().run(x, axes, out);
      return viewOf(out, spec.dtype, spec.shape);
    },
    lowering: { kind: "reduction", combine: formula, init, axes: ({ axes }) => axes },
    reads: { inputs: () => reads.includes("x"), output: reads.includes("y") },
    backward(context, { axes }) {
      const [spec] = context.specs;
      if (gradient === undefined || spec === undefined) return [null];
      const kept = reducedShape(spec.shape, axes, true);
      const parts = {
        dy: context.dy.reshape(kept),
        x: () => context.input(0),
        y: () => context.output().reshape(kept),
        spec,
        axes,
      };
      return [gradient(parts)];
    },
  };
  const reduce = (x: Tensor, axis?: Axes, options: ReductionOptions = {}): Tensor => {
    checkOptionNames(name, options, ["keepDims"]);
    const { keepDims = false } = options;
    const [tensor = x] = tensorsOf(name, [x]);
    return run(op, [tensor], { axes: normalizeAxes(name, axis, tensor.rank), keepDims });
  };
  return Object.assign(reduce as ReductionOp<Name>, { op });
}

// Movement ------------------------------------------------------------------------------------------------------------------

/** The parts of an operator that moves elements and changes none. */
export interface MovementDefinition<Attributes> {
  readonly name: string;
  /** The elements of the result: a view of the same memory, or a copy where no view can say it. */
  readonly move: (view: View, attributes: Attributes) => View;
  /** The gradient of the input, of shape `spec`: each element goes back to where it came from, repeated ones are summed. */
  readonly adjoint: (dy: Tensor, spec: Spec, attributes: Attributes) => Tensor;
}

/** A function of one tensor and what else it needs to know. */
export type MovementOp<Attributes> = (x: Tensor, attributes: Attributes) => Tensor;

/** An operator that moves elements: reshape, permute, broadcast, slice … */
export function movement<Attributes>(definition: MovementDefinition<Attributes>): MovementOp<Attributes> {
  const { name, move, adjoint } = definition;
  const op: Op<Attributes> = {
    name,
    infer: ([spec]: One<Spec>) => spec,
    compute: ([view]: One<View>, _, attributes) => move(view, attributes),
    lowering: { kind: "movement" },
    reads: { inputs: () => false, output: false },
    backward: ({ dy, specs: [spec = dy.view] }, attributes) => [adjoint(dy, spec, attributes)],
  };
  return (x, attributes) => run(op, tensorsOf(name, [x]), attributes);
}

// Primitives ----------------------------------------------------------------------------------------------------------------

/** The parts of an operator with a kernel of its own. Methods, so that an entry may say how many inputs there are: {@link One}. */
export interface PrimitiveDefinition<Attributes> {
  readonly name: string;
  infer(inputs: readonly Spec[], attributes: Attributes): Spec;
  kernel(inputs: readonly View[], spec: Spec, attributes: Attributes): View;
  /** How compiled programs compute it; by the same kernel, between theirs, by default. */
  readonly lowering?: Lowering<Attributes>;
  /** The inputs that the gradient reads; all by default. */
  readonly reads?: readonly number[];
  readonly gradient: (context: BackwardContext, attributes: Attributes) => readonly (Tensor | null)[];
}

/** A function of tensors and what else it needs to know. */
export type PrimitiveOp<Attributes> = (inputs: readonly Operand[], attributes: Attributes) => Tensor;

/** An operator with a kernel of its own: matrix products, indexing, random numbers. */
export function primitive<Attributes>(definition: PrimitiveDefinition<Attributes>): PrimitiveOp<Attributes> {
  const { name, infer, kernel, reads, gradient, lowering = { kind: "kernel" } } = definition;
  const op: Op<Attributes> = {
    name,
    infer,
    compute: kernel,
    lowering,
    reads: { inputs: (index) => reads?.includes(index) ?? true, output: false },
    backward: gradient,
  };
  return (inputs, attributes) => run(op, tensorsOf(name, inputs), attributes);
}

// Composites ----------------------------------------------------------------------------------------------------------------

/** What the gradient of a composite may read. */
export interface CompositeParts<
  Inputs extends readonly Tensor[],
  Shared extends readonly Tensor[] = readonly Tensor[],
> {
  readonly dy: Tensor;
  readonly inputs: Inputs;
  readonly y: Tensor;
  readonly shared: Shared;
  readonly needs: readonly boolean[];
}

/** The parts of an expression of other operators whose gradient has a form of its own. */
export interface CompositeDefinition<Attributes> {
  readonly name: string;
  /** Values computed from the inputs that forward and gradient share. */
  intermediates?(inputs: readonly Tensor[], attributes: Attributes): readonly Tensor[];
  forward(inputs: readonly Tensor[], shared: readonly Tensor[], attributes: Attributes): Tensor;
  gradient(parts: CompositeParts<readonly Tensor[]>, attributes: Attributes): readonly (Tensor | null)[];
}

/** What a composite gives: its result, and the intermediates, which carry no gradient. */
export interface CompositeResult {
  readonly output: Tensor;
  readonly shared: readonly Tensor[];
}

/**
 * An expression of other operators with a gradient of its own, stable or cheaper than theirs.
 *
 * The gradient is made of ordinary operators. When it is to be differentiated in turn, the intermediates are computed again, on
 * the tape.
 */
export function composite<Attributes>(
  definition: CompositeDefinition<Attributes>,
): (inputs: readonly Operand[], attributes: Attributes) => CompositeResult {
  const { name, intermediates = () => [], forward, gradient } = definition;
  return (operands, attributes) => {
    const inputs = tensorsOf(name, operands);
    const { output, shared } = withRecording(false, () => {
      const values = intermediates(inputs, attributes);
      const result = forward(inputs, values, attributes);
      // An input passed through would share its node: give the result a handle of its own.
      return { output: inputs.includes(result) ? result.detach() : result, shared: values };
    });
    if (isRecording() && isFloat(output.dtype) && inputs.some(({ node }) => node !== null)) {
      const rule = (context: BackwardContext): readonly (Tensor | null)[] => {
        const read = inputs.map((_, index) => context.input(index));
        const values = isRecording() ? intermediates(read, attributes) : shared;
        return gradient(
          { dy: context.dy, inputs: read, y: context.output(), shared: values, needs: context.needs },
          attributes,
        );
      };
      output.node = Node.of(name, inputs, output, rule, { inputs: () => true, output: true });
    }
    return { output, shared };
  };
}

/** An operand that its operator always gives. */
export function required(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new ShapeError("an operator was called with an input missing");
  return tensor;
}
