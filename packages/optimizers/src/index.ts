// @gradus/optimizers: rules that turn gradients into steps.

export { Adam, type AdamHyperparameters, type AdamOptions } from "./adam.ts";
export {
  type Hyperparameters,
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type ParameterState,
  type Parameters,
} from "./optimizer.ts";
export { SGD, type SGDHyperparameters, type SGDOptions } from "./sgd.ts";
