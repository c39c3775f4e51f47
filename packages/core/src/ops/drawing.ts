// How random tensors are made: an operator that fills an array with a generator's numbers.

import type { DType } from "../dtype.ts";
import type { Draw, Generator } from "../random.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { viewOf } from "../view.ts";
import { primitive } from "./constructors.ts";

/** What is drawn: a shape and a float dtype, by a generator. */
export interface Drawing {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly generator: Generator;
}

/** An operator that draws: what it is called, how it fills an array, and whether programs have a kernel for it. */
export const drawing = (
  name: string,
  fill: (out: Float32Array | Float64Array, draw: Draw) => void,
  uniform: boolean,
): ((drawing: Drawing) => Tensor) => {
  const draw = primitive<Drawing>({
    name,
    infer: (_, { shape, dtype }) => ({ shape, dtype }),
    kernel: (_, { shape, dtype }, { generator }) => {
      const out = dtype === "float64" ? new Float64Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
      fill(out, generator.next());
      return viewOf(out, dtype, shape);
    },
    lowering: uniform ? { kind: "random", generator: ({ generator }) => generator } : { kind: "kernel" },
    reads: [],
    gradient: () => [],
  });
  return (attributes) => draw([], attributes);
};
