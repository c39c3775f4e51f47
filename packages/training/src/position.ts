// From a fit in progress to plain data, and back.

import { CheckpointError, defaultGenerator, Tensor, tensor } from "@gradus/core";
import type { Callbacks } from "./callbacks/callbacks.ts";
import type { Feed } from "./feed.ts";
import type { Recorder } from "./history.ts";
import { isJson } from "./json.ts";
import type { Model, Optimizer } from "./model.ts";
import { loadGenerators, modelGenerators, modelState } from "./model-state.ts";
import type { Tally } from "./tally.ts";
import type { NamedTensors, TrainingPosition, TrainingState } from "./training-state.ts";

/** What changes while a fit goes on. */
export interface Progress {
  epoch: number;
  step: number;
  totalSteps: number;
  accumulated: number;
  tally: Tally;
  readonly recorder: Recorder;
  readonly feed: Feed;
  readonly callbacks: Callbacks;
}

/** The state of a trainer before its first fit, or of a fit in progress. */
export function captureState(model: Model, optimizer: Optimizer, progress: Progress | null): TrainingState {
  const sums = progress?.tally.sums;
  const callbacks = progress?.callbacks.state();
  const generators = [...modelGenerators(model)].map(([path, { state }]) => [path, state] as const);
  return {
    model: modelState(model),
    optimizer: optimizer.stateDict?.() ?? null,
    position: {
      version: 1,
      epoch: progress?.epoch ?? 0,
      step: progress?.step ?? 0,
      totalSteps: progress?.totalSteps ?? 0,
      accumulated: progress?.accumulated ?? 0,
      feed: progress?.feed.state ?? null,
      generator: defaultGenerator().state,
      modelGenerators: Object.fromEntries(generators),
      history: progress === null ? null : [...progress.recorder.names],
      averages: sums?.samples ?? 0,
      callbacks: callbacks?.json ?? {},
    },
    tensors: {
      ...progress?.recorder.toTensors(),
      ...sumsAsTensors(sums?.sums ?? {}),
      ...gradientsOf(model, progress?.accumulated ?? 0),
      ...callbacks?.tensors,
    },
  };
}

function sumsAsTensors(sums: Readonly<Record<string, Float64Array>>): NamedTensors {
  return Object.fromEntries(Object.entries(sums).map(([name, values]) => [`averages.${name}`, tensor(values)]));
}

/** Gradients that wait for the optimizer. */
function gradientsOf(model: Model, accumulated: number): NamedTensors {
  if (accumulated === 0) return {};
  const entries = [...model.parameters()].flatMap(({ grad }, index): [string, Tensor][] =>
    grad === null ? [] : [[`gradients.${index}`, grad.detach().clone()]],
  );
  return Object.fromEntries(entries);
}

/**
 * Brings a fit to where a state was taken: data, averages, history, gradients, random generators. Model and optimizer are loaded
 * elsewhere, callbacks when the fit has begun.
 *
 * @throws CheckpointError for the state of a fit with other data or other values
 */
export async function restoreProgress(model: Model, progress: Progress, state: TrainingState): Promise<void> {
  const { position, tensors } = state;
  const { recorder, tally } = progress;
  if (position.history !== null) {
    const [saved, own] = [JSON.stringify(position.history), JSON.stringify(recorder.names)];
    if (saved !== own) throw new CheckpointError(`fit: the state has the values ${saved}, this fit has ${own}`);
    recorder.restore(tensors);
  }
  if (position.feed !== null) await progress.feed.restore(position.feed);
  const read = (name: string): Float64Array => {
    const found: unknown = tensors[`averages.${name}`];
    return found instanceof Tensor ? Float64Array.from(found.toTypedArray()) : new Float64Array(0);
  };
  const sums = Object.fromEntries(tally.names.map((name) => [name, read(name)]));
  tally.sums = { samples: Number(position.averages), sums };
  for (const [index, parameter] of [...model.parameters()].entries()) {
    const gradient: unknown = tensors[`gradients.${index}`];
    if (position.accumulated > 0) parameter.grad = gradient instanceof Tensor ? gradient : null;
  }
  progress.epoch = position.epoch;
  progress.step = position.step;
  progress.totalSteps = position.totalSteps;
  progress.accumulated = position.accumulated;
  loadGenerators(model, position.modelGenerators);
  defaultGenerator().state = position.generator;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** @throws CheckpointError for what no trainer gave */
export function checkPosition(position: TrainingPosition): void {
  const { version, epoch, step, totalSteps, accumulated, averages, generator, callbacks, modelGenerators } =
    position ?? {};
  const counts = [epoch, step, totalSteps, accumulated, averages, generator?.seed, generator?.calls];
  const objects = [callbacks, modelGenerators].every((value) => typeof value === "object" && value !== null);
  if (version !== 1 || !counts.every(isCount) || !objects || !isJson(position)) {
    throw new CheckpointError("restore: the state's position is none that this version of the trainer knows");
  }
}
