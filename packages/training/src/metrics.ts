// Metrics: what is reported beside the loss.

export { evaluateMetric, MetricState } from "./metrics/accumulated.ts";
export { accuracy, type BinaryAccuracyOptions, binaryAccuracy, topKAccuracy } from "./metrics/accuracy.ts";
export { type AucOptions, auc } from "./metrics/auc.ts";
export { type ClassScores, type ConfusionOptions, classScores, confusionMatrix } from "./metrics/confusion.ts";
export { type Average, type CountOptions, f1, precision, recall } from "./metrics/counts.ts";
export type { Accumulation, Metric } from "./metrics/metric.ts";
export type { MetricNames, MetricOption } from "./metrics/options.ts";
export { meanAbsoluteError, meanSquaredError, r2 } from "./metrics/regression.ts";
