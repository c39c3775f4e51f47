// Shape rules of the layers that slide windows over images and sequences: channels, and with literal sizes, strides and paddings
// heights and widths too. A layer carries its options as the type of its constructor's last arguments: none is another type than any.

import type {
  KnownOptions,
  PaintedImages,
  Shape,
  ShapeMismatch,
  ShowShape,
  ShowSize,
  WindowedImages,
  WindowedSequences,
} from "@gradus/core";
import type { InputShape, Rule } from "./layer-types.ts";

/** A window's size as messages write it. */
export type ShowExtent<K> = K extends readonly [infer H, infer W] ? `[${ShowSize<H>},${ShowSize<W>}]` : ShowSize<K>;

/** The options in a constructor's last argument, which may be left out. */
export type GivenOptions<Given extends readonly unknown[]> = Given extends readonly []
  ? Record<never, never>
  : Given extends readonly [infer O]
    ? O
    : unknown;

/** A constructor's last arguments, of which that at `Place` is options, none of them with an unknown name. */
export type CheckOptions<Given extends readonly unknown[], All, Place = "0"> = {
  [K in keyof Given]: K extends Place ? Given[K] & KnownOptions<Given[K], All> : Given[K];
};

/** Images of `Out` channels from images of `In`, as `Made` says; `Label` begins the message. */
type FromImages<S extends Shape, In extends number, Out extends number, Label extends string, Made> = [number] extends [
  S["length"],
]
  ? readonly [number, number, number, Out]
  : S extends readonly [number, number, number, infer C extends number]
    ? Fits<C, In> extends true
      ? Made
      : ShapeMismatch<`${Label}: the input ${ShowShape<S>} has ${C} channels, not ${In}`>
    : ShapeMismatch<`${Label}: the input ${ShowShape<S>} is not [batch,height,width,channels]`>;

/** Images of `Out` channels from images of `In` under windows: of a convolution (`Stride` 1) or a pooling (the size). */
export type ImagesOutput<
  S extends Shape,
  In extends number,
  Out extends number,
  Label extends string,
  Size = unknown,
  O = unknown,
  Stride = 1,
> = FromImages<S, In, Out, Label, WindowedImages<S, Out, Size, O, Label, Stride>>;

/** Images of `Out` channels that a transposed convolution paints. */
export type PaintedOutput<
  S extends Shape,
  In extends number,
  Out extends number,
  Label extends string,
  Size,
  O,
> = FromImages<S, In, Out, Label, PaintedImages<S, Out, Size, O>>;

/** Sequences of `Out` channels from sequences of `In`. */
export type SequencesOutput<
  S extends Shape,
  In extends number,
  Out extends number,
  Label extends string,
  Size extends number = number,
  O = unknown,
> = [number] extends [S["length"]]
  ? readonly [number, number, Out]
  : S extends readonly [number, number, infer C extends number]
    ? Fits<C, In> extends true
      ? WindowedSequences<S, Out, Size, O, Label>
      : ShapeMismatch<`${Label}: the input ${ShowShape<S>} has ${C} channels, not ${In}`>
    : ShapeMismatch<`${Label}: the input ${ShowShape<S>} is not [batch,length,channels]`>;

/** Whether a number of channels may be the one that is asked for: an unknown one fits every one. */
type Fits<C extends number, In extends number> = number extends C | In ? true : C extends In ? true : false;

/** Images that keep their channels, of windows that stand side by side unless the options say otherwise. */
export type PooledOutput<S extends Shape, Label extends string, Size = unknown, O = unknown> = ImagesOutput<
  S,
  number,
  Channels<S>,
  Label,
  Size,
  O,
  Size
>;

/** The channels of images. */
type Channels<S extends Shape> = S extends readonly [...Shape, infer C extends number] ? C : number;

/** One value for each channel of images. */
export type GlobalPooledOutput<S extends Shape, Label extends string> =
  PooledOutput<S, Label> extends infer R
    ? R extends readonly [infer N, number, number, infer C]
      ? readonly [N, C]
      : R
    : never;

/** The rule of convolutions of images. */
export interface ImagesRule<In extends number, Out extends number, Label extends string, Size, O> extends Rule {
  readonly output: ImagesOutput<InputShape<this["input"]>, In, Out, Label, Size, O>;
}

/** The rule of transposed convolutions. */
export interface PaintedRule<In extends number, Out extends number, Label extends string, Size, O> extends Rule {
  readonly output: PaintedOutput<InputShape<this["input"]>, In, Out, Label, Size, O>;
}

/** The rule of convolutions of sequences. */
export interface SequencesRule<In extends number, Out extends number, Label extends string, Size extends number, O>
  extends Rule {
  readonly output: SequencesOutput<InputShape<this["input"]>, In, Out, Label, Size, O>;
}

/** The rule of pooling. */
export interface PooledRule<Label extends string, Size, O> extends Rule {
  readonly output: PooledOutput<InputShape<this["input"]>, Label, Size, O>;
}

/** The rule of pooling to one value for each channel. */
export interface GlobalPooledRule<Label extends string> extends Rule {
  readonly output: GlobalPooledOutput<InputShape<this["input"]>, Label>;
}
