// Reshape in the type system: products of literal sizes are compared, and one -1 takes what is left.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { ShowShape } from "./print.ts";
import type { Divide, Product } from "./sizes.ts";

/**
 * The shape asked for, with one -1 replaced by the size that is left. Products of literal sizes are compared:
 * `Reshaped<readonly [64, 784], readonly [-1, 28, 28]>` is `readonly [64, 28, 28]`; an unknown size makes the -1
 * unknown.
 */
export type Reshaped<S extends Shape, Target extends Shape> = [number] extends [Target["length"]]
  ? Shape
  : -1 extends Target[number]
    ? number extends Target[number]
      ? Filled<Target, number>
      : [WithoutMinusOne<Target>] extends [never]
        ? ShapeMismatch<`${Attempt<S, Target>}: only one size may be -1`>
        : Remainder<S, Target, Product<S>, Product<WithoutMinusOne<Target>>>
    : [number] extends [Product<S> | Product<Target>]
      ? readonly [...Target]
      : Product<S> extends Product<Target>
        ? readonly [...Target]
        : ShapeMismatch<`${Attempt<S, Target>}: ${Product<S>} values do not fill ${Product<Target>}`>;

/** How messages begin. */
type Attempt<S extends Shape, Target extends Shape> = `reshape ${ShowShape<S>} to ${ShowShape<Target>}`;

type Remainder<S extends Shape, Target extends Shape, Count extends number, Rest extends number> = [
  Divide<Count, Rest>,
] extends [never]
  ? ShapeMismatch<`${Attempt<S, Target>}: ${Count} values do not divide by ${Rest}`>
  : Filled<Target, Divide<Count, Rest>>;

/** `Target` with its -1 replaced. */
type Filled<Target extends Shape, D extends number> = {
  readonly [K in keyof Target]: Target[K] extends -1 ? D : Target[K];
};

/** `Target` without its -1, or `never` where there are several. */
type WithoutMinusOne<Target extends Shape, Out extends Shape = readonly []> = Target extends readonly [
  infer D extends number,
  ...infer Rest extends Shape,
]
  ? D extends -1
    ? -1 extends Rest[number]
      ? never
      : readonly [...Out, ...Rest]
    : WithoutMinusOne<Rest, readonly [...Out, D]>
  : Out;
