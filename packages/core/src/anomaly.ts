// The seam through which results are looked at for NaN and infinities. What stands behind it, `detectAnomaly`, is carried only by
// programs that use it.

import type { View } from "./view.ts";

/** Throws if `view`, made by `what`, holds a NaN or an infinity; knows the place that was running when it was made. */
export type Inspect = (view: View, what: string) => void;

let watch: (() => Inspect) | null = null;

/** What looks at results made here, or null while nobody does. */
export function inspection(): Inspect | null {
  return watch?.() ?? null;
}

/** Whether somebody looks at results. */
export function watchingAnomalies(): boolean {
  return watch !== null;
}

/** Runs `body` with another way to look at results, or none. */
export function watchingWith<R>(next: typeof watch, body: () => R): R {
  const outer = watch;
  watch = next;
  try {
    return body();
  } finally {
    watch = outer;
  }
}
