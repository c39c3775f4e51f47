// @gradus/diagnostics: what each layer does while a model learns, what is wrong, and what to try.

export type { ActivationFacts, Drift } from "./activation-statistics.ts";
export type { DeadFacts } from "./dead-units.ts";
export { diagnose } from "./diagnose.ts";
export { Diagnostics, type DiagnosticsOptions } from "./diagnostics.ts";
export type { Finding, FindingKind } from "./findings/finding.ts";
export type { Course, LayerFacts, LayerObservation, Observation } from "./observation.ts";
export type { WeightFacts } from "./parameters.ts";
export type { LayerReport, Report } from "./report.ts";
export { type StepEnd, StepObserver, type StepStart } from "./step-observer.ts";
export { type Threshold, type ThresholdName, thresholds } from "./thresholds.ts";
export { type Facet, type Selector, Watch, type WatchOptions, type WatchRecord, watch } from "./watch.ts";
