// Updates in place: several Variables of one shape get new values from one formula, in one loop. This is how an optimizer's rule
// runs: parameter, gradient and state are read once, and parameter and state written once.

import { ElementwiseKernel } from "../engine/elementwise.ts";
import { UpdateProgram } from "../engine/update-wasm.ts";
import { type Expr, input, reading, type Vocabulary } from "../expr/expr.ts";
import { simplify } from "../expr/simplify.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import { formatShape, sameShape } from "../shape.ts";
import type { Variable } from "../tensor.ts";
import { features } from "../wasm/features.ts";
import { Heap } from "../wasm/heap.ts";
import { type Operand, tensorsOf } from "./op.ts";

/** New values of the targets, from their old values followed by the other inputs. */
export type UpdateFormula = <T extends Vocabulary<T>>(...values: T[]) => readonly T[];

/** Assigns to `targets`, given the other inputs: tensors of the targets' shape, or numbers. */
export type Update = (targets: readonly Variable[], inputs: readonly Operand[]) => void;

/**
 * An update of Variables from a formula: given the old values of the targets and the inputs, it lists the targets' new values.
 *
 * @example
 * const descend = update({ name: "descend", forward: (w, g, rate) => [w.sub(g.mul(rate))] });
 * descend([w], [gradient, 0.1]);
 */
export function update({ name, forward }: { readonly name: string; readonly forward: UpdateFormula }): Update {
  let kernels: { readonly loop: ElementwiseKernel; readonly program: UpdateProgram } | null = null;
  const arity = forward.length;
  const read = (): readonly Expr[] =>
    reading(simplify, () => forward(...Array.from({ length: arity }, (_, index) => input(index))));
  return (targets, inputs) => {
    const [first] = targets;
    if (first === undefined) return;
    const others = tensorsOf(name, [first, ...inputs]).slice(1);
    for (const tensor of [...targets, ...others]) {
      if (tensor.size !== 1 && !sameShape(tensor.shape, first.shape)) {
        throw new ShapeError(`${name}: ${first.name || "the variable"} has shape ${formatShape(first.shape)}, another value ${formatShape(tensor.shape)}`);
      }
    }
    for (const target of targets) {
      if (target.dtype !== first.dtype) throw new DTypeError(`${name}: targets of ${first.dtype} and ${target.dtype}`);
    }
    if (kernels === null) {
      const formulas = read();
      kernels = { loop: new ElementwiseKernel(name, formulas), program: new UpdateProgram(formulas) };
    }
    const storages = targets.map(({ view }) => view.storage);
    const [views, rest] = [targets, others].map((tensors) => tensors.map(({ view }) => view));
    if (views === undefined || rest === undefined) return;
    if (!kernels.program.run(views, rest)) {
      kernels.loop.run([...views, ...rest], first.shape, storages.map(({ array }) => array), first.dtype);
    }
    for (const storage of storages) storage.version++;
  };
}

/**
 * Moves Variables into one memory, in which updates run as WebAssembly. Only where their values lie changes; an optimizer does it
 * with its parameters before its first step. Without WebAssembly SIMD, and for dtypes other than float32, nothing happens.
 */
export function shareMemory(variables: Iterable<Variable>): void {
  if (!features().simd) return;
  const storages = [...variables].filter(({ dtype }) => dtype === "float32").map(({ view }) => view.storage);
  const heap = storages.find(({ place }) => place !== null)?.place?.heap ?? new Heap();
  for (const storage of storages) heap.adopt(storage);
}
