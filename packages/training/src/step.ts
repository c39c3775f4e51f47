// One step, from tensors to tensors: nothing in it reads a value or depends on the loop around it, so that it can be captured as
// one computation. This file is the only place that says what a step does.

import { noGrad, type Tensor } from "@gradus/core";
import type { Metric } from "./metrics.ts";
import type { Loss, Model, Optimizer } from "./model.ts";

/** A batch in; its loss, then the measure of each metric, out. */
export type Step = (inputs: Tensor, targets: Tensor) => readonly Tensor[];

/** What a step is made of. */
export interface StepParts {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
}

/** A step that trains: one forward pass for loss and metrics alike, then θ ← θ + update(∂loss/∂θ). */
export function trainingStep({ model, optimizer, loss, metrics }: StepParts): Step {
  return (inputs, targets) => {
    const prediction = model.forward(inputs);
    const value = loss(prediction, targets);
    // Measured first: a batch that a metric refuses changes no parameter.
    const measures = measureAll(metrics, prediction, targets);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return [value.detach(), ...measures];
  };
}

/** A step that only looks. */
export function evaluationStep({ model, loss, metrics }: Omit<StepParts, "optimizer">): Step {
  return (inputs, targets) =>
    noGrad(() => {
      const prediction = model.forward(inputs);
      return [loss(prediction, targets), ...measureAll(metrics, prediction, targets)];
    });
}

function measureAll(metrics: readonly Metric[], prediction: Tensor, targets: Tensor): readonly Tensor[] {
  if (metrics.length === 0) return [];
  const values = prediction.detach();
  return noGrad(() => metrics.map((metric) => metric.measure(values, targets)));
}
