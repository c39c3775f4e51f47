// What an initializer is: a function of a shape. Those with settings are called with them first: `heNormal` and `heNormal({ gain: 1 })`
// are both initializers.

import type { DType, Generator, Shape, Tensor } from "@gradus/core";
import { checkOptions, type OptionRules } from "../options.ts";

/** Types that parameters can have. */
export type FloatDType = Extract<DType, "float32" | "float64">;

/** What an initializer is told beside the shape. */
export interface InitializerOptions {
  /** The type of the parameter; `float32` by default. */
  readonly dtype?: FloatDType;
  /** Where random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

/** Makes the first value of a parameter. */
export type Initializer = (shape: Shape, options?: InitializerOptions) => Tensor;

/** An initializer with settings: used as it is, or called with settings for another initializer. */
export interface InitializerFamily<Settings> {
  (shape: Shape, options?: InitializerOptions): Tensor;
  (settings?: Partial<Settings>): Initializer;
}

type Draw<Settings> = (shape: Shape, settings: Settings, options: InitializerOptions) => Tensor;

/** An initializer with settings, from their defaults, the rules that they must follow, and how values are drawn. */
export function family<Settings extends object>(
  name: string,
  defaults: Settings,
  rules: OptionRules<Settings>,
  draw: Draw<Settings>,
): InitializerFamily<Settings> {
  const make = (first?: Shape | Partial<Settings>, options: InitializerOptions = {}): Tensor | Initializer => {
    if (isShape(first)) return draw(first, defaults, options);
    const given: Partial<Settings> = first ?? {};
    checkOptions<Partial<Settings>>(name, given, rules);
    const settings: Settings = { ...defaults, ...given };
    return (shape: Shape, inner: InitializerOptions = {}) => draw(shape, settings, inner);
  };
  return make as InitializerFamily<Settings>; // cast: a shape gives a tensor, settings an initializer
}

const isShape = (first: unknown): first is Shape => Array.isArray(first);
