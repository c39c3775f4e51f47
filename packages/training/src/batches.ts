// The batches of one pass over a dataset. The last has what is left.

import { DataError, formatShape, type Tensor } from "@gradus/core";
import type { Dataset } from "@gradus/data";

/** A batch, and how many samples it has. */
export interface CountedBatch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
  readonly samples: number;
}

/** How many batches one pass has. */
export function countBatches(data: Dataset, batchSize: number): number {
  return Math.ceil(data.length / batchSize);
}

/**
 * One pass over the samples, in the given order or that of the dataset.
 * @throws DataError where a dataset gives other numbers of rows than were asked for
 */
export function* batchesOf(data: Dataset, batchSize: number, order?: Int32Array): IterableIterator<CountedBatch> {
  const { length } = data;
  for (let start = 0; start < length; start += batchSize) {
    const samples = Math.min(batchSize, length - start);
    const indices =
      order?.subarray(start, start + samples) ?? Int32Array.from({ length: samples }, (_, row) => start + row);
    const { inputs, targets } = data.batch(indices);
    if (inputs.shape[0] !== samples || targets.shape[0] !== samples) {
      const shapes = `inputs ${formatShape(inputs.shape)} and targets ${formatShape(targets.shape)}`;
      throw new DataError(`the dataset gave ${shapes} for ${samples} samples: their first axes must be ${samples}`);
    }
    yield { inputs, targets, samples };
  }
}
