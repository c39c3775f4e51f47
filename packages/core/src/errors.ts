// The typed errors of Gradus: one class per kind of mistake, so that callers can tell them apart and messages stay one line.
// A message names the operation, the shapes or values at fault, where they stand, and what to try.

/**
 * The base of every error that Gradus throws on purpose.
 *
 * @example
 * class RecipeError extends GradusError {
 *   override readonly name = "RecipeError";
 * }
 * new RecipeError("no flour") instanceof GradusError; // true
 */
export class GradusError extends Error {
  /**
   * The name of the class: what stands before the message in a stack, and tells kinds of errors apart without
   * `instanceof`.
   */
  override readonly name: string = "GradusError";
}

/**
 * Shapes or axes that do not fit an operation; the message holds both shapes and the axis.
 *
 * @example
 * zeros([2]).add(zeros([3])); // throws: add [2] + [3]: axis 0: 2 and 3 differ
 */
export class ShapeError extends GradusError {
  override readonly name = "ShapeError";
}

/**
 * A dtype that an operation does not take.
 *
 * @example
 * tensor([1, 2], { dtype: "int32" }).backward(); // throws
 */
export class DTypeError extends GradusError {
  override readonly name = "DTypeError";
}

/**
 * A backward pass that cannot be right: a saved value was overwritten, no path to a variable, a gradient of the wrong shape.
 *
 * @example
 * tensor([1, 2]).sum().backward(); // throws
 */
export class AutogradError extends GradusError {
  override readonly name = "AutogradError";
}

/**
 * A computation that cannot be captured as a graph, or a graph that cannot run.
 *
 * @example
 * import { compile } from "@gradus/core/compile";
 * compile((x: Tensor) => (x.sum().item() > 0 ? x : x.neg()))(tensor([1])); // throws
 */
export class GraphError extends GradusError {
  override readonly name = "GraphError";
}

/**
 * Data that are not what they should be: ragged arrays, labels out of range, damaged files.
 *
 * @example
 * tensor([[1, 2], [3]]); // throws
 * crossEntropy(zeros([2, 10]), tensor([3, 12])); // throws: crossEntropy: label 12 in row 1 is out of range
 */
export class DataError extends GradusError {
  override readonly name = "DataError";
}

/**
 * A saved state that does not belong to this model or optimizer, or a damaged file of one.
 *
 * @example
 * const isOfAnotherModel = (error: unknown) => error instanceof CheckpointError; // what `loadStateDict` throws
 */
export class CheckpointError extends GradusError {
  override readonly name = "CheckpointError";
}

/**
 * An option that is unknown or out of range; the message holds its name and its value.
 *
 * @example
 * dropout(zeros([4]), 2); // throws
 */
export class OptionError extends GradusError {
  override readonly name = "OptionError";
}

/**
 * A thread that died or stood still in the middle of a compiled call; what the call was writing is lost.
 *
 * @example
 * const mayGoOn = (error: unknown) => error instanceof WorkerError; // then load the last checkpoint
 */
export class WorkerError extends GradusError {
  override readonly name = "WorkerError";
}

/**
 * A NaN or an infinity that `detectAnomaly` found, with the operation and the line that made it.
 *
 * @example
 * detectAnomaly(() => tensor([0]).log()); // throws: log gave -Infinity
 */
export class AnomalyError extends GradusError {
  override readonly name = "AnomalyError";
}

/**
 * Throws an {@link OptionError} unless `valid`.
 * @example checkOption(false, "Adam", "learningRate", "≥ 0", -1); // throws: Adam: learningRate must be ≥ 0, got -1
 */
export function checkOption(valid: boolean, owner: string, option: string, rule: string, value: unknown): void {
  if (!valid) throw new OptionError(`${owner}: ${option} must be ${rule}, got ${describe(value)}`);
}

/**
 * Refuses options that an operation does not have.
 *
 * @throws OptionError naming those it has
 * @example checkOptionNames("topK", { size: 2 }, ["axis", "largest"]); // throws: topK: unknown option "size": the options are axis, largest
 */
export function checkOptionNames(owner: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const list = names.length === 0 ? "there are none" : `the options are ${names.join(", ")}`;
  throw new OptionError(`${owner}: unknown option ${describe(unknown)}: ${list}`);
}

/** A value as it should stand in a one-line message. @example describe(["valid", 2, new Date()]); // '["valid",2,Date]' */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(",")}]`;
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  // Bundlers put a _ before the name of a class that mentions itself.
  return typeof value === "object" && value !== null
    ? (value.constructor?.name.replace(/^_/, "") ?? "object")
    : String(value);
}
