// Which layers of a model are looked at: those that have parameters of their own, and those at the bottom that compute something new.

import type { Variable } from "@gradus/core";
import type { Layer } from "@gradus/layers";
import { isMover } from "./kinds.ts";

/** A layer that is looked at. */
export interface Subject {
  /** Its path within the model; the kind of the model, where that is a single layer. */
  readonly path: string;
  readonly layer: Layer;
  /** Its own parameters with two axes or more, or all of its own if none has: what gradients and updates are measured of. */
  readonly weights: readonly Variable[];
  /** Whether it has weights that mix its inputs: with two axes or more. */
  readonly weighted: boolean;
}

/** The layers of a model, itself included, by path. */
export function layersOf(model: Layer): ReadonlyMap<string, Layer> {
  return new Map([[model.kind, model], ...[...model.namedLayers()].filter(([, layer]) => layer !== model)]);
}

/** The layers of a model that are looked at, in the order of its fields. */
export function subjectsOf(model: Layer): readonly Subject[] {
  return [...layersOf(model)].flatMap(([path, layer]): Subject[] => {
    const own = ownParameters(layer);
    const matrices = own.filter(({ rank }) => rank >= 2);
    const leaf = layer.namedLayers().size === 0;
    if (own.length === 0 && (!leaf || isMover(layer))) return [];
    const weighted = matrices.length > 0;
    return [{ path, layer, weights: weighted ? matrices : own, weighted }];
  });
}

/** The parameters that belong to a layer and to none within it. */
function ownParameters(layer: Layer): readonly Variable[] {
  const inner = new Set([...layer.namedLayers().values()].flatMap((other) => other.parameters()));
  return layer.parameters().filter((parameter) => !inner.has(parameter));
}
