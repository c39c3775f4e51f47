// What one step showed of a model, as plain data.

import type { ActivationFacts, Drift } from "./activation-statistics.ts";
import type { DeadFacts } from "./dead-units.ts";
import type { WeightFacts } from "./parameters.ts";

/** What one step showed of one layer; null for what it does not have, or what could not be seen. */
export interface LayerObservation {
  /** The layer's output. */
  readonly activation: ActivationFacts | null;
  /** √(mean of x²) of what a layer with weights was given. */
  readonly input: number | null;
  /** Units of a relu that were 0. */
  readonly dead: DeadFacts | null;
  /** Its weights, their gradient and update. */
  readonly weights: WeightFacts | null;
  /** Running statistics beside the batch's. */
  readonly drift: Drift | null;
}

/** What one step showed. */
export interface Observation {
  /** The number of the step, from 1. */
  readonly step: number;
  /** How many steps had been taken since the observer was made, this one included. */
  readonly steps: number;
  /** The loss of the step's batch; null where the step gave none. */
  readonly loss: number | null;
  /** What there was to see, layer by layer, in the order of {@link Course.layers}. */
  readonly layers: readonly LayerObservation[];
}

/** What findings need to know of a layer. */
export interface LayerFacts {
  /** Where the layer stands in the model: `encoder.dense_1`. */
  readonly path: string;
  /** What it is, in snake case: `dense`, `batch_norm`. */
  readonly kind: string;
  /** Whether it has a weight of two axes or more, as Dense and convolutions do. */
  readonly weighted: boolean;
  /** The steps over which a BatchNorm averages, 1/(1 − momentum); null for other layers. */
  readonly memory: number | null;
}

/** A model and what was seen of it, the first step first. */
export interface Course {
  /** The layers in the order in which they ran. */
  readonly layers: readonly LayerFacts[];
  /** What was seen, the earliest first; of a long training the first and the latest. */
  readonly observations: readonly Observation[];
}

/** Whether every number of an observation that should be finite is: after the first that is not, nothing else means much. */
export function isSound({ layers, loss }: Observation): boolean {
  const numbers = layers.flatMap(({ activation, weights }) => [activation?.mean, weights?.weight, weights?.gradient]);
  return [loss, ...numbers].every((value) => value === null || value === undefined || !Number.isNaN(value));
}
