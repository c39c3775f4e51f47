// Finding the first NaN or infinity. While `detectAnomaly` runs, every operation's result is looked at, forward and backward, and
// remembers the line of the user's code that made it. Capturing a stack takes microseconds, so it is done only here.

import { type Inspect, watchingWith } from "./anomaly.ts";
import { callSite } from "./call-site.ts";
import { isFloat } from "./dtype.ts";
import { copyElements } from "./engine/copy.ts";
import { AnomalyError, GraphError } from "./errors.ts";
import { currentScope } from "./scope.ts";
import { formatShape } from "./shape.ts";
import { tracer } from "./tracing.ts";

/**
 * Runs `body` and stops at the first NaN or infinity, in a forward or a backward pass, with an {@link AnomalyError}
 * that names the operation, the layer and the line that made it. Compiled functions that are called in it run
 * eagerly.
 *
 * @throws AnomalyError at the first NaN or infinity
 * @throws GraphError within a compiled function
 * @example
 * detectAnomaly(() => tensor([0]).log()); // throws: log gave -Infinity …
 */
export function detectAnomaly<R>(body: () => R): R {
  if (tracer() !== null) {
    throw new GraphError(
      "detectAnomaly: within a compiled function there are no values to look at: call the compiled function within detectAnomaly",
    );
  }
  return watchingWith(inspectHere, body);
}

/** For results of the layers that are running and the line of the user's code that called. */
function inspectHere(): Inspect {
  const [scope, line] = [currentScope(), callSite()];
  const layer = scope === "" ? "" : ` in ${scope}`;
  return (view, what) => {
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
    throw new AnomalyError(
      `${what}${layer} gave ${values[index]} at ${formatShape(place)} of ${formatShape(view.shape)}, called at ${line}`,
    );
  };
}
