// One step, from tensors to tensors: nothing in it reads a value or depends on the loop around it, so that it can be captured as
// one computation. This file is the only place that says what a step does.

import { DTypeError, describe, GradusError, noGrad, ShapeError, Tensor, type Variable } from "@gradus/core";
import { boundGradients, type GradientBounds, scaleGradients } from "./gradients.ts";
import type { Metric } from "./metrics/metric.ts";
import type { Loss, Model, Optimizer } from "./model.ts";

/** A batch in, with the weights of its samples or null; its loss, then the measure of each metric, out. */
export type Step = (inputs: Tensor, targets: Tensor, weights: Tensor | null) => readonly Tensor[];

/** What a step is made of. */
export interface StepParts {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
}

/** A step that trains: one forward pass for loss and metrics alike, then θ ← θ + update(∂loss/∂θ). */
export function trainingStep({ model, optimizer, loss, metrics }: StepParts, bounds: GradientBounds): Step {
  return (inputs, targets, weights) => {
    const { prediction, value } = forward(model, loss, [inputs, targets, weights]);
    // Measured first: a batch that a metric refuses changes no parameter.
    const measures = measureAll(metrics, prediction, targets);
    optimizer.zeroGrad();
    value.backward();
    boundGradients([...model.parameters()], bounds);
    optimizer.step();
    model.applyConstraints?.();
    return [value.detach(), ...measures];
  };
}

/** The first half of a step over several batches: its gradients are added to those that are there, `fresh` ones to nothing. */
export type GatheringStep = (
  inputs: Tensor,
  targets: Tensor,
  weights: Tensor | null,
  fresh: boolean,
) => readonly Tensor[];

/** A step that only gathers gradients. */
export function gatheringStep({ model, optimizer, loss, metrics }: StepParts): GatheringStep {
  return (inputs, targets, weights, fresh) => {
    const { prediction, value } = forward(model, loss, [inputs, targets, weights]);
    const measures = measureAll(metrics, prediction, targets);
    if (fresh) optimizer.zeroGrad();
    value.backward();
    return [value.detach(), ...measures];
  };
}

/** The second half: the sums of gradients become averages, and the optimizer takes its step. `share` is 1/k for k batches. */
export type ApplyingStep = (share: Tensor) => readonly Tensor[];

/** A step with the gradients that were gathered. */
export function applyingStep({ model, optimizer }: StepParts, bounds: GradientBounds): ApplyingStep {
  return (share) => {
    const parameters: readonly Variable[] = [...model.parameters()];
    scaleGradients(parameters, share);
    boundGradients(parameters, bounds);
    optimizer.step();
    model.applyConstraints?.();
    return [];
  };
}

/** A step that only looks. */
export function evaluationStep({ model, loss, metrics }: Omit<StepParts, "optimizer">): Step {
  return (inputs, targets, weights) =>
    noGrad(() => {
      const { prediction, value } = forward(model, loss, [inputs, targets, weights]);
      return [value, ...measureAll(metrics, prediction, targets)];
    });
}

type Batch = readonly [inputs: Tensor, targets: Tensor, weights: Tensor | null];

/** The predictions, and the loss with what the model's regularizers ask for, as in Keras in evaluation too. */
function forward(model: Model, loss: Loss, batch: Batch): { readonly prediction: Tensor; readonly value: Tensor } {
  const [inputs, targets, weights] = batch;
  // Predictions since the last step are no part of this one.
  model.forgetPenalties?.();
  const prediction = model.forward(inputs);
  const value = lossOf(loss, prediction, targets, weights);
  const penalty = model.regularization?.() ?? null;
  return { prediction, value: penalty === null ? value : value.add(penalty) };
}

/** The mean loss; with weights Σ wᵢ lossᵢ / n over the n samples (not over Σ wᵢ), as in Keras. */
function lossOf(loss: Loss, prediction: Tensor, targets: Tensor, weights: Tensor | null): Tensor {
  if (weights === null) return tensorOf("the loss", loss(prediction, targets));
  const each = tensorOf("the loss", loss(prediction, targets, { reduction: "none" }));
  if (each.rank === 0) {
    throw new GradusError(
      'classWeight and sampleWeight need a loss for each sample, but the loss gave a scalar for { reduction: "none" }: ' +
        "let it take a third argument { reduction } as crossEntropy does",
    );
  }
  if (weights.rank > each.rank || weights.shape.some((size, axis) => size !== each.shape[axis])) {
    throw new ShapeError(
      `the loss gave values [${each.shape}] with { reduction: "none" }, which do not fit weights [${weights.shape}]`,
    );
  }
  const shape = each.shape.map((size, axis) => (axis < weights.rank ? size : 1));
  return each
    .mul<readonly number[], readonly number[]>(
      weights.cast(each.dtype).reshape<readonly number[], readonly number[]>(shape),
    )
    .mean();
}

/** What a function of the user's gave. @throws DTypeError for a number, say: a step is one computation of tensors */
function tensorOf(name: string, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  throw new DTypeError(`${name} gave ${describe(value)}, not a tensor`);
}

function measureAll(metrics: readonly Metric[], prediction: Tensor, targets: Tensor): readonly Tensor[] {
  if (metrics.length === 0) return [];
  const values = prediction.detach();
  return noGrad(() => metrics.map((metric) => tensorOf(metric.name, metric.measure(values, targets))));
}
