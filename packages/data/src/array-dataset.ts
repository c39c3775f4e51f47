// Datasets in memory: a column of inputs beside a column of targets.

import { checkOption, checkOptionNames, DataError, type DType, type Shape, Tensor, tensor } from "@gradus/core";
import { Column } from "./column.ts";
import { type Batch, Dataset } from "./dataset.ts";
import type { ColumnData } from "./gather.ts";
import { sliceBounds } from "./parts.ts";

/**
 * A dataset of two columns of equal length. Parts of it share its memory. Its parameters are the shapes of one sample.
 *
 * @throws DataError naming both lengths if they differ
 * @example
 * const dataset = new ArrayDataset(
 *   new Column(pixels, { shape: [28, 28], scale: 1 / 255 }),
 *   new Column(labels, { shape: [], dtype: "int32" }),
 * );
 * dataset.batch([0, 1]).inputs.shape; // [2, 28, 28]
 */
export class ArrayDataset<Input extends Shape = Shape, Target extends Shape = Shape> extends Dataset<
  readonly [number, ...Input],
  readonly [number, ...Target]
> {
  /** What the network sees. */
  readonly inputs: Column<Input>;
  /** What it is to answer. */
  readonly targets: Column<Target>;

  /**
   * @param inputs what the network sees, a row for each sample
   * @param targets what it is to answer, as many rows
   * @throws DataError naming both lengths if they differ
   */
  constructor(inputs: Column<Input>, targets: Column<Target>) {
    super();
    for (const [name, column] of Object.entries({ inputs, targets })) {
      const is = column instanceof Column;
      checkOption(is, "ArrayDataset", name, "a Column; fromArrays makes them of tensors and lists", column);
    }
    if (inputs.length !== targets.length) {
      const counts = `${inputs.length} inputs but ${targets.length} targets`;
      throw new DataError(`ArrayDataset: ${counts}: every sample needs one of each`);
    }
    this.inputs = inputs;
    this.targets = targets;
  }

  /** The number of samples. */
  get length(): number {
    return this.inputs.length;
  }

  /**
   * The samples with these numbers, in this order, in fresh arrays.
   *
   * @throws DataError for a number that is out of range: its value and its place
   * @example
   * const { inputs, targets } = dataset.batch([7, 3]);
   */
  batch(indices: ArrayLike<number>): Batch<readonly [number, ...Input], readonly [number, ...Target]> {
    return { inputs: this.inputs.batch(indices), targets: this.targets.batch(indices) };
  }

  /**
   * The targets alone of the samples with these numbers.
   *
   * @example
   * dataset.targetsOf([7, 3]).shape; // [2]
   */
  override targetsOf(indices: ArrayLike<number>): Tensor<readonly [number, ...Target]> {
    return this.targets.batch(indices);
  }

  /**
   * The samples from `start` up to, not including, `end`, over the same memory. Negative numbers count from the end.
   *
   * @throws OptionError for a bound that is fractional or out of range
   * @example
   * dataset.slice(-100).length; // 100
   */
  override slice(start: number, end: number = this.length): ArrayDataset<Input, Target> {
    const [from, to] = sliceBounds(this.length, start, end);
    return new ArrayDataset(this.inputs.slice(from, to), this.targets.slice(from, to));
  }
}

/** Lists of numbers, of lists of numbers and so on, all of one length at each depth. */
export type NumberList = readonly (number | NumberList)[];

/**
 * What {@link fromArrays} makes a column of, the samples along its first axis: nested lists of numbers, a tensor, a
 * typed array (one element per sample), or a typed array with the shape of the whole, which `parseIdx` returns too.
 */
export type ColumnSource = NumberList | Tensor | ColumnData | ShapedData;

/** A typed array with the shape of the whole. */
interface ShapedData {
  /** The elements in row-major order. */
  readonly data: ColumnData;
  /** Its sizes, that of the samples first. */
  readonly shape: Shape;
}

/** The arrays of a dataset, and how the inputs are read. */
export interface ArraysOptions {
  /** What the network sees. */
  readonly inputs: ColumnSource;
  /** What it is to answer. */
  readonly targets: ColumnSource;
  /** The shape of one sample of the inputs: `[784]` for images of 28 × 28; by default that of the array. */
  readonly shape?: Shape;
  /** A batch of inputs holds `value · scale + offset` as floats: `1 / 255` for pixels from 0 to 1; 1 by default. */
  readonly scale?: number;
  /** A batch of inputs holds `value · scale + offset` as floats; 0 by default. */
  readonly offset?: number;
}

/**
 * A dataset from arrays; bytes stay bytes until a batch is made. Targets that are integers by type, or a flat list of
 * whole numbers, are labels (int32). Everything else keeps its dtype; numbers in lists become float32.
 *
 * @throws DataError for counts that differ, ragged lists, and labels that int32 cannot hold
 * @throws ShapeError for a shape that does not fit
 * @example
 * const xor = fromArrays({ inputs: [[0, 0], [0, 1], [1, 0], [1, 1]], targets: [0, 1, 1, 0] });
 * xor.batch([1, 2]).targets.toArray(); // [1, 1]
 */
export function fromArrays<const S extends Shape>(options: ArraysOptions & { readonly shape: S }): ArrayDataset<S>;
/**
 * A dataset from arrays; bytes stay bytes until a batch is made. Targets that are integers by type, or a flat list of
 * whole numbers, are labels (int32). Everything else keeps its dtype; numbers in lists become float32.
 *
 * @throws DataError for counts that differ, ragged lists, and labels that int32 cannot hold
 * @throws ShapeError for a shape that does not fit
 */
export function fromArrays(options: ArraysOptions): ArrayDataset;
export function fromArrays(options: ArraysOptions): ArrayDataset {
  checkOptionNames("fromArrays", options, ["inputs", "targets", "shape", "scale", "offset"]);
  const { inputs, targets, shape, scale = 1, offset = 0 } = options;
  const input = partsOf(inputs, "inputs");
  const target = partsOf(targets, "targets");
  const keeps = input.dtype !== undefined && scale === 1 && offset === 0;
  return new ArrayDataset(
    new Column(input.data, {
      ...input.size,
      ...(shape && { shape }),
      scale,
      offset,
      ...(keeps && { dtype: input.dtype }),
    }),
    new Column(target.data, { ...target.size, dtype: targetDType(target) }),
  );
}

interface Parts {
  readonly data: ColumnData;
  readonly size: { readonly length: number; readonly shape: Shape };
  /** The dtype of a tensor; a typed array tells its own. */
  readonly dtype?: DType;
  /** Whether the numbers came in lists, which have no dtype. */
  readonly listed?: boolean;
}

function partsOf(source: ColumnSource, name: string): Parts {
  const sized = ([length, ...shape]: Shape): Parts["size"] => {
    if (length === undefined) throw new DataError(`fromArrays: ${name} must have an axis of samples, got a scalar`);
    return { length, shape };
  };
  if (isTensor(source)) return { data: source.toTypedArray(), size: sized(source.shape), dtype: source.dtype };
  if (isColumnData(source)) return { data: source, size: sized([source.length]) };
  const rule = "a tensor, a typed array, nested lists or { data, shape }";
  checkOption(typeof source === "object" && source !== null, "fromArrays", name, rule, source);
  if ("data" in source) return { data: source.data, size: sized(source.shape) };
  const values = tensor(source);
  return { data: values.toTypedArray(), size: sized(values.shape), listed: true };
}

const isTensor = (source: ColumnSource): source is Tensor => source instanceof Tensor;
const isColumnData = (source: ColumnSource): source is ColumnData => ArrayBuffer.isView(source);

/** Integers are labels, and so is a flat list of whole numbers; floats and truth values stay what they are. */
function targetDType({ data, size, dtype, listed }: Parts): DType {
  if (dtype === "bool" || dtype === "float32" || dtype === "float64") return dtype;
  if (data instanceof Float64Array) return "float64";
  if (!(data instanceof Float32Array)) return "int32";
  const label = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return listed === true && size.shape.length === 0 && data.every(label) ? "int32" : "float32";
}
