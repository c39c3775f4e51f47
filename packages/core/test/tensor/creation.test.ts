// Tensors from values: what is taken, with which dtype and shape, and what is refused, with the place at fault.

import { describe, expect, test } from "vitest";
import {
  arange,
  DataError,
  type DType,
  DTypeError,
  eye,
  full,
  GradusError,
  linspace,
  OptionError,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { flat } from "../exam/reference.ts";

/** Calls with arguments that the types would refuse. */
const untyped =
  (f: (...args: never[]) => unknown, ...args: readonly unknown[]): (() => unknown) =>
  () =>
    Reflect.apply(f, null, args);

describe("tensor takes", () => {
  test.each<[string, Tensor, readonly number[], DType, unknown]>([
    ["a number", tensor(3), [], "float32", 3],
    ["a boolean", tensor(true), [], "bool", true],
    ["a list", tensor([1, 2]), [2], "float32", [1, 2]],
    ["booleans", tensor([true, false]), [2], "bool", [true, false]],
    [
      "nested lists",
      tensor([
        [[1], [2]],
        [[3], [4]],
      ]),
      [2, 2, 1],
      "float32",
      [
        [[1], [2]],
        [[3], [4]],
      ],
    ],
    ["nothing", tensor([]), [0], "float32", []],
    ["rows of nothing", tensor([[], []]), [2, 0], "float32", [[], []]],
    ["floats", tensor(new Float32Array([1.5])), [1], "float32", [1.5]],
    ["doubles", tensor(new Float64Array([0.1])), [1], "float64", [0.1]],
    ["integers", tensor(new Int32Array([-7])), [1], "int32", [-7]],
    ["short integers", tensor(new Int16Array([-7])), [1], "int32", [-7]],
    ["bytes", tensor(new Uint8Array([255])), [1], "uint8", [255]],
    ["clamped bytes", tensor(new Uint8ClampedArray([255])), [1], "uint8", [255]],
    [
      "a shape",
      tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }),
      [2, 3],
      "float32",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      "a typed array with a shape",
      tensor(new Float64Array(4), { shape: [2, 2] }),
      [2, 2],
      "float64",
      [
        [0, 0],
        [0, 0],
      ],
    ],
    ["another dtype", tensor([1, 0], { dtype: "bool" }), [2], "bool", [true, false]],
    ["integers on request", tensor([1, -2], { dtype: "int32" }), [2], "int32", [1, -2]],
    ["bytes as floats", tensor(new Uint8Array([9]), { dtype: "float32" }), [1], "float32", [9]],
  ])("%s", (_, x, shape, dtype, values) => {
    expect(x.shape).toEqual(shape);
    expect(x.dtype).toBe(dtype);
    expect(x.toArray()).toEqual(values);
    expect([x.rank, x.size]).toEqual([shape.length, flat(x).length]);
  });
});

describe("tensor refuses", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  test.each<[string, unknown, unknown, string]>([
    [
      "ragged rows",
      [[1, 2], [3]],
      {},
      "tensor: element [1] has 1 elements, the first has 2: ragged arrays have no shape",
    ],
    ["a longer row", [[1], [2, 3]], {}, "element [1] has 2 elements, the first has 1"],
    ["a number among rows", [[1], 2], {}, "tensor: element [1] is 2, an array of 1 was expected"],
    ["a row among numbers", [1, [2]], {}, "tensor: element [1] is an array of 1: ragged arrays have no shape"],
    ["a deep raggedness", [[[1, 2]], [[3]]], {}, "element [1,0] has 1 elements, the first has 2"],
    ["strings", ["1", "2"], {}, 'tensor: element [0] is "1", not a number or boolean'],
    ["a string", "1", {}, 'tensor: the value is "1", not a number or boolean'],
    ["null", [1, null], {}, "tensor: element [1] is null, not a number or boolean"],
    ["holes", new Array(2), {}, "tensor: element [0] is undefined"],
    ["an array in itself", cyclic, {}, "tensor: arrays nested more than 64 deep, or in themselves"],
    ["objects", [{ value: 1 }], {}, "tensor: element [0] is Object"],
    [
      "a fraction as an integer",
      [1, 1.5],
      { dtype: "int32" },
      "tensor: value 1.5 at place 1 is no int32 (whole numbers from -2147483648 to 2147483647)",
    ],
    ["too great an integer", [2 ** 31], { dtype: "int32" }, "value 2147483648 at place 0 is no int32"],
    ["NaN as an integer", [Number.NaN], { dtype: "int32" }, "value NaN at place 0 is no int32"],
    ["a negative byte", [-1], { dtype: "uint8" }, "value -1 at place 0 is no uint8 (whole numbers from 0 to 255)"],
    ["2 as a boolean", [0, 2], { dtype: "bool" }, "value 2 at place 1 is no bool"],
    ["doubles as bytes", new Float64Array([256]), { dtype: "uint8" }, "value 256 at place 0 is no uint8"],
  ])("%s", (_, values, options, message) => {
    expect(untyped(tensor, values, options)).toThrow(DataError);
    expect(untyped(tensor, values, options)).toThrow(message);
  });

  test.each<[string, unknown, unknown, string]>([
    ["too few values", [1, 2, 3], [2, 2], "tensor: 3 values do not fill the shape [2,2] (4)"],
    ["too many", [1, 2, 3], [2], "tensor: 3 values do not fill the shape [2] (2)"],
    ["negative sizes", [1, 2], [-2, -1], "tensor: axis 0 of the shape must be a whole number ≥ 0, got -2"],
    ["fractional sizes", [1, 2, 3], [2, 1.5], "tensor: axis 1 of the shape must be a whole number ≥ 0, got 1.5"],
  ])("%s", (_, values, shape, message) => {
    expect(untyped(tensor, values, { shape })).toThrow(ShapeError);
    expect(untyped(tensor, values, { shape })).toThrow(message);
  });

  test.each([new BigInt64Array(1), new DataView(new ArrayBuffer(4)), new Uint32Array(1)])("%o", (array) => {
    expect(untyped(tensor, array)).toThrow(DTypeError);
    expect(untyped(tensor, array)).toThrow(
      "has no dtype here: use Float32Array, Float64Array, Int32Array or Uint8Array",
    );
  });
});

describe("patterns", () => {
  test.each<[string, Tensor, DType, unknown]>([
    ["zeros", zeros([2, 1]), "float32", [[0], [0]]],
    ["ones of bool", ones([2], { dtype: "bool" }), "bool", [true, true]],
    ["full", full([2], 7, { dtype: "int32" }), "int32", [7, 7]],
    ["full of a scalar", full([], 0.5), "float32", 0.5],
    ["arange", arange(3), "float32", [0, 1, 2]],
    ["arange with a step", arange(1, { start: 0, step: 0.25 }), "float32", [0, 0.25, 0.5, 0.75]],
    ["arange backwards", arange(0, { start: 3, step: -1, dtype: "int32" }), "int32", [3, 2, 1]],
    ["arange of nothing", arange(-1), "float32", []],
    ["linspace", linspace(0, 1, 5), "float32", [0, 0.25, 0.5, 0.75, 1]],
    ["linspace of one", linspace(2, 9, 1), "float32", [2]],
    ["linspace of none", linspace(2, 9, 0), "float32", []],
    [
      "eye",
      eye(2, { dtype: "float64" }),
      "float64",
      [
        [1, 0],
        [0, 1],
      ],
    ],
  ])("%s", (_, x, dtype, values) => {
    expect(x.dtype).toBe(dtype);
    expect(x.toArray()).toEqual(values);
  });

  test("linspace ends exactly where it should", () => {
    expect(flat(linspace(0.2, 0.9, 8, { dtype: "float64" })).at(-1)).toBe(0.9); // 0.2 + 7 · 0.1 falls short
    expect(flat(linspace(0, 1, 50, { dtype: "float64" })).at(-1)).toBe(1);
  });

  test.each<[() => unknown, new (message: string) => GradusError, string]>([
    [() => zeros([-1]), ShapeError, "zeros: axis 0 of the shape must be a whole number ≥ 0, got -1"],
    [() => ones([2.5]), ShapeError, "axis 0 of the shape must be a whole number ≥ 0, got 2.5"],
    [() => zeros([2 ** 20, 2 ** 20]), ShapeError, "zeros: [1048576,1048576] has 1099511627776 elements, more than 2³²"],
    [() => full([2], 0.5, { dtype: "int32" }), DataError, "value 0.5 at place 0 is no int32"],
    [() => arange(3, { step: 0 }), OptionError, "arange: step must be a number other than 0, got 0"],
    [() => arange(Number.POSITIVE_INFINITY), OptionError, "arange: start and end must be finite, got [0,Infinity]"],
    [() => arange(1e12), ShapeError, "arange: [1000000000000] has 1000000000000 elements, more than 2³²"],
    [() => linspace(0, 1, 1e12), ShapeError, "linspace: [1000000000000] has 1000000000000 elements, more than 2³²"],
    [() => linspace(0, 1, 2.5), OptionError, "linspace: count must be a whole number ≥ 0, got 2.5"],
    [() => eye(-1), ShapeError, "eye: axis 0 of the shape must be a whole number ≥ 0, got -1"],
  ])("%s is refused", (run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});

describe("reading", () => {
  test("item wants one element", () => {
    expect(tensor([[5]]).item()).toBe(5);
    expect(() => tensor([1, 2]).item()).toThrow("item: [2] has 2 elements, not one: use toArray() or toTypedArray()");
    expect(() => zeros([0]).item()).toThrow(ShapeError);
  });

  test("typed arrays are of the dtype, flat, in row-major order", () => {
    expect(
      tensor([
        [1, 2],
        [3, 4],
      ])
        .transpose()
        .toTypedArray(),
    ).toEqual(new Float32Array([1, 3, 2, 4]));
    expect(tensor([true]).toTypedArray()).toEqual(new Uint8Array([1]));
    expect(tensor([1], { dtype: "int32" }).toTypedArray()).toEqual(new Int32Array([1]));
  });

  test("errors are of one family, with their names", () => {
    const one: Tensor = tensor([1]);
    try {
      one.reshape([2]);
    } catch (error) {
      expect(error).toBeInstanceOf(GradusError);
      expect(String(error)).toBe("ShapeError: reshape [1] to [2]: 1 values do not fill 2");
    }
  });
});

test("copy: false takes an array over where it has the dtype already, and copies where it has not", () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const taken = tensor(values, { shape: [2, 2], copy: false });
  const copied = tensor(values, { shape: [2, 2] });
  const converted = tensor(values, { dtype: "float64", copy: false });
  values[0] = 9;
  expect([taken, copied, converted].map((x) => x.toTypedArray()[0])).toEqual([9, 1, 1]);
});
