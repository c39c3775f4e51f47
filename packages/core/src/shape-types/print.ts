// How shapes and sizes stand in the compiler's messages: `[64,784]`, and `?` for what is unknown.

import type { Shape } from "../shape-types.ts";

/** A size as messages print it. */
export type ShowSize<D> = D extends number ? (number extends D ? "?" : `${D}`) : "?";

type ShowSizes<S extends Shape, Out extends string = ""> = S extends readonly [...infer Rest extends Shape, infer D]
  ? ShowSizes<Rest, Out extends "" ? ShowSize<D> : `${ShowSize<D>},${Out}`>
  : number extends S["length"]
    ? Out extends ""
      ? "?"
      : `?,${Out}`
    : Out;

/** A shape as messages print it: `[64,784]`, and `?` for what is unknown. */
export type ShowShape<S extends Shape> = `[${ShowSizes<S>}]`;
