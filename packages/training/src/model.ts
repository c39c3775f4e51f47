// What the trainer asks of a model, an optimizer and a loss: the few members that it calls. The layers and optimizers of Gradus
// have them; so may a class of one's own.

import type { Tensor, Variable } from "@gradus/core";

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
}

/** Something that changes parameters along their gradients: every optimizer of @gradus/optimizers is one. */
export interface Optimizer {
  /** Updates each parameter that has a gradient. */
  step(): void;
  /** Forgets the gradients. */
  zeroGrad(): void;
  /** The variables that `step` updates; where an optimizer tells them, they are compared with the model's. */
  readonly parameters?: Iterable<Variable>;
}

/**
 * The mean loss of a batch as a scalar: `crossEntropy`, `meanSquaredError`, or a function of one's own.
 *
 * A method's type, because its parameters may be narrower than `Tensor`: a loss that states the shapes it takes is one too.
 */
export type Loss = { measure(prediction: Tensor, target: Tensor): Tensor }["measure"];

/** Puts a model into the mode wanted; nothing is walked where it is in that mode already. */
export function setMode(model: Model, training: boolean): void {
  if (model.training === training) return;
  if (training) model.train();
  else model.eval();
}
