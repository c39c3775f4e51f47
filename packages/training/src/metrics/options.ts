// The metrics that a trainer is given: objects, or names of those that have no options.

import { checkOption, describe, OptionError } from "@gradus/core";
import { accuracy } from "./accuracy.ts";
import type { Metric } from "./metric.ts";
import { meanAbsoluteError, meanSquaredError } from "./regression.ts";

/** The metrics that have no options. */
interface NamedMetrics {
  readonly accuracy: Metric<"accuracy">;
  readonly meanAbsoluteError: Metric<"meanAbsoluteError">;
  readonly meanSquaredError: Metric<"meanSquaredError">;
}

const named: NamedMetrics = { accuracy, meanAbsoluteError, meanSquaredError };

/** A metric, or the name of one that has no options. */
export type MetricOption = keyof NamedMetrics | Metric;

/** The names that a list of metrics is reported under. */
export type MetricNames<M extends readonly MetricOption[]> = {
  [K in keyof M]: M[K] extends Metric<infer Name> ? Name : M[K];
}[number] &
  string;

/** The metrics that options name, checked. @throws OptionError for an unknown, doubled or reserved name */
export function resolveMetrics(options: readonly MetricOption[]): readonly Metric[] {
  const known = new Map<unknown, Metric>(Object.entries(named));
  const rule = `${Object.keys(named)
    .map((name) => JSON.stringify(name))
    .join(", ")} or an object { name, measure }`;
  checkOption(Array.isArray(options), "Trainer", "metrics", 'a list, as ["accuracy"]', options);
  const metrics = options.map((option): Metric => {
    const metric = typeof option === "object" && option !== null ? option : known.get(option);
    if (metric === undefined || typeof metric.measure !== "function") {
      throw new OptionError(`Trainer: a metric must be ${rule}, got ${describe(option)}`);
    }
    return metric;
  });
  const taken = new Set(["loss"]);
  for (const { name, accumulate = "means", result } of metrics) {
    const valid = typeof name === "string" && name !== "" && !name.startsWith("val_");
    checkOption(valid, "Trainer", "a metric's name", "a text that does not start with val_", name);
    const kinds = ["means", "sums", "rows"];
    checkOption(kinds.includes(accumulate), "Trainer", `accumulate of ${name}`, kinds.join(", "), accumulate);
    if (accumulate === "rows" && result === undefined) {
      throw new OptionError(`Trainer: the metric ${name} keeps rows: it needs a result(rows, width)`);
    }
    if (taken.has(name))
      throw new OptionError(`Trainer: two values would be reported as ${JSON.stringify(name)}: rename one`);
    taken.add(name);
  }
  return metrics;
}
