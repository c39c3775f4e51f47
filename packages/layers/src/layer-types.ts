// Shape rules of layers: what makes `new Sequential(new Dense(784, 128), new ReLU(), new Dense(64, 10))` a compile
// error that says `Dense(64, 10): the input [?,128] has 128 features, not 64`.
//
// TypeScript cannot apply a generic method to an argument's type, so a layer also carries its rule as a phantom type:
// an interface whose `output` is computed from its `input`. Intersected with `{ input: S }` its `this["input"]` is
// `S`.
//
//     class Dense<In extends number, Out extends number> extends Layer {
//       declare readonly rule: DenseRule<In, Out>; // never set: a type that rides along
//
// A layer without a rule gives the shape that its `forward` states, if any; from there on, and in a `Layer[]`, the
// shape is unknown and everything is accepted. A chain is first checked at construction, before any input is known:
// the rules learn what they can (after `Dense(784, 128)` the last size is 128).

import type { Check, Flattened, Reshaped, Shape, ShapeMismatch, ShowShape, ShowSize } from "@gradus/core";

/** A shape rule, to be extended: `output` says in terms of `this["input"]` what a layer makes of a shape. */
export interface Rule {
  /** The shape that comes in: `unknown` here, and a shape where a rule is applied. */
  readonly input: unknown;
  /** What comes out, said in terms of `this["input"]`: a shape, or a `ShapeMismatch` with the compiler's sentence. */
  readonly output: unknown;
}

/** What a rule makes of an input of shape `S`: a shape, or a `ShapeMismatch`. */
export type Apply<R, S extends Shape> = R extends Rule
  ? (R & {
      /** The shape that comes in. */
      readonly input: S;
    })["output"]
  : Shape;

/** A rule's `this["input"]` as a shape. */
export type InputShape<T> = T extends Shape ? T : Shape;

/**
 * `[…, In]` becomes `[…, Out]`. `Label` begins the message. Of an input of unknown rank the last size is known
 * afterwards.
 */
type WithFeatures<S extends Shape, In extends number, Out extends number, Label extends string> = [Shape] extends [S]
  ? readonly [...number[], Out]
  : S extends readonly [...infer Rest extends Shape, infer K extends number]
    ? [number extends K ? In : K extends In ? K : never] extends [never]
      ? ShapeMismatch<`${Label}: the input ${ShowShape<S>} has ${K} features, not ${In}`>
      : readonly [...Rest, Out]
    : S extends readonly []
      ? ShapeMismatch<`${Label}: the input [] has no features`>
      : readonly [...number[], Out];

/** The shape after a Dense layer: `DenseOutput<readonly [64, 784], 784, 10>` is `readonly [64, 10]`. */
export type DenseOutput<
  S extends Shape,
  In extends number,
  Out extends number,
  Name extends string = "Dense",
> = WithFeatures<S, In, Out, `${Name}(${ShowSize<In>}, ${ShowSize<Out>})`>;

/** The input's shape, whose last size must be `Features`. `Label` begins the message. */
export type SameFeatures<S extends Shape, Features extends number, Label extends string> = WithFeatures<
  S,
  Features,
  number extends Features ? LastSize<S> : Features,
  Label
>;

/** The shape after a BatchNorm layer: the input's, whose last size must be `Features`. */
export type BatchNormOutput<S extends Shape, Features extends number> = SameFeatures<
  S,
  Features,
  `BatchNorm(${ShowSize<Features>})`
>;

type LastSize<S extends Shape> = S extends readonly [...Shape, infer K extends number] ? K : number;

/** The rule of Dense. */
export interface DenseRule<In extends number, Out extends number> extends Rule {
  readonly output: DenseOutput<InputShape<this["input"]>, In, Out>;
}

/** The rule of BatchNorm. */
export interface BatchNormRule<Features extends number> extends Rule {
  readonly output: BatchNormOutput<InputShape<this["input"]>, Features>;
}

/** The rule of layers that keep the shape and know the last size: normalizations, attention. `Label` begins messages. */
export interface SameFeaturesRule<Features extends number, Label extends string> extends Rule {
  readonly output: SameFeatures<InputShape<this["input"]>, Features, Label>;
}

/** The shape after a recurrent layer: `[…, time, In]` becomes `[…, time, Units]`, or `[…, Units]` of the last step alone. */
export type RecurrentOutput<
  S extends Shape,
  In extends number,
  Units extends number,
  Sequences extends boolean,
  Name extends string,
> =
  WithFeatures<S, In, Units, `${Name}(${ShowSize<In>}, ${ShowSize<Units>})`> extends infer Output
    ? Output extends readonly [number]
      ? ShapeMismatch<`${Name}(${ShowSize<In>}, ${ShowSize<Units>}): the input ${ShowShape<S>} has no axis of time`>
      : Output extends Shape
        ? [Sequences] extends [true]
          ? Output
          : [Sequences] extends [false]
            ? LastStep<Output>
            : Shape
        : Output
    : never;

type LastStep<S extends Shape> = [number] extends [S["length"]]
  ? readonly [...number[], LastSize<S>]
  : S extends readonly [...infer Lead extends Shape, number, infer Units extends number]
    ? readonly [...Lead, Units]
    : Shape;

/** The rule of recurrent layers. */
export interface RecurrentRule<In extends number, Units extends number, Sequences extends boolean, Name extends string>
  extends Rule {
  readonly output: RecurrentOutput<InputShape<this["input"]>, In, Units, Sequences, Name>;
}

/** The rule of Embedding: an axis of features is added. */
export interface EmbeddingRule<Features extends number> extends Rule {
  readonly output: readonly [...InputShape<this["input"]>, Features];
}

/** The shape after a Reshape layer: all axes but the first become those of `Target`. */
export type ReshapeOutput<S extends Shape, Target extends Shape> = [number] extends [S["length"]]
  ? WithBatch<number, Reshaped<Shape, Target>>
  : S extends readonly [infer Batch extends number, ...infer Rest extends Shape]
    ? WithBatch<Batch, Reshaped<Rest, Target>>
    : ShapeMismatch<`Reshape: the input [] has no axis of the batch`>;

type WithBatch<Batch extends number, R> = R extends Shape ? readonly [Batch, ...R] : R;

/** The rule of Reshape. */
export interface ReshapeRule<Target extends Shape> extends Rule {
  readonly output: ReshapeOutput<InputShape<this["input"]>, Target>;
}

/** The shape after a Residual: the input's, which must be what its layers make of it. */
export type ResidualOutput<L extends readonly unknown[], S extends Shape> =
  Chain<L, S> extends infer Output
    ? Output extends Shape
      ? Output extends S
        ? S
        : S extends Output
          ? S
          : ShapeMismatch<`Residual: the layers make ${ShowShape<Output>} of ${ShowShape<S>}: they must keep the shape`>
      : Output
    : never;

/** The rule of Residual. */
export interface ResidualRule<L extends readonly unknown[]> extends Rule {
  readonly output: ResidualOutput<L, InputShape<this["input"]>>;
}

/** The rule of Flatten: all axes but the first become one. */
export interface FlattenRule extends Rule {
  readonly output: Flattened<InputShape<this["input"]>, 1>;
}

/** The rule of layers that keep the shape: activations, Dropout. */
export interface SameShapeRule extends Rule {
  readonly output: InputShape<this["input"]>;
}

/** The shape that a layer without a rule states as the result of its `forward`. */
type StatedOutput<L> = L extends { forward(...input: never): { readonly shape: infer S extends Shape } } ? S : Shape;

/** What one layer makes of an input of shape `S`; a rule's output that is no shape counts as unknown. */
type LayerOutput<L, S extends Shape> = L extends { readonly rule?: infer R }
  ? [Rule] extends [R]
    ? StatedOutput<L>
    : Apply<Exclude<R, undefined>, S> extends infer Output
      ? Output extends Shape | ShapeMismatch<string>
        ? Output
        : Shape
      : never
  : StatedOutput<L>;

/** The shape after a list of layers, or the first layer's `ShapeMismatch`. */
export type Chain<L extends readonly unknown[], S extends Shape> = L extends readonly []
  ? S
  : L extends readonly [infer First, ...infer Rest]
    ? LayerOutput<First, S> extends infer Output
      ? Output extends Shape
        ? Chain<Rest, Output>
        : Output
      : never
    : Shape;

/**
 * The first layer whose rule refuses what reaches it: `{ "2": ShapeMismatch<…> }`, keyed by its place; else nothing.
 */
type Fault<
  L extends readonly unknown[],
  S extends Shape,
  Before extends readonly unknown[] = readonly [],
> = L extends readonly [infer First, ...infer Rest]
  ? LayerOutput<First, S> extends infer Output
    ? Output extends Shape
      ? Fault<Rest, Output, readonly [...Before, First]>
      : { readonly [K in `${Before["length"]}`]: Output }
    : never
  : unknown;

/**
 * Intersected with each layer in the parameters of `Sequential`: the mismatch for the layer at fault, nothing for the
 * others.
 *
 * @example
 * constructor(...layers: { [K in keyof L]: L[K] & CheckChain<L, K> })
 */
export type CheckChain<L extends readonly unknown[], K = "0"> =
  Fault<L, Shape> extends infer F ? (K extends keyof F ? Check<F[K]> : unknown) : unknown;
