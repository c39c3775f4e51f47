// Joining in the type system: tensors laid along an axis that exists (`concat`) or along a new one (`stack`).

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { AxisIndex, OutOfRange, UnknownSizes } from "./axes.ts";
import type { Same } from "./broadcast.ts";
import type { Unsqueezed } from "./movement.ts";
import type { ShowShape } from "./print.ts";
import type { Add } from "./sizes.ts";

/** What of a tensor counts here. */
interface Shaped {
  /** The sizes of the axes. */
  readonly shape: Shape;
}

/** The shapes of a tuple of tensors. */
export type ShapesOf<Tensors extends readonly Shaped[]> = {
  readonly [K in keyof Tensors]: Tensors[K]["shape"];
};

/** The shape of tensors joined along an axis that exists: its sizes add up, all others are equal. */
export type Concatenated<Shapes extends readonly Shape[], X extends number = 0> = [number] extends [
  Shapes["length"] | Shapes[number]["length"],
]
  ? Shape
  : Shapes extends readonly [infer First extends Shape, ...infer Rest extends readonly Shape[]]
    ? number extends X
      ? UnknownSizes<First>
      : [AxisIndex<First, X>] extends [never]
        ? ShapeMismatch<OutOfRange<First, X, "concat">>
        : Joined<First, Rest, "concat", AxisIndex<First, X>>
    : Shape;

/** The shape of equal shapes laid along a new axis: `Stacked<[readonly [3], readonly [3]], 0>` is `readonly [2, 3]`. */
export type Stacked<Shapes extends readonly Shape[], X extends number = 0> = [number] extends [
  Shapes["length"] | Shapes[number]["length"],
]
  ? Shape
  : Shapes extends readonly [infer First extends Shape, ...infer Rest extends readonly Shape[]]
    ? Joined<First, Rest, "stack"> extends infer R
      ? R extends Shape
        ? Unsqueezed<R, X, "stack", Shapes["length"]>
        : R
      : never
    : Shape;

/** One shape after another joined to the first, along the axis `Index` if there is one. */
type Joined<
  First extends Shape,
  Rest extends readonly Shape[],
  Op extends string,
  Index = undefined,
  Total extends Shape = readonly [...First],
> = Rest extends readonly [infer Next extends Shape, ...infer More extends readonly Shape[]]
  ? JoinedPair<
      Total,
      Next,
      `${Op} ${ShowShape<First>} and ${ShowShape<Next>}${Index extends number ? ` along axis ${Index}` : ""}`,
      Index
    > extends infer R
    ? R extends Shape
      ? Joined<First, More, Op, Index, R>
      : R
    : never
  : Total;

type JoinedPair<
  A extends Shape,
  B extends Shape,
  Message extends string,
  Index,
  Out extends Shape = readonly [],
> = A["length"] extends B["length"]
  ? readonly [A, B] extends readonly [
      readonly [infer X extends number, ...infer ARest extends Shape],
      readonly [infer Y extends number, ...infer BRest extends Shape],
    ]
    ? Out["length"] extends Index
      ? JoinedPair<ARest, BRest, Message, Index, readonly [...Out, Add<X, Y>]>
      : [Same<X, Y>] extends [never]
        ? ShapeMismatch<`${Message}: axis ${Out["length"]}: ${X} and ${Y} differ`>
        : JoinedPair<ARest, BRest, Message, Index, readonly [...Out, Same<X, Y>]>
    : Out
  : ShapeMismatch<`${Message}: ranks ${A["length"]} and ${B["length"]} differ`>;
