// @gradus/optimizers: rules that turn gradients into steps.

// Gradients
export { GradientAccumulation, type GradientAccumulationOptions } from "./accumulation.ts";
// Optimizers
export { Adadelta, type AdadeltaHyperparameters, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradHyperparameters, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamHyperparameters, type AdamOptions, type AdamState } from "./adam.ts";
export { Adamax, type AdamaxHyperparameters, type AdamaxOptions } from "./adamax.ts";
export { AdamW, type AdamWOptions } from "./adamw.ts";
export { type ClipGradNormOptions, clipGradNorm, clipGradValue } from "./clipping.ts";
// An optimizer of your own
export {
  type GroupOptions,
  type Hyperparameters,
  type OptimizerOptions,
  ParameterGroup,
  type Parameters,
} from "./groups.ts";
export { Lion, type LionHyperparameters, type LionOptions } from "./lion.ts";
// Averages of weights
export {
  type AverageState,
  ExponentialMovingAverage,
  type ExponentialMovingAverageOptions,
} from "./moving-average.ts";
export { Muon, type MuonHyperparameters, type MuonOptions } from "./muon.ts";
export { NAdam, type NAdamHyperparameters, type NAdamOptions } from "./nadam.ts";
export { Optimizer } from "./optimizer.ts";
// Schedules of the learning rate
export { type PlateauState, ReduceOnPlateau, type ReduceOnPlateauOptions } from "./plateau.ts";
export { RAdam, type RAdamHyperparameters, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropHyperparameters, type RMSpropOptions } from "./rmsprop.ts";
export { LearningRateScheduler, type SchedulerState } from "./scheduler.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export { SGD, type SGDHyperparameters, type SGDOptions } from "./sgd.ts";
export type { OptimizerState, ParameterState } from "./state.ts";
