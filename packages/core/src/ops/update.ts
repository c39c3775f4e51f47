// Updates in place: several Variables of one shape get new values from one formula, in one loop. This is how an optimizer's rule
// runs: parameter, gradient and state are read once, and parameter and state written once.

import type { DType } from "../dtype.ts";
import { copyElements } from "../engine/copy.ts";
import { ElementwiseKernel } from "../engine/elementwise.ts";
import { SimdLoop } from "../engine/simd-loop.ts";
import { updateInWasm } from "../engine/update-wasm.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import type { Vocabulary } from "../expr/expr.ts";
import { readFormula } from "../expr/formula.ts";
import { formatShape, sameShape } from "../shape.ts";
import { Tensor, type Variable } from "../tensor.ts";
import { isRecomputing, tracer } from "../tracing.ts";
import { checkCurrent, contiguous, type View, viewOf, viewSize } from "../view.ts";
import { features } from "../wasm/features.ts";
import { createHeap } from "../wasm/heap.ts";
import { lazy } from "./constructors.ts";
import { type Operand, tensorsOf } from "./op.ts";

/** New values of the targets, from their old values followed by the other inputs. */
export type UpdateFormula = <T extends Vocabulary<T>>(...values: T[]) => readonly T[];

/** Assigns to `targets`, given the other inputs: tensors of the targets' shape, or numbers. */
export type Update = (targets: readonly Variable[], inputs: readonly Operand[]) => void;

/**
 * An update of Variables from a formula: given the old values of the targets and the inputs, it lists the targets'
 * new values. All are of one shape, or numbers, and are read and written in one loop; nothing of it is recorded.
 *
 * @throws ShapeError when it is called, for shapes that differ
 * @throws DTypeError when it is called, for targets of several dtypes
 * @example
 * const descend = update({ name: "descend", forward: (w, g, rate) => [w.sub(g.mul(rate))] });
 * const w = new Variable(tensor([1, 2]));
 * descend([w], [tensor([10, 10]), 0.1]);
 * w.toArray(); // [0, 1]
 */
export function update({ name, forward }: { readonly name: string; readonly forward: UpdateFormula }): Update {
  const kernels = lazy(() => {
    const formulas = readFormula(forward, forward.length);
    return { formulas, kernel: new ElementwiseKernel(name, formulas), simd: new SimdLoop(formulas) };
  });
  return (targets, inputs) => {
    const [first] = targets;
    if (first === undefined || isRecomputing()) return;
    const others = tensorsOf(name, [first, ...inputs]).slice(1);
    let count = 0;
    for (const tensor of [...targets, ...others]) {
      checkCurrent(name, tensor.view.storage, tensor.version);
      if ((count++ < targets.length || tensor.size !== 1) && !sameShape(tensor.shape, first.shape)) {
        throw new ShapeError(
          `${name}: ${first.name || "the variable"} has shape ${formatShape(first.shape)}, another value ${formatShape(tensor.shape)}`,
        );
      }
    }
    for (const target of targets) {
      if (target.dtype !== first.dtype) throw new DTypeError(`${name}: targets of ${first.dtype} and ${target.dtype}`);
    }
    const { formulas, kernel, simd } = kernels();
    const views = targets.map(({ view }) => view);
    const rest = others.map(({ view }) => view);
    const storages = views.map(({ storage }) => storage);
    const capture = tracer();
    if (capture !== null) {
      capture.update(name, formulas, targets, rest);
      return;
    }
    const safe = rest.map((view) => (storages.includes(view.storage) ? apart(view, first.size) : view));
    if (!updateInWasm(simd, views, safe, first.size)) {
      kernel.run(
        [...views, ...safe],
        first.shape,
        storages.map(({ array }) => array),
        first.dtype,
      );
    }
    for (const storage of storages) storage.version++;
  };
}

/** A view of a target's memory, copied unless it is read in step with the target: it must not see new values. */
function apart(view: View, size: number): View {
  return viewSize(view) === size && contiguous(view) ? view : viewOf(copyElements(view), view.dtype, view.shape);
}

/**
 * Moves Variables into one memory, in which updates run as WebAssembly. Only where their values lie changes; an optimizer does it
 * with its parameters before its first step. Without WebAssembly SIMD, and for dtypes other than float32, nothing happens.
 *
 * @example
 * const w = new Variable(tensor([1, 2]));
 * shareMemory([w]);
 * w; // [1, 2]
 */
export function shareMemory(variables: Iterable<Variable>): void {
  if (!features().simd) return;
  const storages = [...variables].filter(({ dtype }) => dtype === "float32").map(({ view }) => view.storage);
  const heap = storages.find(({ place }) => place !== null)?.place?.heap ?? createHeap();
  for (const storage of storages) heap.adopt(storage);
}

/**
 * A number that depends on the step, as an operand: in a compiled step it is computed anew before each call.
 *
 * @param dtype that of the Variables that it updates
 *
 * @example
 * const rate = stepScalar(() => learningRate / (1 - beta ** steps));
 */
export function stepScalar(compute: () => number, dtype: DType = "float32"): Operand {
  const capture = tracer();
  if (capture === null) return compute();
  // In order with the other things that each call does: what changes a rate after this step must not change this step.
  let value = Number.NaN;
  capture.hostEffect(() => {
    value = compute();
  });
  return new Tensor(capture.hostScalar(() => value, dtype));
}
