// Finding the first NaN or infinity. While `detectAnomaly` runs, every operation's result is looked at, forward and backward, and
// remembers the line of the user's code that made it. Capturing a stack takes microseconds, so it is done only here.

import { callSite } from "./call-site.ts";
import { isFloat } from "./dtype.ts";
import { copyElements } from "./engine/copy.ts";
import { AnomalyError, GraphError } from "./errors.ts";
import { currentScope } from "./scope.ts";
import { formatShape } from "./shape.ts";
import { tracer } from "./tracing.ts";
import type { View } from "./view.ts";

let watching = false;

/** Where an operation was called: the layers that were running, and a line of the user's code. */
export interface Origin {
  readonly scope: string;
  readonly line: string;
}

/** Whether {@link detectAnomaly} is running. */
export function watchingAnomalies(): boolean {
  return watching;
}

/**
 * Runs `body` and stops at the first NaN or infinity, in a forward or a backward pass, with an {@link AnomalyError} that names
 * the operation, the layer and the line that made it. Compiled functions that are called in it run eagerly.
 *
 * @example
 * detectAnomaly(() => tensor([0]).log()); // throws: log gave -Infinity …
 */
export function detectAnomaly<R>(body: () => R): R {
  if (tracer() !== null) {
    throw new GraphError(
      "detectAnomaly: within a compiled function there are no values to look at: call the compiled function within detectAnomaly",
    );
  }
  const outer = watching;
  watching = true;
  try {
    return body();
  } finally {
    watching = outer;
  }
}

/** Runs `body` without looking at its results: a gradient is looked at whole, under the name and line of its forward operation. */
export function withoutWatching<R>(body: () => R): R {
  const outer = watching;
  watching = false;
  try {
    return body();
  } finally {
    watching = outer;
  }
}

/** The place that is running now. */
export function hereAndNow(): Origin {
  return { scope: currentScope(), line: callSite() };
}

/** Throws an {@link AnomalyError} if `view`, made by `what`, holds a NaN or an infinity. */
export function refuseAnomaly(view: View, what: string, origin: Origin): void {
  if (!isFloat(view.dtype)) return;
  const values = copyElements(view);
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  const place: number[] = [];
  let rest = index;
  for (const dimension of [...view.shape].reverse()) {
    place.unshift(rest % dimension);
    rest = Math.floor(rest / dimension);
  }
  const layer = origin.scope === "" ? "" : ` in ${origin.scope}`;
  throw new AnomalyError(
    `${what}${layer} gave ${values[index]} at ${formatShape(place)} of ${formatShape(view.shape)}, called at ${origin.line}`,
  );
}
