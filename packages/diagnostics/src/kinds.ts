// What is known of layers by their kinds: where an activation is flat, which layers only move values, which normalize.

import { BatchNorm, type Layer } from "@gradus/layers";

/** Between which values an activation stays: near both it is flat. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  sigmoid: [0, 1],
  hard_sigmoid: [0, 1],
  tanh: [-1, 1],
  hard_tanh: [-1, 1],
};

const rectifiers: readonly string[] = ["relu", "relu6"];
const normalizers: readonly string[] = ["batch_norm", "layer_norm", "group_norm", "rms_norm"];
const movers: readonly string[] = ["dropout", "flatten", "reshape", "max_pool2d", "avg_pool2d", "global_avg_pool2d"];

/** The values between which a saturating activation stays, or null for others. */
export function rangeOf({ kind }: Layer): readonly [number, number] | null {
  return Object.hasOwn(ranges, kind) ? (ranges[kind] ?? null) : null;
}

/** Whether it is 0 for negative inputs, so that a unit may be dead. */
export function isRectifier({ kind }: Pick<Layer, "kind">): boolean {
  return rectifiers.includes(kind);
}

/** Whether it brings values to a spread of its own, whatever came in. */
export function isNormalizer({ kind }: Pick<Layer, "kind">): boolean {
  return normalizers.includes(kind);
}

/** Whether it hands on the values of the layer before, so that to look at them again would tell nothing new. */
export function isMover({ kind }: Layer): boolean {
  return movers.includes(kind);
}

/** The layer as a BatchNorm, if it is one that follows its batches. */
export function asBatchNorm(layer: Layer): BatchNorm | null {
  return layer instanceof BatchNorm ? layer : null;
}
