// @gradus/training: the loop that trains a model, what it reports, and how it is shown.

export type { Callback, CallbackHandlers, CallbackState, FitEvent, Run } from "./callbacks/callback.ts";
export { CSVLogger, type CSVLoggerOptions, type LineWriter } from "./callbacks/csv-logger.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./callbacks/early-stopping.ts";
export {
  LearningRateSchedule,
  type LearningRateScheduleOptions,
  type RateFunction,
} from "./callbacks/learning-rate.ts";
export { type CheckpointPlace, ModelCheckpoint, type ModelCheckpointOptions } from "./callbacks/model-checkpoint.ts";
export type { MonitorMode, MonitorOptions } from "./callbacks/monitor.ts";
export { MovingAverage, type MovingAverageOptions, type WeightAverage } from "./callbacks/moving-average.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./callbacks/reduce-lr-on-plateau.ts";
export { TerminateOnNaN } from "./callbacks/terminate-on-nan.ts";
export type { Output } from "./display/output.ts";
export type { EpochLogs, Listener, StepPlace, TrainerEvents } from "./events.ts";
export type { BatchIterable, BatchSource, WeightedBatch } from "./feed.ts";
export { History, type HistoryPart, type HistoryValues } from "./history.ts";
// Metrics: all as metrics.accuracy and so on; these have names that no loss has
export * as metrics from "./metrics.ts";
export {
  type Accumulation,
  type AucOptions,
  type Average,
  accuracy,
  auc,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  type ClassScores,
  type ConfusionOptions,
  type CountOptions,
  classScores,
  confusionMatrix,
  evaluateMetric,
  f1,
  type Metric,
  type MetricNames,
  type MetricOption,
  MetricState,
  precision,
  r2,
  recall,
  topKAccuracy,
} from "./metrics.ts";
export type { Loss, Model, Optimizer } from "./model.ts";
export type {
  BatchOptions,
  EvaluateOptions,
  FitOptions,
  PredictOptions,
  PredictSource,
  ValidateEvery,
  Verbosity,
} from "./options.ts";
export type { ClassWeight, SampleWeight } from "./sample-weights.ts";
export { Trainer, type TrainerOptions, type ValueNames } from "./trainer.ts";
export type {
  CheckpointWriter,
  FeedState,
  Json,
  NamedTensors,
  TrainingPosition,
  TrainingState,
} from "./training-state.ts";
