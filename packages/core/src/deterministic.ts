// The same bits everywhere. Two things differ between machines and engines: `relaxed_madd`, which rounds once or twice as the
// processor likes, and Math.exp and its kin, whose last bits are each engine's own. The deterministic mode forgoes both.

import { OptionError } from "./errors.ts";
import { installElementary, portable } from "./expr/elementary.ts";
import { portableFunctions } from "./expr/portable.ts";
import { allowRelaxed, features } from "./wasm/features.ts";

/**
 * Makes the bits of every result the same on every engine and machine, and for any number of threads: eager results have one set of
 * bits, compiled ones another. Products become some 20 % slower where `relaxed_madd` exists, and eager
 * loops over exp, log, sin and the like several times slower. Takes effect at once; compiled functions are captured anew.
 *
 * Not covered: the bits inside of NaN, and eager operations so large that the engine refuses the memory. Nothing is promised beyond one
 * version of Gradus. The mode belongs to the JavaScript thread that sets it; the threads of compiled programs follow.
 *
 * @throws OptionError where WebAssembly SIMD is missing: large products and loops would run in plain JavaScript, which adds up in
 * double precision and so has bits of its own
 * @example
 * import { isDeterministic, setDeterministic } from "@gradus/core/deterministic";
 * setDeterministic(true);
 * isDeterministic(); // true
 * setDeterministic(false);
 */
export function setDeterministic(on: boolean): void {
  if (on && !features().simd) {
    throw new OptionError(
      "setDeterministic: WebAssembly SIMD is not available here, and plain JavaScript gives other bits: use an engine that has it, or go without",
    );
  }
  installElementary(on ? portableFunctions : null);
  allowRelaxed(!on);
}

/** Whether results have the same bits on every engine and machine: what {@link setDeterministic} set last. @example isDeterministic(); // false */
export function isDeterministic(): boolean {
  return portable() !== null;
}
