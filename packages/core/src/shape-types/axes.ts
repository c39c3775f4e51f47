// Axes in the type system: literal indices, negative ones from the end, and the shapes with some axes left out or
// replaced.

import type { Shape } from "../shape-types.ts";
import type { ShowShape } from "./print.ts";

/** The rank that is left after dropping `Count` axes from the end; `never` where there are fewer. */
type RankWithout<
  S extends Shape,
  Count extends number,
  Dropped extends readonly 0[] = readonly [],
> = Dropped["length"] extends Count
  ? S["length"]
  : S extends readonly [...infer Rest extends Shape, number]
    ? RankWithout<Rest, Count, readonly [...Dropped, 0]>
    : never;

/** The index from the front that an axis, perhaps negative, stands for; `never` where it is out of range. */
export type AxisIndex<S extends Shape, X> = X extends number
  ? `${X}` extends `-${infer Count extends number}`
    ? RankWithout<S, Count>
    : `${X}` extends keyof S
      ? X
      : never
  : never;

/** The axes in a list that are out of range, as a union. */
export type BadAxes<S extends Shape, X extends readonly number[]> = {
  [K in keyof X]: [AxisIndex<S, X[K]>] extends [never] ? X[K] : never;
}[number];

/** The sentence about an axis that does not exist; `Shown` is the shape printed, where `S` only counts axes. */
export type OutOfRange<
  S extends Shape,
  X extends number,
  Op extends string,
  Shown extends Shape = S,
> = `${Op} ${ShowShape<Shown>}: axis ${X} is out of range for rank ${S["length"]}: ${S extends readonly []
  ? "a scalar has no axes"
  : `the valid range is -${S["length"]} to ${RankWithout<S, 1>}`}`;

/** The same rank with every size unknown. */
export type UnknownSizes<S extends Shape> = { readonly [K in keyof S]: number };

/** The shape without the axes at these indices. */
export type Without<
  S extends Shape,
  Index,
  Out extends Shape = readonly [],
  Position extends readonly 0[] = readonly [],
> = S extends readonly [infer D extends number, ...infer Rest extends Shape]
  ? Without<Rest, Index, Position["length"] extends Index ? Out : readonly [...Out, D], readonly [...Position, 0]>
  : Out;

/** The shape with size `D` at these indices. */
export type WithSize<S extends Shape, Index extends number, D extends number> = {
  readonly [K in keyof S]: K extends `${Index}` ? D : S[K];
};
