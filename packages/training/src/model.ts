// What the trainer asks of a model, an optimizer and a loss: the few members that it calls. The layers and optimizers of Gradus
// have them; so may a class of one's own.

import type { LossReduction, Tensor, Variable } from "@gradus/core";
import type { OptimizerState } from "@gradus/optimizers";
import type { NamedTensors } from "./training-state.ts";

/** Something to train: every `Layer` of @gradus/layers is one. */
export interface Model {
  /** Whether layers such as Dropout and BatchNorm behave as in training. */
  readonly training: boolean;
  /** The predictions for a batch of inputs, a row per sample. */
  forward(inputs: Tensor): Tensor;
  /** From now on behave as in training. */
  train(): unknown;
  /** From now on behave as in use. */
  eval(): unknown;
  /** The variables that training changes. */
  parameters(): Iterable<Variable>;
  /** What is to be added to the loss after `forward`, a scalar; null for nothing. */
  regularization?(): Tensor | null;
  /** Lets go of what earlier calls of `forward` left for `regularization`. */
  forgetPenalties?(): unknown;
  /** Puts parameters back to where they are allowed; called after each step of the optimizer. */
  applyConstraints?(): unknown;
  /** Copies of parameters and buffers by path; without it, a model is its parameters, by number. */
  stateDict?(): ReadonlyMap<string, Tensor> | NamedTensors;
  /** Takes over what `stateDict` gave, or throws and changes nothing. */
  loadStateDict?(state: NamedTensors): unknown;
}

/** Something that changes parameters along their gradients: every optimizer of @gradus/optimizers is one. */
export interface Optimizer {
  /** Updates each parameter that has a gradient. */
  step(): void;
  /** Forgets the gradients. */
  zeroGrad(): void;
  /** The variables that `step` updates; where an optimizer tells them, they are compared with the model's. */
  readonly parameters?: Iterable<Variable>;
  /** The size of a step; callbacks that rule it ask for one. */
  learningRate?: number;
  /** Everything that it needs to go on; without it, it is taken to remember nothing. */
  stateDict?(): OptimizerState;
  /** Takes over what `stateDict` gave, or throws and changes nothing. */
  loadStateDict?(state: OptimizerState): void;
}

/**
 * The mean loss of a batch as a scalar: `crossEntropy`, `meanSquaredError`, or a function of one's own.
 *
 * Weights of samples or classes need a loss for each sample: then it is called with `{ reduction: "none" }` and returns `[batch]`, or
 * `[batch, …]`, whose mean over all but the first axis is the sample's loss.
 *
 * A method's type, because its parameters may be narrower than `Tensor`: a loss that states the shapes it takes is one too.
 */
export type Loss = {
  /**
   * The mean loss of a batch, a scalar: `prediction` is what the model gives, `[samples, …]`, `target` what was to
   * be answered. Asked with `reduction: "none"` it gives one for each sample, which weights need.
   */
  measure(prediction: Tensor, target: Tensor, options?: { readonly reduction?: LossReduction }): Tensor;
}["measure"];

/** Puts a model into the mode wanted; nothing is walked where it is in that mode already. */
export function setMode(model: Model, training: boolean): void {
  if (model.training === training) return;
  if (training) model.train();
  else model.eval();
}
