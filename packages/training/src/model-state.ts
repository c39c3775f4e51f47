// What a model and an optimizer are made of as plain values, and how they take them back: both or neither.

import { CheckpointError, formatShape, Generator, type GeneratorState, noGrad, type Tensor } from "@gradus/core";
import type { Model, Optimizer } from "./model.ts";
import type { NamedTensors, TrainingState } from "./training-state.ts";

/** Copies of a model's parameters and buffers by path; of its parameters by number if it has no `stateDict`. */
export function modelState(model: Model): NamedTensors {
  if (model.stateDict !== undefined) {
    const state = model.stateDict();
    return Object.fromEntries<Tensor>(isMap(state) ? state : Object.entries(state));
  }
  return noGrad(() =>
    Object.fromEntries([...model.parameters()].map((value, index) => [String(index), value.clone()])),
  );
}

function isMap(state: ReadonlyMap<string, Tensor> | NamedTensors): state is ReadonlyMap<string, Tensor> {
  return state instanceof Map;
}

/** Takes over what {@link modelState} gave. @throws CheckpointError for another model's; nothing is loaded then */
export function loadModelState(model: Model, state: NamedTensors): void {
  if (model.loadStateDict !== undefined) {
    model.loadStateDict(state);
    return;
  }
  const parameters = [...model.parameters()];
  const values = parameters.map((parameter, index) => {
    const value = state[String(index)];
    if (value !== undefined && formatShape(value.shape) === formatShape(parameter.shape)) return value.toTypedArray();
    throw new CheckpointError(`the state has no parameter ${index} of shape ${formatShape(parameter.shape)}`);
  });
  if (Object.keys(state).length > parameters.length) {
    throw new CheckpointError(`the state has ${Object.keys(state).length} parameters, the model ${parameters.length}`);
  }
  for (const [index, parameter] of parameters.entries()) parameter.assign(values[index] ?? []);
}

/** Takes over a model's and an optimizer's part of a state. @throws CheckpointError if one does not fit; then neither is loaded */
export function loadState(model: Model, optimizer: Optimizer, state: Pick<TrainingState, "model" | "optimizer">): void {
  if ((state.optimizer === null) !== (optimizer.loadStateDict === undefined)) {
    const [saved, own] =
      state.optimizer === null ? ["no optimizer", "one"] : ["an optimizer", "one that cannot load it"];
    throw new CheckpointError(`restore: the state holds ${saved}, the trainer has ${own}`);
  }
  const before = optimizer.stateDict?.();
  if (state.optimizer !== null) optimizer.loadStateDict?.(state.optimizer);
  try {
    loadModelState(model, state.model);
  } catch (error) {
    if (before !== undefined) optimizer.loadStateDict?.(before);
    throw error;
  }
}

/** The generators that a model's layers have to themselves, by path. */
export function modelGenerators(model: Model): ReadonlyMap<string, Generator> {
  const found = new Map<string, Generator>();
  const layers: unknown =
    "namedLayers" in model && typeof model.namedLayers === "function" ? model.namedLayers() : null;
  const owners: (readonly [string, object])[] = [["", model], ...(layers instanceof Map ? layers : [])];
  for (const [path, owner] of owners) {
    for (const [name, value] of Object.entries(owner)) {
      if (value instanceof Generator && ![...found.values()].includes(value)) {
        found.set(path === "" ? name : `${path}.${name}`, value);
      }
    }
  }
  return found;
}

/** Sets the generators of a model. @throws CheckpointError for a path where there is none */
export function loadGenerators(model: Model, states: Readonly<Record<string, GeneratorState>>): void {
  const generators = modelGenerators(model);
  for (const path of Object.keys(states)) {
    if (!generators.has(path)) throw new CheckpointError(`restore: the model has no generator ${path}, the state has`);
  }
  for (const [path, state] of Object.entries(states)) {
    const generator = generators.get(path);
    if (generator !== undefined) generator.state = state;
  }
}
