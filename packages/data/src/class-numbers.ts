// Class numbers read off a dataset's targets.

import { DataError, formatShape, type Tensor } from "@gradus/core";
import type { Dataset } from "./dataset.ts";

const CHUNK = 4096;

/**
 * The class of every sample: targets are whole numbers ≥ 0, one per sample, or one-hot rows.
 * @throws DataError naming the sample whose target is neither
 */
export function classNumbers(dataset: Dataset, owner: string): Int32Array {
  const classes = new Int32Array(dataset.length);
  for (let start = 0; start < dataset.length; start += CHUNK) {
    const length = Math.min(CHUNK, dataset.length - start);
    const targets = dataset.targetsOf(Int32Array.from({ length }, (_, index) => start + index));
    classes.set(classesIn(targets, start, owner), start);
  }
  return classes;
}

function classesIn(targets: Tensor, start: number, owner: string): Int32Array {
  const data = targets.toTypedArray();
  const [rows = 0, width] = targets.shape;
  const wrong = (row: number, found: string): DataError =>
    new DataError(
      `${owner}: expected class numbers or one-hot rows as targets, found ${found} at sample ${start + row}`,
    );
  if (targets.rank === 1 || (targets.rank === 2 && width === 1)) {
    return Int32Array.from(data, (value, row) => {
      if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
      throw wrong(row, String(value));
    });
  }
  if (targets.rank !== 2 || width === undefined)
    throw wrong(0, `targets of shape ${formatShape(targets.shape.slice(1))}`);
  return Int32Array.from({ length: rows }, (_, row) => {
    const values = data.subarray(row * width, (row + 1) * width);
    const at = values.indexOf(1);
    if (at !== -1 && values.every((value: number, place: number) => value === (place === at ? 1 : 0))) return at;
    throw wrong(row, `[${Array.from(values).join(",")}]`);
  });
}
