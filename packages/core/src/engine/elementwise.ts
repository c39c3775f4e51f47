// Elementwise loops, generated from formulas: one function for each combination of dtypes and layouts that occurs, so that the
// JavaScript engine sees one kind of array at each place and compiles a tight loop.

import { type DType, isFloat, type TypedArray } from "../dtype.ts";
import { portable } from "../expr/elementary.ts";
import { type Expr, inputsOf } from "../expr/expr.ts";
import { callables, interpret, toJavaScript } from "../expr/javascript.ts";
import { broadcastStrides, collapse, type LoopNest, offsetsOf, type Shape, sizeOf } from "../shape.ts";
import { contiguous, elements, type View, viewSize } from "../view.ts";
import { canGenerateCode, generate } from "./codegen.ts";

/** An input of a loop: a number read once, an array read in step with the output, or one read with strides. */
type Operand =
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "flat" | "strided"; readonly array: TypedArray };

type FlatLoop = (length: number, outputs: readonly TypedArray[], inputs: readonly (TypedArray | number)[]) => void;
type NestedLoop = (
  sizes: readonly number[],
  outputs: readonly TypedArray[],
  inputs: readonly (TypedArray | number)[],
  offsets: readonly number[],
  strides: readonly (readonly number[])[],
) => void;

/** One or several formulas over the same inputs, made runnable on typed arrays. */
export class ElementwiseKernel {
  readonly #name: string;
  readonly #roots: readonly Expr[];
  readonly #used: ReadonlySet<number>;
  readonly #flatLoops = new Map<string, FlatLoop>();
  readonly #nestedLoops = new Map<string, NestedLoop>();

  constructor(name: string, roots: readonly Expr[]) {
    this.#name = name;
    this.#roots = roots;
    this.#used = new Set(inputsOf(roots));
  }

  /**
   * Computes every formula for each element of `shape`, to which the inputs broadcast. The outputs are contiguous; one may be
   * the memory of an input that is read in step with it, since an element is read before it is written.
   */
  run(inputs: readonly View[], shape: Shape, outputs: readonly TypedArray[], dtype: DType): void {
    const size = sizeOf(shape);
    if (size === 0) return;
    const operands = inputs.map((view, index) => (this.#used.has(index) ? operandOf(view, size) : unused));
    const arrays = operands.map((operand) => (operand.kind === "scalar" ? operand.value : operand.array));
    const integers = !isFloat(dtype) && inputs.every((view) => !isFloat(view.dtype));
    if (!operands.some(({ kind }) => kind === "strided") && canGenerateCode()) {
      const key = keyOf(operands, outputs, integers);
      let loop = this.#flatLoops.get(key);
      if (loop === undefined) {
        loop = this.#flat(operands, outputs, integers);
        this.#flatLoops.set(key, loop);
      }
      loop(size, outputs, arrays);
      return;
    }
    const nest = collapse(
      shape,
      inputs.map((view, index) => stridesOf(view, operands[index], shape)),
    );
    const offsets = inputs.map((view, index) => (operands[index]?.kind === "strided" ? view.offset : 0));
    if (!canGenerateCode()) {
      interpretLoop(interpret(this.#roots, integers), nest, outputs, arrays, offsets);
      return;
    }
    const key = keyOf(operands, outputs, integers) + nestKey(nest);
    let loop = this.#nestedLoops.get(key);
    if (loop === undefined) {
      loop = this.#nested(operands, outputs, nest, integers);
      this.#nestedLoops.set(key, loop);
    }
    loop(nest.sizes, outputs, arrays, offsets, nest.strides);
  }

  #flat(operands: readonly Operand[], outputs: readonly TypedArray[], integers: boolean): FlatLoop {
    const read = operands.map(({ kind }, index) => (kind === "scalar" ? `x${index}` : `x${index}[i]`));
    return generate<FlatLoop>(
      this.#name,
      ["n", "outputs", "inputs"],
      [
        ...unpack(operands, outputs),
        "for (let i = 0; i < n; i++) {",
        ...this.#body(read, operands, outputs, integers),
        "}",
      ].join("\n"),
      callables(),
    );
  }

  #nested(operands: readonly Operand[], outputs: readonly TypedArray[], nest: LoopNest, integers: boolean): NestedLoop {
    const rank = nest.sizes.length;
    const lines = [...unpack(operands, outputs), "let i = 0;"];
    for (let index = 0; index < operands.length; index++) lines.push(`const p${index}_0 = offsets[${index}];`);
    for (let axis = 0; axis < rank; axis++) {
      lines.push(`const n${axis} = sizes[${axis}];`);
      for (const index of moving(nest, axis)) lines.push(`const s${index}_${axis} = strides[${index}][${axis}];`);
    }
    for (let axis = 0; axis < rank - 1; axis++) {
      lines.push(`for (let i${axis} = 0; i${axis} < n${axis}; i${axis}++) {`);
      for (let index = 0; index < operands.length; index++) {
        const step = (nest.strides[index]?.[axis] ?? 0) === 0 ? "" : ` + i${axis} * s${index}_${axis}`;
        lines.push(`const p${index}_${axis + 1} = p${index}_${axis}${step};`);
      }
    }
    const inner = rank - 1;
    const read = operands.map((operand, index) => {
      if (operand.kind === "scalar") return `x${index}`;
      const stride = nest.strides[index]?.[inner] ?? 0;
      if (stride === 0) {
        lines.push(`const h${index} = x${index}[p${index}_${inner}];`);
        return `h${index}`;
      }
      return `x${index}[p${index}_${inner} + j${stride === 1 ? "" : ` * s${index}_${inner}`}]`;
    });
    lines.push(`for (let j = 0; j < n${inner}; j++, i++) {`, ...this.#body(read, operands, outputs, integers), "}");
    for (let axis = 0; axis < rank - 1; axis++) lines.push("}");
    return generate<NestedLoop>(
      this.#name,
      ["sizes", "outputs", "inputs", "offsets", "strides"],
      lines.join("\n"),
      callables(),
    );
  }

  /** Loads, the formulas, stores. */
  #body(
    read: readonly string[],
    operands: readonly Operand[],
    outputs: readonly TypedArray[],
    integers: boolean,
  ): string[] {
    const lines: string[] = [];
    const names = read.map((code, index) => {
      if (operands[index]?.kind === "scalar" || !this.#used.has(index)) return code;
      lines.push(`const e${index} = ${code};`);
      return `e${index}`;
    });
    const { statements, results } = toJavaScript(this.#roots, names, integers);
    lines.push(...statements);
    // Every value is computed before any is stored: an output may be an input's memory.
    const last = outputs.length > 1 ? results.map((code, index) => `const r${index} = ${code};`) : [];
    lines.push(...last);
    for (const [index, code] of results.entries())
      lines.push(`o${index}[i] = ${outputs.length > 1 ? `r${index}` : code};`);
    return lines;
  }
}

const unused: Operand = { kind: "scalar", value: 0 };

function operandOf(view: View, size: number): Operand {
  if (viewSize(view) === 1) return { kind: "scalar", value: view.storage.array[view.offset] ?? Number.NaN };
  if (viewSize(view) === size && contiguous(view)) return { kind: "flat", array: elements(view) };
  return { kind: "strided", array: view.storage.array };
}

function stridesOf(view: View, operand: Operand | undefined, shape: Shape): readonly number[] {
  if (operand === undefined || operand.kind === "scalar") return shape.map(() => 0);
  return broadcastStrides(view.shape, view.strides, shape);
}

/** The operands that move along a loop. */
function moving(nest: LoopNest, axis: number): number[] {
  return nest.strides.flatMap((strides, index) => ((strides[axis] ?? 0) === 0 ? [] : [index]));
}

function unpack(operands: readonly Operand[], outputs: readonly TypedArray[]): string[] {
  return [
    ...outputs.map((_, index) => `const o${index} = outputs[${index}];`),
    ...operands.map((_, index) => `const x${index} = inputs[${index}];`),
  ];
}

/** Dtypes, layouts and whose functions are called: what the text of a flat loop depends on. */
function keyOf(operands: readonly Operand[], outputs: readonly TypedArray[], integers: boolean): string {
  let key = portable() === null ? "" : "p";
  key += integers ? "i" : "f";
  for (const output of outputs) key += arrayCode(output);
  for (const operand of operands) key += operand.kind === "scalar" ? "-" : arrayCode(operand.array);
  return key;
}

/** Whether the step of each operand along each loop is 0, 1 or another number. */
function nestKey(nest: LoopNest): string {
  let key = "";
  for (const strides of nest.strides) {
    key += "|";
    for (const stride of strides) key += stride === 0 ? "0" : stride === 1 ? "1" : "n";
  }
  return key;
}

/** The same loops without generated code: the interpreted formulas at each place of the nest. */
function interpretLoop(
  formulas: (inputs: ArrayLike<number>, results: number[]) => void,
  { sizes, strides }: LoopNest,
  outputs: readonly TypedArray[],
  inputs: readonly (TypedArray | number)[],
  offsets: readonly number[],
): void {
  const places = strides.map((steps) => offsetsOf(sizes, steps));
  const results: number[] = [];
  for (let index = 0; index < sizeOf(sizes); index++) {
    const read = (source: TypedArray | number, operand: number): number =>
      typeof source === "number" ? source : (source[(offsets[operand] ?? 0) + (places[operand]?.[index] ?? 0)] ?? NaN);
    formulas(inputs.map(read), results);
    for (const [root, output] of outputs.entries()) output[index] = results[root] ?? Number.NaN;
  }
}

/** A letter for each kind of array. */
export function arrayCode(array: TypedArray): string {
  if (array instanceof Float32Array) return "f";
  if (array instanceof Float64Array) return "d";
  return array instanceof Int32Array ? "i" : "u";
}
