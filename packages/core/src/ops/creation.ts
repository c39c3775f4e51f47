// Tensors from values: nested arrays, typed arrays, and regular patterns.

import { allocate, arrayFrom, type DType, dtypeOfArray, isFloat, type TypedArray } from "../dtype.ts";
import { checkOption, checkOptionNames, DataError, DTypeError, describe, ShapeError } from "../errors.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../shape.ts";
import type { ShapeOf } from "../shape-types.ts";
import { Tensor } from "../tensor.ts";
import { viewOf } from "../view.ts";

/** Numbers or booleans in nested arrays, or a flat typed array. */
export type TensorValues = number | boolean | ArrayBufferView | readonly TensorValues[];

/** The dtype of a new tensor. */
export interface DTypeOption {
  /**
   * The type of the elements; `float32` by default. Values that it cannot hold are refused, never rounded to
   * integers.
   */
  readonly dtype?: DType;
}

/** Options of {@link tensor}. */
export interface TensorOptions extends DTypeOption {
  /**
   * False takes a typed array over as it is, where it has the tensor's dtype already: it must not be written any
   * more. True, the default, copies the values.
   */
  readonly copy?: boolean;
}

const make = <S extends Shape>(array: TypedArray, dtype: DType, shape: Shape): Tensor<S> =>
  new Tensor<S>(viewOf(array, dtype, shape));

/**
 * A tensor from nested arrays, a number or a typed array, whose values are copied. Numbers become `float32`, booleans `bool`,
 * and a typed array keeps its type, unless `dtype` says otherwise.
 *
 * @param options `dtype`, `shape` for flat values, and `copy: false` to take a typed array over
 * @throws DataError for ragged arrays, for what is no number, and for values that the dtype cannot hold
 * @throws ShapeError if the values do not fill the shape
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Float64Array(6), { shape: [2, 3] }).dtype; // "float64"
 */
export function tensor<const S extends Shape>(
  values: TensorValues,
  options: TensorOptions & { readonly shape: S },
): Tensor<S>;
/**
 * A tensor of the shape of the nested arrays, or flat for a typed array, whose values are copied. Numbers become
 * `float32`, booleans `bool`, and a typed array keeps its type, unless `dtype` says otherwise.
 *
 * @param options `dtype`, `shape` for flat values, and `copy: false` to take a typed array over
 * @throws DataError for ragged arrays, for what is no number, and for values that the dtype cannot hold
 */
export function tensor<const V extends TensorValues>(values: V, options?: TensorOptions): Tensor<ShapeOf<V>>;
export function tensor(values: TensorValues, options: TensorOptions & { readonly shape?: Shape } = {}): Tensor {
  checkOptionNames("tensor", options, ["dtype", "shape", "copy"]);
  const flat = ArrayBuffer.isView(values) ? fromView(values) : fromNested(values);
  const dtype = options.dtype ?? flat.dtype;
  const shape = options.shape ?? flat.shape;
  checkShape("tensor", shape);
  if (sizeOf(shape) !== flat.values.length) {
    throw new ShapeError(
      `tensor: ${flat.values.length} values do not fill the shape ${formatShape(shape)} (${sizeOf(shape)})`,
    );
  }
  const { copy = true } = options;
  checkOption(typeof copy === "boolean", "tensor", "copy", "true or false", copy);
  const own =
    !copy && (values instanceof Float32Array || values instanceof Float64Array || values instanceof Int32Array);
  if (own && dtypeOfArray(values) === dtype) return make(values, dtype, [...shape]);
  return make(convert(flat.values, flat.dtype, dtype), dtype, [...shape]);
}

interface FlatValues {
  readonly values: ArrayLike<number>;
  readonly dtype: DType;
  readonly shape: Shape;
}

function fromView(view: ArrayBufferView): FlatValues {
  const dtype = dtypeOfArray(view);
  if (dtype === null || !("length" in view))
    throw new DTypeError(
      `tensor: ${describe(view)} has no dtype here: use Float32Array, Float64Array, Int32Array or Uint8Array`,
    );
  const values = view as TypedArray; // cast: dtypeOfArray knows only arrays of numbers
  return { values, dtype, shape: [values.length] };
}

/** The axes of an array in NumPy, at most. */
const deepest = 64;

function fromNested(values: TensorValues): FlatValues {
  const shape: number[] = [];
  for (let level: TensorValues | undefined = values; Array.isArray(level); level = level[0]) {
    if (shape.length === deepest)
      throw new DataError(`tensor: arrays nested more than ${deepest} deep, or in themselves`);
    shape.push(level.length);
  }
  const flat: number[] = [];
  let booleans = 0;
  const place: number[] = [];
  const read = (value: TensorValues | undefined, axis: number): void => {
    const at = (): string => (place.length === 0 ? "the value" : `element ${formatShape(place.slice(0, axis))}`);
    if (axis === shape.length) {
      if (typeof value === "boolean") booleans++;
      else if (typeof value !== "number") {
        throw new DataError(
          `tensor: ${at()} is ${Array.isArray(value) ? `an array of ${value.length}: ragged arrays have no shape` : `${describe(value)}, not a number or boolean`}`,
        );
      }
      flat.push(Number(value));
      return;
    }
    if (!Array.isArray(value))
      throw new DataError(
        `tensor: ${at()} is ${describe(value)}, an array of ${shape[axis]} was expected: ragged arrays have no shape`,
      );
    if (value.length !== shape[axis]) {
      throw new DataError(
        `tensor: ${axis === 0 ? "the array" : at()} has ${value.length} elements, the first has ${shape[axis]}: ragged arrays have no shape`,
      );
    }
    for (let index = 0; index < value.length; index++) {
      place[axis] = index;
      read(value[index], axis + 1);
    }
  };
  read(values, 0);
  return { values: flat, dtype: booleans > 0 && booleans === flat.length ? "bool" : "float32", shape };
}

/** Values in another dtype; what it cannot hold is refused. */
function convert(values: ArrayLike<number>, from: DType, to: DType): TypedArray {
  if (!isFloat(to) && (from !== to || !ArrayBuffer.isView(values))) {
    const [low, high] = to === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : to === "uint8" ? [0, 255] : [0, 1];
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? Number.NaN;
      if (!(Number.isInteger(value) && value >= low && value <= high)) {
        throw new DataError(
          `tensor: value ${value} at place ${index} is no ${to} (whole numbers from ${low} to ${high}): convert with cast("${to}") if that is meant`,
        );
      }
    }
  }
  return arrayFrom(to, values);
}

/**
 * Zeros of a shape, `float32` by default.
 *
 * @throws ShapeError for sizes that are no whole numbers ≥ 0
 * @example zeros([2]).toArray(); // [0, 0]
 */
export function zeros<const S extends Shape>(shape: S, options: DTypeOption = {}): Tensor<S> {
  return filled("zeros", shape, 0, options);
}

/**
 * Ones of a shape, `float32` by default.
 *
 * @throws ShapeError for sizes that are no whole numbers ≥ 0
 * @example ones([2]).toArray(); // [1, 1]
 */
export function ones<const S extends Shape>(shape: S, options: DTypeOption = {}): Tensor<S> {
  return filled("ones", shape, 1, options);
}

/**
 * One value everywhere, `float32` by default.
 *
 * @throws ShapeError for sizes that are no whole numbers ≥ 0
 * @throws DataError for a value that the dtype cannot hold
 * @example full([2], 7).toArray(); // [7, 7]
 */
export function full<const S extends Shape>(shape: S, value: number, options: DTypeOption = {}): Tensor<S> {
  return filled("full", shape, value, options);
}

function filled<S extends Shape>(name: string, shape: S, value: number, options: DTypeOption): Tensor<S> {
  checkOptionNames(name, options, ["dtype"]);
  const { dtype = "float32" } = options;
  checkShape(name, shape);
  const [held = value] = convert([value], "float32", dtype);
  const array = allocate(dtype, sizeOf(shape));
  return make(Object.is(held, 0) ? array : array.fill(held), dtype, [...shape]);
}

/** Options of {@link arange}. */
export interface ArangeOptions extends DTypeOption {
  /** The first number; 0 by default. */
  readonly start?: number;
  /** From one number to the next, any but 0; negative ones count down. 1 by default. */
  readonly step?: number;
}

/** How many whole numbers there are below N. */
type CountBelow<N extends number> = number extends N
  ? number
  : `${N}` extends `${string}${"-" | "." | "e" | "I" | "N"}${string}`
    ? number
    : N;

/**
 * 0, 1, … up to but without `end`.
 *
 * @throws OptionError for an end, a start or a step that is not finite, and for a step of 0
 * @throws DataError for a number that the dtype cannot hold
 * @example arange(4).toArray(); // [0, 1, 2, 3]
 */
export function arange<const N extends number>(
  end: N,
  options?: DTypeOption & { readonly start?: never; readonly step?: never },
): Tensor<readonly [CountBelow<N>]>;
/**
 * start, start + step, … up to but without `end`: ⌈(end − start) / step⌉ numbers, or none.
 *
 * @throws OptionError for an end, a start or a step that is not finite, and for a step of 0
 * @throws DataError for a number that the dtype cannot hold
 * @example arange(7, { start: 1, step: 2 }).toArray(); // [1, 3, 5]
 */
export function arange(end: number, options?: ArangeOptions): Tensor<readonly [number]>;
export function arange(end: number, options: ArangeOptions = {}): Tensor<readonly [number]> {
  checkOptionNames("arange", options, ["start", "step", "dtype"]);
  const { start = 0, step = 1, dtype = "float32" } = options;
  checkOption(Number.isFinite(step) && step !== 0, "arange", "step", "a number other than 0", step);
  checkOption(Number.isFinite(start) && Number.isFinite(end), "arange", "start and end", "finite", [start, end]);
  const length = Math.max(0, Math.ceil((end - start) / step));
  checkShape("arange", [length]);
  const values = Float64Array.from({ length }, (_, index) => start + index * step);
  return make(dtype === "float64" ? values : convert(Array.from(values), "float32", dtype), dtype, [length]);
}

/**
 * `count` numbers from `start` to `end`, both included, evenly apart: start + i·(end − start)/(count − 1).
 *
 * @throws OptionError unless both are finite and `count` is a whole number ≥ 0
 * @example linspace(0, 1, 3).toArray(); // [0, 0.5, 1]
 */
export function linspace<const N extends number>(
  start: number,
  end: number,
  count: N,
  options: DTypeOption = {},
): Tensor<readonly [N]> {
  checkOptionNames("linspace", options, ["dtype"]);
  const { dtype = "float32" } = options;
  checkOption(Number.isFinite(start) && Number.isFinite(end), "linspace", "start and end", "finite", [start, end]);
  checkOption(Number.isInteger(count) && count >= 0, "linspace", "count", "a whole number ≥ 0", count);
  checkShape("linspace", [count]);
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  const values = Float64Array.from({ length: count }, (_, index) =>
    index === count - 1 && count > 1 ? end : start + index * step,
  );
  return make(convert(values, "float64", dtype), dtype, [count]);
}

/** Options of {@link eye}. */
export interface EyeOptions<M extends number = number> extends DTypeOption {
  /** The number of columns; as many as rows by default. */
  readonly columns?: M;
}

/**
 * Ones on the diagonal, zeros elsewhere, [rows, columns]: the identity matrix if it is square.
 *
 * @throws ShapeError for sizes that are no whole numbers ≥ 0
 * @example eye(2).toArray(); // [[1, 0], [0, 1]]
 */
export function eye<const N extends number, const M extends number = N>(
  rows: N,
  options: EyeOptions<M> = {},
): Tensor<readonly [N, M]> {
  checkOptionNames("eye", options, ["columns", "dtype"]);
  const { columns, dtype = "float32" } = options;
  const shape = [rows, columns ?? rows];
  checkShape("eye", shape);
  const [height = 0, width = 0] = shape;
  const array = allocate(dtype, height * width);
  for (let index = 0; index < Math.min(height, width); index++) array[index * width + index] = 1;
  return make(array, dtype, shape);
}
