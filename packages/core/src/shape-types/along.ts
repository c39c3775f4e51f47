// Elements along an axis in the type system: the indices' shape, once the axes beside theirs have broadcast.

import type { Shape } from "../shape-types.ts";
import type { AxisIndex, WithSize } from "./axes.ts";
import type { Broadcast } from "./broadcast.ts";

/** The shape of `takeAlongAxis`: `TakenAlong<[2, 3], [2, 1], 1>` is `readonly [2, 1]`; without an axis, a line. */
export type TakenAlong<S extends Shape, I extends Shape, X extends number | undefined> = [X] extends [undefined]
  ? readonly [number]
  : number extends X | S["length"] | I["length"]
    ? Shape
    : [AxisIndex<S, X>] extends [never]
      ? Shape
      : Broadcast<WithSize<S, AxisIndex<S, X>, 1>, I> extends infer R extends Shape
        ? R
        : Shape;
