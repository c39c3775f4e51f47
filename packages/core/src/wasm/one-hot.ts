// Labels as rows of zeros and a one, in compiled programs.

import { around, sizeOf } from "../shape.ts";
import type { FunctionBuilder } from "./assembler.ts";
import type { NativeKernel } from "./native.ts";
import { emitShare } from "./share.ts";

/** `off` everywhere, and `on` at the places along a new axis. */
interface OneHot {
  readonly axis: number;
  readonly values: readonly [off: number, on: number];
}

/** The kernel of oneHot. Threads divide the axes before that of the classes. */
export function oneHotKernel({ axis, values: [off, on] }: OneHot): NativeKernel {
  return {
    suits: ([labels], output) =>
      labels?.dtype === "int32" &&
      (output.dtype === "float32" || output.dtype === "int32") &&
      [labels, output].every(({ shape }) => sizeOf(shape) > 0),
    scratchBytes: () => 0,
    emit: (_, __, output) => {
      const { outer, size, inner } = around(output.shape, axis);
      const push = (f: FunctionBuilder, value: number): FunctionBuilder =>
        output.dtype === "float32" ? f.f32(value).op("i32.reinterpret_f32") : f.i32(value);
      return (f, { inputs: [labels = 0], output: to }, share) => {
        const [line, column, at, end, label] = f.locals("i32", "i32", "i32", "i32", "i32");
        const [from, until] = emitShare(f, outer, share);
        f.for(line, from, until, 1, () => {
          f.i32(to)
            .plus(line, 4 * size * inner)
            .tee(at);
          f.plus(4 * size * inner).set(end);
          f.for(at, at, end, 4, () => push(f.get(at), off).memory("i32.store"));
          f.i32(labels)
            .plus(line, 4 * inner)
            .set(label);
          f.for(column, 0, inner, 1, () => {
            f.get(label)
              .memory("i32.load")
              .i32(4 * inner)
              .op("i32.mul");
            f.plus(line, 4 * size * inner).plus(column, 4);
            push(f, on).memory("i32.store", to);
            f.increment(label, 4);
          });
        });
      };
    },
  };
}
