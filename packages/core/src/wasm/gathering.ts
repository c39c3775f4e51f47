// Reading at indices, in compiled programs: whole slices, or single elements along an axis. Threads divide the rows of the result.

import { around, type Shape, sizeOf } from "../shape.ts";
import type { Spec } from "../view.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import { copyRun } from "./assembly.ts";
import type { NativeKernel, NativePlaces } from "./native.ts";
import { emitShare, type Share } from "./share.ts";

/** Elements of four bytes at places of whole numbers, and something there. */
function suits([x, places]: readonly Spec[], output: Spec): boolean {
  const wide = output.dtype === "float32" || output.dtype === "int32";
  const some = [x, places, output].every((spec) => spec !== undefined && sizeOf(spec.shape) > 0);
  return wide && some && places?.dtype === "int32";
}

/** The rows of a result: this thread's, with the row of the outer axes and the place along the indices that each belongs to. */
function eachRow(
  f: FunctionBuilder,
  outer: number,
  count: number,
  share: Share,
  body: (row: Local<"i32">, outer: Local<"i32">, index: Local<"i32">) => void,
): void {
  const [row, line, index] = f.locals("i32", "i32", "i32");
  const [from, to] = emitShare(f, outer * count, share);
  f.for(row, from, to, 1, () => {
    f.get(row).i32(count).op("i32.div_u").set(line);
    f.get(row).get(line).i32(count).op("i32.mul").op("i32.sub").set(index);
    body(row, line, index);
  });
}

/** y[o, i, …] = x[o, places[i], …], with o for the axes before `axis` and … for those after it. */
export function gatherKernel(axis: number): NativeKernel {
  return {
    suits,
    scratchBytes: () => 0,
    emit: (_, [x, places]) => {
      const { outer, size, inner } = around(x?.shape ?? [], axis);
      return (f, { inputs: [source = 0, indices = 0], output }, share) => {
        const [from, to] = f.locals("i32", "i32");
        eachRow(f, outer, sizeOf(places?.shape ?? []), share, (row, line, index) => {
          f.i32(0)
            .plus(index, 4)
            .memory("i32.load", indices)
            .plus(line, size)
            .i32(4 * inner)
            .op("i32.mul");
          f.plus(source).set(from);
          f.i32(output)
            .plus(row, 4 * inner)
            .set(to);
          copyRun(f, from, to, inner);
        });
      };
    },
  };
}

/** y[o, i, …] = x[o, places[o, i, …], …]. */
export function takeAlongKernel(axis: number): NativeKernel {
  const beside = (shape: Shape): string => shape.filter((_, other) => other !== axis).join();
  return {
    // Indices may be shorter than x beside the axis: then they reach its first elements, which this kernel does not.
    suits: (inputs, output) => suits(inputs, output) && beside(inputs[0]?.shape ?? []) === beside(output.shape),
    scratchBytes: () => 0,
    emit: (_, [x], output) => takeAlong(x?.shape ?? [], output.shape, axis),
  };
}

function takeAlong(
  shape: Shape,
  result: Shape,
  axis: number,
): (f: FunctionBuilder, places: NativePlaces, share: Share) => void {
  const { outer, size, inner } = around(shape, axis);
  return (f, { inputs: [source = 0, indices = 0], output }, share) => {
    const [column, at, base] = f.locals("i32", "i32", "i32");
    eachRow(f, outer, around(result, axis).size, share, (row, line) => {
      f.i32(0)
        .plus(row, 4 * inner)
        .set(at);
      f.i32(0)
        .plus(line, 4 * size * inner)
        .set(base);
      f.for(column, 0, inner, 1, () => {
        f.get(at);
        f.get(at)
          .memory("i32.load", indices)
          .i32(4 * inner)
          .op("i32.mul")
          .plus(base)
          .memory("i32.load", source)
          .memory("i32.store", output);
        f.increment(at, 4).increment(base, 4);
      });
    });
  };
}
