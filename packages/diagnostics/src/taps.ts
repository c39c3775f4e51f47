// Looking at what a layer makes of its inputs, without changing the layer's class or the model: its `forward` is replaced by one that
// calls the old one and shows what went in and what came out. In a compiled step this happens once, while the step is captured.
// Source of the idea: the forward hooks of PyTorch's modules.

import type { Tensor } from "@gradus/core";
import type { Layer } from "@gradus/layers";

/** Is shown what a layer was given and what it made of it. */
export type Witness = (layer: Layer, inputs: readonly Tensor[], output: Tensor) => void;

/** What stands in the place of a layer's `forward`. */
interface Tap {
  /** The layer's own. */
  readonly forward: Layer["forward"];
  /** Whether that was a field of the object, not a method of its class. */
  readonly own: boolean;
  readonly witnesses: readonly Witness[];
  /** What calls both. */
  readonly through: Layer["forward"];
}

const taps: WeakMap<Layer, Tap> = /* @__PURE__ */ new WeakMap();

/** Shows `witness` every call of the layer's `forward` from now on. @returns a function that ends that */
export function tap(layer: Layer, witness: Witness): () => void {
  const before = taps.get(layer);
  const own = before?.own ?? Object.hasOwn(layer, "forward");
  replace(layer, before?.forward ?? layer.forward, own, [...(before?.witnesses ?? []), witness]);
  return () => {
    const now = taps.get(layer);
    if (now === undefined) return;
    const rest = now.witnesses.filter((other) => other !== witness);
    if (rest.length > 0) replace(layer, now.forward, now.own, rest);
    else remove(layer, now);
  };
}

/** Puts a tap back that somebody took away, as `model.summary()` does. */
export function ensureTap(layer: Layer): void {
  const now = taps.get(layer);
  if (now !== undefined && !Object.hasOwn(layer, "forward")) define(layer, now.through);
}

function replace(layer: Layer, forward: Layer["forward"], own: boolean, witnesses: readonly Witness[]): void {
  const through: Layer["forward"] = (...inputs) => {
    const output = forward.apply(layer, inputs);
    for (const witness of witnesses) witness(layer, inputs, output);
    return output;
  };
  taps.set(layer, { forward, own, witnesses, through });
  define(layer, through);
}

function remove(layer: Layer, { forward, own, through }: Tap): void {
  taps.delete(layer);
  if (layer.forward !== through) return;
  if (own) define(layer, forward);
  else Reflect.deleteProperty(layer, "forward");
}

/** Not enumerable: a tap is none of the layer's fields. */
function define(layer: Layer, forward: Layer["forward"]): void {
  Object.defineProperty(layer, "forward", { value: forward, configurable: true, writable: true, enumerable: false });
}
