// How much a sample counts: weights of its own, weights of its class, or both multiplied. They enter the loss alone, not the metrics.

import { checkOption, DataError, Tensor, tensor } from "@gradus/core";
import type { CountedBatch } from "./feed.ts";

/** A number for each sample, in the order of the data. */
export type SampleWeight = readonly number[] | Float32Array | Float64Array | Tensor;

/** A number for each class, by its label; classes that are not named count 1. */
export type ClassWeight = readonly number[] | Readonly<Record<number, number>>;

const isWeight = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value >= 0;

/** The weights as an array. @throws OptionError for other numbers than finite ones ≥ 0, DataError for another count than `length` */
export function readSampleWeight(owner: string, given: SampleWeight, length: number): Float32Array {
  const list = given instanceof Tensor ? given.toTypedArray() : given;
  if (list.length !== length || (given instanceof Tensor && given.rank !== 1)) {
    const found = given instanceof Tensor ? `a tensor [${given.shape}]` : `${list.length} numbers`;
    throw new DataError(`${owner}: sampleWeight has ${found} for ${length} samples: give one number for each`);
  }
  const wrong = Array.from(list).findIndex((value) => !isWeight(value));
  checkOption(wrong < 0, owner, `sampleWeight[${wrong}]`, "a finite number ≥ 0", list[wrong]);
  return Float32Array.from(list);
}

/** The weights by label. @throws OptionError for labels and weights that are none */
export function readClassWeight(owner: string, given: ClassWeight): ReadonlyMap<number, number> {
  const weights = new Map<number, number>();
  for (const [label, weight] of Object.entries(given)) {
    checkOption(/^\d+$/.test(label), owner, "classWeight", "numbers by label, { 0: 1, 1: 2.5 }", label);
    checkOption(isWeight(weight), owner, `classWeight[${label}]`, "a finite number ≥ 0", weight);
    weights.set(Number(label), weight);
  }
  return weights;
}

/**
 * The batch with the weights of its samples' classes, times those it has.
 * @throws DataError for targets that are neither labels of whole numbers nor one-hot rows
 */
export function withClassWeights(
  owner: string,
  batch: CountedBatch,
  classWeight: ReadonlyMap<number, number> | null,
): CountedBatch {
  if (classWeight === null) return batch;
  const labels = labelsOf(owner, batch.targets);
  const values = Float32Array.from(labels.toTypedArray(), (label) => classWeight.get(label) ?? 1);
  const byClass: Tensor = tensor(values, { shape: labels.shape });
  const { weights } = batch;
  if (weights === null) return { ...batch, weights: byClass };
  const column = weights.reshape<readonly number[], readonly number[]>([
    ...weights.shape,
    ...labels.shape.slice(weights.rank).map(() => 1),
  ]);
  return { ...batch, weights: byClass.mul<readonly number[], readonly number[]>(column) };
}

/** Whole numbers are labels; rows of floats are one-hot, or probabilities, whose greatest is the label, as in Keras. */
function labelsOf(owner: string, targets: Tensor): Tensor {
  if (targets.dtype === "int32" || targets.dtype === "uint8") return targets;
  if (targets.rank >= 2 && (targets.shape.at(-1) ?? 0) > 1) return targets.argMax(-1);
  throw new DataError(
    `${owner}: classWeight needs labels of whole numbers or one-hot rows, the targets are ${targets.dtype} [${targets.shape}]`,
  );
}
