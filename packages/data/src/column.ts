// A column: one typed array that holds something of every sample, row after row, and how a batch becomes a tensor.
// The array stays in the type it came in (a byte per pixel); conversion and scaling happen on the way into a batch.

import {
  checkOption,
  DataError,
  type DType,
  formatShape,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
  tensor,
} from "@gradus/core";
import { byteTable, type ColumnData, type Gather, gatherBytes, gatherRows, gatherScaled } from "./gather.ts";

/** How the elements of a {@link Column} are read. */
export interface ColumnOptions<Sample extends Shape = Shape> {
  /** The shape of one sample: `[28, 28]` for images, `[]` for labels. */
  readonly shape: Sample;
  /** The number of samples; by default as many as fill the array. */
  readonly length?: number;
  /** The dtype of a batch: by default float32 if scaled (float64 from float64), otherwise that of the array. */
  readonly dtype?: DType;
  /** A batch holds `value · scale + offset` as floats: `1 / 255` for pixels from 0 to 1; 1 by default. */
  readonly scale?: number;
  /** What is added after scaling: −1 with a scale of `2 / 255` for pixels from −1 to 1; 0 by default. */
  readonly offset?: number;
}

/**
 * One typed array with a row for every sample: images, labels. It is not copied: who changes it changes later batches.
 *
 * @throws ShapeError if the array is no whole number of samples, or another one than `length`
 * @throws DataError for an element that the dtype cannot hold
 * @throws OptionError for a scale or offset that is not finite, and for integers that are to be scaled
 * @example
 * const pixels = new Column(new Uint8Array([0, 51, 255, 0]), { shape: [2], scale: 1 / 255 });
 * pixels.batch([0]).toArray(); // [[0, 0.2]], as float32
 */
export class Column<const Sample extends Shape = Shape> {
  /** The elements of all samples, row-major. */
  readonly data: ColumnData;
  /** The number of samples. */
  readonly length: number;
  /** The shape of one sample. */
  readonly shape: Sample;
  /** The dtype of a batch. */
  readonly dtype: DType;
  /** The factor on the way into a batch. */
  readonly scale: number;
  /** The summand on the way into a batch. */
  readonly offset: number;
  readonly #gather: Gather;

  /**
   * @param data the elements of all samples, row-major; not copied
   * @throws ShapeError if the array is no whole number of samples, or another one than `length`
   * @throws DataError for an element that the dtype cannot hold
   * @throws OptionError for a scale or offset that is not finite, and for integers that are to be scaled
   */
  constructor(data: ColumnData, { shape, length, dtype, scale = 1, offset = 0 }: ColumnOptions<Sample>) {
    const width = sizeOf(shape);
    const count = length ?? (width === 0 ? 0 : data.length / width);
    const whole = [count, ...shape].every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!whole || count * width !== data.length) {
      const wanted = length === undefined ? "a whole number of samples" : `${length} samples`;
      throw new ShapeError(`Column: ${data.length} elements are not ${wanted} of shape ${formatShape(shape)}`);
    }
    checkOption(Number.isFinite(scale), "Column", "scale", "a finite number", scale);
    checkOption(Number.isFinite(offset), "Column", "offset", "a finite number", offset);
    const scaled = scale !== 1 || offset !== 0;
    this.data = data;
    this.length = count;
    this.shape = shape;
    this.dtype = dtype ?? naturalDType(data, scaled);
    this.scale = scale;
    this.offset = offset;
    checkElements(data, this.dtype, scaled, width);
    this.#gather = gatherer(data, width, this.dtype, scale, offset);
  }

  /**
   * The tensor of the samples `indices`, in that order, in a fresh array: shape `[indices.length, ...shape]`.
   *
   * @throws DataError for an index that is no whole number from 0 to length − 1: its value and its place
   * @example
   * new Column(new Uint8Array([5, 0, 4]), { shape: [], dtype: "int32" }).batch([2, 0]).toArray(); // [4, 5]
   */
  batch(indices: ArrayLike<number>): Tensor<readonly [number, ...Sample]> {
    checkIndices(indices, this.length);
    return tensor(this.#gather(indices), { shape: [indices.length, ...this.shape], dtype: this.dtype });
  }

  /**
   * The samples from `start` up to, not including, `end`: a column over the same memory.
   *
   * @throws ShapeError if there are not as many
   * @example
   * new Column(new Uint8Array([5, 0, 4]), { shape: [] }).slice(1, 3).batch([0]).toArray(); // [0]
   */
  slice(start: number, end: number): Column<Sample> {
    const { shape, dtype, scale, offset } = this;
    const width = sizeOf(shape);
    const length = end - start;
    return new Column(this.data.subarray(start * width, end * width), { shape, length, dtype, scale, offset });
  }
}

/**
 * Throws unless every index is a whole number from 0 to `length` − 1.
 * @internal
 */
export function checkIndices(indices: ArrayLike<number>, length: number): void {
  for (let place = 0; place < indices.length; place++) {
    const index = indices[place];
    if (index !== undefined && Number.isInteger(index) && index >= 0 && index < length) continue;
    const range = length === 0 ? "there are no samples" : `the valid range is 0 to ${length - 1}`;
    throw new DataError(`batch: index ${index} at place ${place} is out of range: ${range}`);
  }
}

function naturalDType(data: ColumnData, scaled: boolean): DType {
  if (data instanceof Float64Array) return "float64";
  if (scaled || data instanceof Float32Array) return "float32";
  return isBytes(data) ? "uint8" : "int32";
}

function isBytes(data: ColumnData): data is Uint8Array | Uint8ClampedArray {
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}

/** Refuses what a cast would change without a word: fractions and large numbers as int32, and the like. */
function checkElements(data: ColumnData, dtype: DType, scaled: boolean, width: number): void {
  if (dtype === "float32" || dtype === "float64") return;
  checkOption(!scaled, "Column", "dtype", "float32 or float64 where values are scaled", dtype);
  if (dtype === "uint8" && isBytes(data)) return;
  if (dtype === "int32" && (data.BYTES_PER_ELEMENT < 4 || data instanceof Int32Array)) return;
  const [low, high] = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, dtype === "bool" ? 1 : 255];
  const wrong = data.findIndex((value: number) => !Number.isInteger(value) || value < low || value > high);
  if (wrong === -1) return;
  const place = `${data[wrong]} in row ${Math.floor(wrong / width)}`;
  throw new DataError(`Column: ${place} is no whole number from ${low} to ${high}, as dtype "${dtype}" needs`);
}

/** The loop that suits the array and the dtype of a batch. */
function gatherer(data: ColumnData, width: number, dtype: DType, scale: number, offset: number): Gather {
  if (dtype === "float32" && isBytes(data)) {
    const table = byteTable(scale, offset);
    return (indices) => gatherBytes(data, indices, width, table);
  }
  const scaled = scale !== 1 || offset !== 0;
  if (dtype === "float32" || dtype === "float64") {
    const Floats = dtype === "float32" ? Float32Array : Float64Array;
    return (indices) => {
      const out = new Floats(indices.length * width);
      return scaled ? gatherScaled(data, indices, width, scale, offset, out) : gatherRows(data, indices, width, out);
    };
  }
  const Integers = dtype === "int32" ? Int32Array : Uint8Array;
  return (indices) => gatherRows(data, indices, width, new Integers(indices.length * width));
}
