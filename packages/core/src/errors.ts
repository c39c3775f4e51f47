// The typed errors of Gradus: one class per kind of mistake, so that callers can tell them apart and messages stay one line.
// A message names the operation, the shapes or values at fault, where they stand, and what to try.

/** The base of every error that Gradus throws on purpose. */
export class GradusError extends Error {
  override readonly name: string = "GradusError";
}

/** Shapes or axes that do not fit an operation; the message holds both shapes and the axis. */
export class ShapeError extends GradusError {
  override readonly name = "ShapeError";
}

/** A dtype that an operation does not take. */
export class DTypeError extends GradusError {
  override readonly name = "DTypeError";
}

/** A backward pass that cannot be right: a saved value was overwritten, no path to a variable, a gradient of the wrong shape. */
export class AutogradError extends GradusError {
  override readonly name = "AutogradError";
}

/** A computation that cannot be captured as a graph, or a graph that cannot run. */
export class GraphError extends GradusError {
  override readonly name = "GraphError";
}

/** Data that are not what they should be: ragged arrays, labels out of range, damaged files. */
export class DataError extends GradusError {
  override readonly name = "DataError";
}

/** A saved state that does not belong to this model or optimizer, or a damaged file of one. */
export class CheckpointError extends GradusError {
  override readonly name = "CheckpointError";
}

/** An option that is unknown or out of range; the message holds its name and its value. */
export class OptionError extends GradusError {
  override readonly name = "OptionError";
}

/** A thread that died or stood still in the middle of a compiled call; what the call was writing is lost. */
export class WorkerError extends GradusError {
  override readonly name = "WorkerError";
}

/** A NaN or an infinity that `detectAnomaly` found, with the operation and the line that made it. */
export class AnomalyError extends GradusError {
  override readonly name = "AnomalyError";
}

/** Throws an {@link OptionError} unless `valid`: `Adam: learningRate must be ≥ 0, got -1`. */
export function checkOption(valid: boolean, owner: string, option: string, rule: string, value: unknown): void {
  if (!valid) throw new OptionError(`${owner}: ${option} must be ${rule}, got ${describe(value)}`);
}

/** Refuses options that an operation does not have. @throws OptionError naming those it has */
export function checkOptionNames(owner: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new OptionError(`${owner}: unknown option ${describe(unknown)}: the options are ${names.join(", ")}`);
}

/** A value as it should stand in a one-line message. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(",")}]`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : String(value);
}
