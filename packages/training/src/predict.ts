// Prediction: inputs in, the model's results out, batch by batch.

import { concat, DataError, formatShape, noGrad, ShapeError, Tensor } from "@gradus/core";
import { checkCount, checkNames, checkSource, isDataset } from "./checks.ts";
import { type Model, setMode } from "./model.ts";
import type { PredictOptions, PredictSource } from "./options.ts";
import { Turns } from "./turns.ts";

/** Inputs in batches, and how many there are, where that is known. */
interface Inputs {
  readonly batches: Iterable<Tensor> | AsyncIterable<Tensor>;
  readonly steps: number | null;
  readonly samples: number | null;
}

/** Who hears of a prediction. */
export interface PredictListeners {
  start(steps: number | null, samples: number | null): Promise<void> | undefined;
  step(step: number, steps: number | null): Promise<void> | undefined;
}

/**
 * The model's results for many inputs. The model's mode is put back.
 * @throws OptionError for options out of range, ShapeError for a scalar, DataError for batches that never come
 */
export async function predictAll(
  model: Model,
  source: PredictSource,
  options: PredictOptions,
  listeners: PredictListeners,
): Promise<Tensor> {
  checkNames("predict", options, ["batchSize", "steps", "signal"]);
  const { signal } = options;
  const limit = checkCount("predict", "steps", options.steps, null);
  const inputs = inputsOf(source, checkCount("predict", "batchSize", options.batchSize, 32));
  signal?.throwIfAborted();
  const steps = limit === null || inputs.steps === null ? (limit ?? inputs.steps) : Math.min(limit, inputs.steps);
  await listeners.start(steps, inputs.samples);
  const turns = new Turns();
  const before = model.training;
  const outputs: Tensor[] = [];
  try {
    for await (const batch of inputs.batches) {
      setMode(model, false);
      outputs.push(noGrad(() => model.forward(batch)));
      await listeners.step(outputs.length, steps);
      if (turns.due) await turns.take();
      signal?.throwIfAborted();
      if (outputs.length === limit) break;
    }
  } finally {
    setMode(model, before);
  }
  if (outputs.length === 0)
    throw new DataError("predict: there are no batches: a generator gives its batches only once");
  return noGrad(() => concat(outputs));
}

function inputsOf(source: PredictSource, batchSize: number): Inputs {
  if (source instanceof Tensor) {
    const [rows] = source.shape;
    if (rows === undefined)
      throw new ShapeError(`predict: inputs need an axis of samples, got ${formatShape(source.shape)}`);
    // Without any rows, too, the model is asked, for the shape of its results.
    const steps = Math.max(1, Math.ceil(rows / batchSize));
    const part = (start: number): Tensor => source.slice([start, Math.min(rows, start + batchSize)]);
    return { batches: counting(steps, (step) => part(step * batchSize)), steps, samples: rows };
  }
  checkSource("predict", "inputs", source);
  if (isDataset(source)) {
    const { length } = source;
    const steps = Math.ceil(length / batchSize);
    const part = (start: number): Tensor =>
      source.batch(Int32Array.from({ length: Math.min(batchSize, length - start) }, (_, row) => start + row)).inputs;
    return { batches: counting(steps, (step) => part(step * batchSize)), steps, samples: length };
  }
  const batches = typeof source === "function" ? source() : source;
  const length: unknown = Reflect.get(batches, "length");
  return { batches: inputsAlone(batches), steps: typeof length === "number" ? length : null, samples: null };
}

function* counting(count: number, make: (index: number) => Tensor): IterableIterator<Tensor> {
  for (let index = 0; index < count; index++) yield make(index);
}

/** The inputs of batches, or the tensors themselves. */
async function* inputsAlone(
  batches: Iterable<Tensor | { readonly inputs: Tensor }> | AsyncIterable<Tensor | { readonly inputs: Tensor }>,
): AsyncIterableIterator<Tensor> {
  for await (const batch of batches) yield batch instanceof Tensor ? batch : batch.inputs;
}
