// What findings say about a layer's surroundings: which activation follows it, what would suit it.

import { isNormalizer } from "../kinds.ts";
import type { Course, LayerObservation } from "../observation.ts";
import { thresholds } from "../thresholds.ts";

const activations: readonly string[] = [
  "relu",
  "relu6",
  "leaky_relu",
  "prelu",
  "elu",
  "celu",
  "selu",
  "gelu",
  "silu",
  "mish",
  "softplus",
  "softsign",
  "sigmoid",
  "hard_sigmoid",
  "log_sigmoid",
  "hard_swish",
  "tanh",
  "hard_tanh",
];

/** The place of the last layer with weights that a gradient reaches; −1 if there is none. */
export function lastWeighted({ layers }: Course): number {
  return layers.map(({ weighted }) => weighted).lastIndexOf(true);
}

/** Whether anything in the network normalizes. */
export function hasNormalization({ layers }: Course): boolean {
  return layers.some(isNormalizer);
}

/** The kind of the activation between a layer and the next one with weights, or null. */
export function activationAfter({ layers }: Course, place: number): string | null {
  for (const { kind, weighted } of layers.slice(place + 1)) {
    if (activations.includes(kind)) return kind;
    if (weighted) return null;
  }
  return null;
}

/** The same, with what was seen of it. */
export function flatAfter(course: Course, seen: readonly LayerObservation[], place: number): number | null {
  for (const [offset, { weighted }] of course.layers.slice(place + 1).entries()) {
    const flat = seen[place + 1 + offset]?.activation?.flat ?? null;
    if (flat !== null) return flat;
    if (weighted) return null;
  }
  return null;
}

/** The initializer that keeps the signal's size: He's with a relu, Glorot's with others. */
export function bestInitializer(course: Course, place: number): string {
  const kind = course.layers[place]?.kind ?? "";
  const activation = activations.includes(kind) ? kind : (activationAfter(course, place) ?? anyActivation(course));
  return /relu|elu|gelu|silu|mish|swish/.test(activation ?? "") ? "heNormal" : "xavierUniform";
}

/** The first activation of the network, for layers that none follows. */
function anyActivation({ layers }: Course): string | null {
  return layers.find(({ kind }) => activations.includes(kind))?.kind ?? null;
}

/**
 * Whether a share of silent units is more than the threshold, and more than chance leaves silent in a deep plain network: half of them,
 * and three standard deviations.
 */
export function beyondChance(share: number, units: number): boolean {
  const chance = 0.5 + 1.5 / Math.sqrt(Math.max(units, 1));
  return share >= Math.min(1, Math.max(thresholds.dead.value, chance));
}
