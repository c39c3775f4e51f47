// Tensors assembled from parts, in compiled programs: every part is copied to its places in runs as long as they come.

import { contiguousStrides, sizeOf } from "../shape.ts";
import type { FunctionBuilder, Local } from "./assembler.ts";
import type { NativeKernel } from "./native.ts";
import { type Assembly, type Layout, runOf } from "./parts.ts";
import { emitShare } from "./share.ts";

/** Elements up to which a run is copied by instructions of its own. */
const UNROLLED = 32;

/** The kernel of an assembly of values of four bytes. Threads divide the rows, if every part has all of them. */
export function assemblyKernel({ shape, parts, value }: Assembly): NativeKernel {
  return {
    suits: (inputs, output) =>
      (output.dtype === "float32" || (output.dtype === "int32" && value === 0)) &&
      [...inputs, output].every((spec) => sizeOf(spec.shape) > 0),
    scratchBytes: () => 0,
    emit:
      () =>
      (f, { inputs, output }, share) => {
        const strides = contiguousStrides(shape);
        const layouts = parts.map((part) => part({ shape, strides, offset: 0 }));
        const rowElements = strides[0] ?? 1;
        const byRows = layouts.every(
          (part) => part.shape[0] === shape[0] && part.strides[0] === rowElements && part.offset < rowElements,
        );
        const [units, size] = byRows ? [shape[0] ?? 1, rowElements] : [1, sizeOf(shape)];
        const [from, to] = emitShare(f, units, share);
        const covered = layouts.reduce((sum, part) => sum + sizeOf(part.shape), 0) === sizeOf(shape);
        if (!covered) fill(f, output, from, to, size, value);
        for (const [index, layout] of layouts.entries()) {
          const part = byRows ? layout : { ...layout, shape: [1, ...layout.shape], strides: [0, ...layout.strides] };
          copyPart(f, inputs[index] ?? 0, output, part, from, to);
        }
      },
  };
}

/** Sets units `from` to `to` of the output, each of `size` elements. */
function fill(
  f: FunctionBuilder,
  output: number,
  from: Local<"i32">,
  to: Local<"i32">,
  size: number,
  value: number,
): void {
  if (Object.is(value, 0)) {
    f.i32(output)
      .plus(from, 4 * size)
      .i32(0)
      .get(to)
      .get(from)
      .op("i32.sub")
      .i32(4 * size)
      .op("i32.mul")
      .memoryFill();
    return;
  }
  const [at, end] = f.locals("i32", "i32");
  f.i32(output)
    .plus(from, 4 * size)
    .set(at);
  f.i32(output)
    .plus(to, 4 * size)
    .set(end);
  f.for(at, at, end, 4, () => f.get(at).f32(value).memory("f32.store"));
}

/** Copies rows `from` to `to` (of the part's first axis) of a contiguous input to their places. */
function copyPart(
  f: FunctionBuilder,
  input: number,
  output: number,
  part: Layout,
  from: Local<"i32">,
  to: Local<"i32">,
): void {
  const { inner, run } = runOf(part, 1);
  const [source, target] = f.locals("i32", "i32");
  f.i32(input)
    .plus(from, 4 * sizeOf(part.shape.slice(1)))
    .set(source);
  f.i32(output + 4 * part.offset)
    .plus(from, 4 * (part.strides[0] ?? 0))
    .set(target);
  const visit = (axis: number): void => {
    if (axis === inner) {
      copyRun(f, source, target, run);
      f.increment(source, 4 * run);
      return;
    }
    const [size, step] = [part.shape[axis] ?? 1, 4 * (part.strides[axis] ?? 0)];
    f.for(f.local("i32"), axis === 0 ? from : 0, axis === 0 ? to : size, 1, () => {
      visit(axis + 1);
      f.increment(target, step);
    });
    if (axis > 0) f.increment(target, -size * step);
  };
  visit(0);
}

/** Copies `run` elements of four bytes that lie without gaps. */
export function copyRun(f: FunctionBuilder, source: Local<"i32">, target: Local<"i32">, run: number): void {
  if (run > UNROLLED) {
    f.get(target)
      .get(source)
      .i32(4 * run)
      .memoryCopy();
    return;
  }
  for (let at = 0; at < run; ) {
    const wide = run - at >= 4;
    f.get(target).get(source);
    if (wide) f.memory("v128.load", 4 * at).memory("v128.store", 4 * at);
    else f.memory("f32.load", 4 * at).memory("f32.store", 4 * at);
    at += wide ? 4 : 1;
  }
}
