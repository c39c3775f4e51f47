// The latest numbers as plain data: what the table shows, and what a page or a test reads.

import type { Drift } from "./activation-statistics.ts";
import { lastWeighted } from "./findings/context.ts";
import type { Finding } from "./findings/finding.ts";
import type { Course } from "./observation.ts";

/** The latest numbers of a layer; null for what it does not have, or what could not be seen. */
export interface LayerReport {
  /** The layer's path. */
  readonly layer: string;
  /** What it is, in snake case: `dense`, `batch_norm`. */
  readonly kind: string;
  /** The mean of its outputs, over the batch and all units. */
  readonly mean: number | null;
  /** The standard deviation of its outputs. */
  readonly spread: number | null;
  /** The share of outputs where a sigmoid or tanh is flat. */
  readonly saturated: number | null;
  /** The share of a relu's units that were 0 for all of the last batches looked at. */
  readonly dead: number | null;
  /** The norm of the gradient of its weights. */
  readonly gradient: number | null;
  /** The same as a share of the last layer's; for layers with weights of two axes or more. */
  readonly gradientRatio: number | null;
  /** ‖w‖, the norm of its weights. */
  readonly weight: number | null;
  /** ‖Δw‖ / ‖w‖: how far the step moved its weights, about 1e-3 where all is well. */
  readonly update: number | null;
  /** How far a BatchNorm's running statistics are from the batch's. */
  readonly drift: Drift | null;
}

/** The latest numbers of a model, and what they mean. */
export interface Report {
  /** What the model is, in snake case: `sequential`. */
  readonly model: string;
  /** The step that was looked at last, from 1; 0 before the first. */
  readonly step: number;
  /** How many steps were looked at and are kept. */
  readonly observations: number;
  /** The loss of that step; null where it gave none. */
  readonly loss: number | null;
  /** In the order in which they run. */
  readonly layers: readonly LayerReport[];
  /** Causes before symptoms. */
  readonly findings: readonly Finding[];
  /** What could not be seen, and why. */
  readonly notes: readonly string[];
}

/** Collects a report. */
export function makeReport(model: string, course: Course, findings: readonly Finding[]): Report {
  const latest = course.observations.at(-1);
  const reference = latest?.layers[lastWeighted(course)]?.weights?.gradient ?? null;
  const layers = course.layers.map(({ path, kind, weighted }, place): LayerReport => {
    const seen = latest?.layers[place];
    const gradient = seen?.weights?.gradient ?? null;
    return {
      layer: path,
      kind,
      mean: seen?.activation?.mean ?? null,
      spread: seen?.activation?.spread ?? null,
      saturated: seen?.activation?.flat ?? null,
      dead: seen?.dead?.lately ?? null,
      gradient,
      gradientRatio: weighted && gradient !== null && reference !== null && reference > 0 ? gradient / reference : null,
      weight: seen?.weights?.weight ?? null,
      update: seen?.weights?.update ?? null,
      drift: seen?.drift ?? null,
    };
  });
  const { step = 0, loss = null } = latest ?? {};
  return { model, step, observations: course.observations.length, loss, layers, findings, notes: notesOf(course) };
}

function notesOf({ observations }: Course): readonly string[] {
  const latest = observations.at(-1);
  if (latest === undefined) return ["No step was looked at yet."];
  const notes: string[] = [];
  if (latest.layers.every(({ activation }) => activation === null)) {
    notes.push(
      "No layer's output was seen: make the Diagnostics before the step is compiled, and run the model's layers within the step.",
    );
  }
  const learning = latest.layers.flatMap(({ weights }) => weights ?? []);
  if (learning.length > 0 && learning.every(({ gradient }) => gradient === null)) {
    notes.push(
      "No gradient was seen: make the Diagnostics before the step is compiled, and call backward within the step.",
    );
  }
  return notes;
}
