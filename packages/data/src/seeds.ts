// Where the order of samples comes from: a seed, or a generator, or the default generator. What shuffles takes a generator of its own, so
// that nobody else's draws come between.

import { defaultGenerator, Generator, OptionError, randint, uniform } from "@gradus/core";

/** Where random choices come from. */
export interface LoaderSeed {
  /**
   * The seed, a whole number from 0 to 2⁵³ − 1: the same one, the same choices. By default it is drawn from
   * `generator`, beside which it may not stand.
   */
  readonly seed?: number;
  /** Where the seed is drawn from if none is given: by default the generator of `manualSeed`. */
  readonly generator?: Generator;
}

/** A generator of one's own. @throws OptionError for a seed that is none, and for a seed beside a generator */
export function seededGenerator(owner: string, { seed, generator }: LoaderSeed): Generator {
  checkOneSeed(owner, { ...(seed !== undefined && { seed }), ...(generator !== undefined && { generator }) });
  return new Generator(seed ?? drawSeed(generator ?? defaultGenerator()));
}

/** @throws OptionError for a seed beside a generator */
export function checkOneSeed(owner: string, { seed, generator }: LoaderSeed): void {
  if (seed === undefined || generator === undefined) return;
  throw new OptionError(`${owner}: give seed or generator, not both (got seed ${seed})`);
}

/** A seed of 31 bits from another generator, so that nobody else's draws come between the caller's. */
export function drawSeed(generator: Generator): number {
  return randint([], { low: 0, high: 2 ** 31 - 1, generator }).item();
}

/**
 * The generator of item `item` of pass `pass` under a seed: a seed of 53 bits, drawn at a place of its own. Nothing is drawn in
 * sequence, so any item of any pass can be made again alone.
 */
export function generatorAt(seed: number, pass: number, item: number): Generator {
  const source = new Generator(seed);
  source.state = { seed, calls: (pass % 2 ** 21) * 2 ** 32 + (item % 2 ** 32) };
  return new Generator(Math.floor(uniform([], { dtype: "float64", generator: source }).item() * 2 ** 53));
}
