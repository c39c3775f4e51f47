// The values of a model by name: what is saved, and how saved values come back. A state that belongs to another model
// is refused as a whole, with every difference in one message, so that a model is never half loaded.

import { CheckpointError, describe, formatShape, noGrad, Tensor, type TypedArray, type Variable } from "@gradus/core";

/** The values of all parameters and buffers, by their paths, in the order of the model's fields. */
export type StateDict = Map<string, Tensor>;

/** A state as it may be given back: a Map, or a plain object of tensors. */
export type StateDictLike = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** Copies of the values, which later training does not change. */
export function copyState(variables: ReadonlyMap<string, Variable>): StateDict {
  return noGrad(() => new Map([...variables].map(([name, variable]) => [name, variable.clone()])));
}

/**
 * Assigns a state to the variables of its names.
 * @throws CheckpointError with every difference: missing and unexpected names, shapes, dtypes; nothing is assigned then
 */
export function restoreState(variables: ReadonlyMap<string, Variable>, state: StateDictLike): void {
  const entries = new Map<string, unknown>(state instanceof Map ? state : Object.entries(state));
  const values = new Map<Variable, TypedArray>();
  const differences: string[] = [];
  for (const [name, variable] of variables) {
    const value = entries.get(name);
    if (value === undefined) differences.push(`${name} ${specOf(variable)} is missing`);
    else if (!(value instanceof Tensor)) differences.push(`${name} is ${describe(value)}, not a tensor`);
    else if (specOf(value) !== specOf(variable)) {
      differences.push(`${name} is ${specOf(variable)} in the model, ${specOf(value)} in the state`);
    } else values.set(variable, value.toTypedArray());
  }
  for (const [name, value] of entries) {
    if (!variables.has(name)) {
      differences.push(`${name} ${value instanceof Tensor ? specOf(value) : describe(value)} is unknown to the model`);
    }
  }
  if (differences.length > 0) {
    const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
    throw new CheckpointError(
      `loadStateDict: the state is another model's, nothing was loaded: ${count}: ${differences.join("; ")}`,
    );
  }
  for (const [variable, value] of values) variable.assign(value);
}

/** `[784,256] float32`: what must agree. */
function specOf({ shape, dtype }: Tensor): string {
  return `${formatShape(shape)} ${dtype}`;
}
