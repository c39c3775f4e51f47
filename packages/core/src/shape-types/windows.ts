// Windows that slide over images and sequences in the type system: how many places there are along an axis, by the arithmetic of
// window.ts on literal sizes. What is not literal (a size, a stride, a padding) leaves the axis it decides unknown.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { ShowShape } from "./print.ts";
import type { Add, FloorDivide, Multiply, Subtract } from "./sizes.ts";

/** Beside the type of options that are given: those with a name that is not among `All` can have no value. */
export type KnownOptions<O, All> = { readonly [K in Exclude<keyof O, keyof All>]: never };

/** An option's type: the default's where the option is not there, `unknown` where only run time knows. */
type OptionOf<O, Name extends string, Default> = unknown extends O
  ? unknown
  : Name extends keyof O
    ? undefined extends O[Name]
      ? unknown
      : O[Name]
    : Default;

/** One number for both axes, or the one for the axis `I`. */
type Along<E, I extends 0 | 1> = [E] extends [number]
  ? E
  : [E] extends [readonly [infer H extends number, infer W extends number]]
    ? [H, W][I]
    : number;

/** The padding before and after the axis `I`, or `"same"`. */
type PadsAlong<P, I extends 0 | 1> = [P] extends ["same"]
  ? "same"
  : [P] extends ["valid"]
    ? readonly [0, 0]
    : [P] extends [number]
      ? readonly [P, P]
      : [P] extends [readonly [infer R, infer C]]
        ? [R, C][I] extends infer Own
          ? [Own] extends [number]
            ? readonly [Own, Own]
            : Own extends readonly [number, number]
              ? Own
              : readonly [number, number]
          : never
        : readonly [number, number];

/** The padding of a sequence. */
type SequencePads<P> = [P] extends [readonly [number, number]] ? P : PadsAlong<P, 0>;

/** How far a window reaches: (size − 1) · dilation + 1. */
type Reach<K extends number, Dilation extends number> = Dilation extends 1
  ? K
  : Add<Multiply<Subtract<K, 1>, Dilation>, 1>;

/** How many windows there are along an axis of size D; `never` where none fits. */
type Places<D extends number, K extends number, Stride extends number, Pads> = number extends D | K | Stride
  ? number
  : Pads extends readonly [infer Before extends number, infer After extends number]
    ? Subtract<Add<D, Add<Before, After>>, K> extends infer Room extends number
      ? [Room] extends [never]
        ? never
        : Stride extends 1
          ? Add<Room, 1>
          : Add<FloorDivide<Room, Stride>, 1>
      : never
    : Stride extends 1
      ? D
      : FloorDivide<Add<D, Subtract<Stride, 1>>, Stride>;

/** A `Places` that only run time knows where a last window may be there in part. */
type PlacesUnless<Ceil, D extends number, K extends number, Stride extends number, Pads> = [Ceil] extends [false]
  ? Places<D, K, Stride, Pads>
  : number;

/** The places along the axis `I` of images. */
type ImagePlaces<D extends number, Size, O, Stride, I extends 0 | 1> = PlacesUnless<
  OptionOf<O, "ceilMode", false>,
  D,
  Reach<Along<Size, I>, Along<OptionOf<O, "dilation", 1>, I>>,
  Along<OptionOf<O, "stride", Stride>, I>,
  PadsAlong<OptionOf<O, "padding", "valid">, I>
>;

type NoRoom<S extends Shape, Op extends string, Axis extends number, K extends number> = ShapeMismatch<
  S extends readonly [number, infer H extends number, infer W extends number, number]
    ? `${Op} ${ShowShape<S>}: axis ${Axis}: a window of ${K} does not fit into ${Axis extends 1 ? H : W}`
    : `${Op} ${ShowShape<S>}: axis ${Axis}: a window of ${K} does not fit into ${S[1]}`
>;

/**
 * Images of `Out` channels from images [batch, height, width, channels] under windows: of a convolution (`Stride` 1) or a pooling
 * (`Stride` the size), with the options `O` of either. Where no window fits, a mismatch that begins with `Op`.
 */
export type WindowedImages<S extends Shape, Out extends number, Size, O, Op extends string, Stride = 1> = [
  number,
] extends [S["length"]]
  ? readonly [number, number, number, Out]
  : S extends readonly [infer N extends number, infer H extends number, infer W extends number, number]
    ? readonly [ImagePlaces<H, Size, O, Stride, 0>, ImagePlaces<W, Size, O, Stride, 1>] extends readonly [
        infer Rows extends number,
        infer Columns extends number,
      ]
      ? [Rows] extends [never]
        ? NoRoom<S, Op, 1, Reach<Along<Size, 0>, Along<OptionOf<O, "dilation", 1>, 0>>>
        : [Columns] extends [never]
          ? NoRoom<S, Op, 2, Reach<Along<Size, 1>, Along<OptionOf<O, "dilation", 1>, 1>>>
          : readonly [N, Rows, Columns, Out]
      : Shape
    : Shape;

/** Sequences of `Out` channels from sequences [batch, length, channels] under the windows of a convolution. */
export type WindowedSequences<S extends Shape, Out extends number, Size extends number, O, Op extends string> = [
  number,
] extends [S["length"]]
  ? readonly [number, number, Out]
  : S extends readonly [infer N extends number, infer L extends number, number]
    ? readonly [
        Places<
          L,
          Reach<Size, Along<OptionOf<O, "dilation", 1>, 0>>,
          Along<OptionOf<O, "stride", 1>, 0>,
          SequencePads<OptionOf<O, "padding", "valid">>
        >,
      ] extends readonly [infer Steps extends number]
      ? [Steps] extends [never]
        ? NoRoom<S, Op, 1, Reach<Size, Along<OptionOf<O, "dilation", 1>, 0>>>
        : readonly [N, Steps, Out]
      : Shape
    : Shape;

/** The size of what a transposed convolution paints along an axis. */
type Painted<D extends number, K extends number, Stride extends number, Pads, Extra extends number> = number extends
  | D
  | K
  | Stride
  ? number
  : Pads extends readonly [infer Before extends number, infer After extends number]
    ? Subtract<Add<Add<Multiply<Subtract<D, 1>, Stride>, K>, Extra>, Add<Before, After>> extends infer Size extends
        number
      ? [Size] extends [never]
        ? number
        : Size
      : number
    : Multiply<D, Stride>;

type PaintedAlong<D extends number, Size, O, I extends 0 | 1> = Painted<
  D,
  Reach<Along<Size, I>, Along<OptionOf<O, "dilation", 1>, I>>,
  Along<OptionOf<O, "stride", 1>, I>,
  PadsAlong<OptionOf<O, "padding", "valid">, I>,
  Along<OptionOf<O, "outputPadding", 0>, I>
>;

/** Images of `Out` channels that a transposed convolution paints. */
export type PaintedImages<S extends Shape, Out extends number, Size, O> = S extends readonly [
  infer N extends number,
  infer H extends number,
  infer W extends number,
  number,
]
  ? readonly [N, PaintedAlong<H, Size, O, 0>, PaintedAlong<W, Size, O, 1>, Out]
  : readonly [number, number, number, Out];

/** The height and width of a kernel [height, width, …]. */
export type KernelSize<K extends Shape> = K extends readonly [infer H extends number, infer W extends number, ...Shape]
  ? readonly [H, W]
  : number;

/** The stride of a pooling that has none: its size, 2 if it has none either. */
export type PoolSize<O> = OptionOf<O, "size", 2>;
