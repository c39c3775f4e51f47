// A fingerprint of a network: two trainings that agree to the last bit have the same one.

import { createHash } from "node:crypto";
import type { Layer } from "@gradus/layers";

/**
 * SHA-256 over the little-endian bytes of all parameters and buffers, in the order of the model's fields: that of the data in a
 * saved file.
 */
export function weightsHash(model: Layer): string {
  const hash = createHash("sha256");
  for (const value of model.stateDict().values()) hash.update(value.toTypedArray());
  return `sha256:${hash.digest("hex")}`;
}
