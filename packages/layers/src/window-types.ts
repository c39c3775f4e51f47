// Shape rules of the layers that slide windows over images and sequences. Channels are checked by the compiler, and what it cannot
// know of heights and widths stays unknown.

import type { Shape, ShapeMismatch, ShowShape, ShowSize } from "@gradus/core";
import type { InputShape, Rule } from "./layer-types.ts";

/** A window's size as messages write it. */
export type ShowExtent<K> = K extends readonly [infer H, infer W] ? `[${ShowSize<H>},${ShowSize<W>}]` : ShowSize<K>;

/** Images of `Out` channels from images of `In`, with heights and widths that are not followed; `Label` begins the message. */
export type ImagesOutput<S extends Shape, In extends number, Out extends number, Label extends string> = [
  number,
] extends [S["length"]]
  ? readonly [number, number, number, Out]
  : S extends readonly [infer N extends number, number, number, infer C extends number]
    ? Fits<C, In> extends true
      ? readonly [N, number, number, Out]
      : ShapeMismatch<`${Label}: the input ${ShowShape<S>} has ${C} channels, not ${In}`>
    : ShapeMismatch<`${Label}: the input ${ShowShape<S>} is not [batch,height,width,channels]`>;

/** Sequences of `Out` channels from sequences of `In`. */
export type SequencesOutput<S extends Shape, In extends number, Out extends number, Label extends string> = [
  number,
] extends [S["length"]]
  ? readonly [number, number, Out]
  : S extends readonly [infer N extends number, number, infer C extends number]
    ? Fits<C, In> extends true
      ? readonly [N, number, Out]
      : ShapeMismatch<`${Label}: the input ${ShowShape<S>} has ${C} channels, not ${In}`>
    : ShapeMismatch<`${Label}: the input ${ShowShape<S>} is not [batch,length,channels]`>;

/** Whether a number of channels may be the one that is asked for: an unknown one fits every one. */
type Fits<C extends number, In extends number> = number extends C | In ? true : C extends In ? true : false;

/** Images that keep their channels. */
export type PooledOutput<S extends Shape, Label extends string> = ImagesOutput<S, number, Channels<S>, Label>;

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
export interface ImagesRule<In extends number, Out extends number, Label extends string> extends Rule {
  readonly output: ImagesOutput<InputShape<this["input"]>, In, Out, Label>;
}

/** The rule of convolutions of sequences. */
export interface SequencesRule<In extends number, Out extends number, Label extends string> extends Rule {
  readonly output: SequencesOutput<InputShape<this["input"]>, In, Out, Label>;
}

/** The rule of pooling. */
export interface PooledRule<Label extends string> extends Rule {
  readonly output: PooledOutput<InputShape<this["input"]>, Label>;
}

/** The rule of pooling to one value for each channel. */
export interface GlobalPooledRule<Label extends string> extends Rule {
  readonly output: GlobalPooledOutput<InputShape<this["input"]>, Label>;
}
