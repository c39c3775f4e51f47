// @gradus/training: the loop that trains a model, what it reports, and how it is shown.

export type { Output } from "./display/output.ts";
export type { Listener, TrainerEvents } from "./events.ts";
export { History, type HistoryValues } from "./history.ts";
export { accuracy, type Metric, type MetricNames, type MetricOption } from "./metrics.ts";
export type { Loss, Model, Optimizer } from "./model.ts";
export type { EvaluateOptions, FitOptions, PredictOptions, Verbosity } from "./options.ts";
export { Trainer, type TrainerOptions, type ValueNames } from "./trainer.ts";
