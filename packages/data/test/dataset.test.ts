import { DataError, OptionError, ShapeError, tensor } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { ArrayDataset, type Batch, Column, type ColumnData, Dataset, fromArrays, parseIdx } from "../src/index.ts";
import { idxFile } from "./files.ts";

const counting = (length: number): ArrayDataset =>
  fromArrays({
    inputs: Float32Array.from({ length }, (_, index) => index),
    targets: Int32Array.from({ length }, (_, i) => i),
  });

const rows = (dataset: Dataset): unknown =>
  dataset.batch(Int32Array.from({ length: dataset.length }, (_, index) => index)).targets.toArray();

describe("a batch", () => {
  test("has pixels from 0 to 1 as float32, correctly rounded, and labels as int32", () => {
    const pixels = Uint8Array.from({ length: 256 }, (_, index) => index);
    const dataset = fromArrays({ inputs: pixels, targets: pixels, scale: 1 / 255 });
    const { inputs, targets } = dataset.batch(pixels);
    expect(inputs.dtype).toBe("float32");
    expect(targets.dtype).toBe("int32");
    expect(inputs.toTypedArray()).toEqual(Float32Array.from(pixels, (pixel) => pixel / 255));
    expect(targets.toTypedArray()).toEqual(Int32Array.from(pixels));
  });

  // Widths that are and are not whole words, at aligned and odd places, with and without a background that is not zero.
  test.each([1, 3, 4, 8, 13, 784])("is value · scale + offset for every type of array, rows of %d", (width) => {
    const arrays = [
      Uint8Array,
      Uint8ClampedArray,
      Int8Array,
      Uint16Array,
      Int16Array,
      Uint32Array,
      Int32Array,
      Float32Array,
      Float64Array,
    ] as const;
    for (const kind of arrays) {
      for (const [scale, offset] of [
        [1, 0],
        [1 / 255, 0],
        [2, -1],
      ] as const) {
        for (const skipped of [0, 1]) {
          // Runs of four zeros between runs of four other values.
          const values = Array.from({ length: skipped + 7 * width }, (_, index) => ((index * 37) % 128) & -(index & 4));
          const data: ColumnData = kind.from(values).subarray(skipped);
          const column = new Column(data, { shape: [width], length: 7, scale, offset, dtype: "float32" });
          const expected = [6, 0, 3, 3].flatMap((row) =>
            Array.from(data.subarray(row * width, (row + 1) * width), (value: number) =>
              Math.fround(value * scale + offset),
            ),
          );
          const batch = column.batch([6, 0, 3, 3]);
          expect(batch.shape).toEqual([4, width]);
          expect(Array.from(batch.toTypedArray())).toEqual(expected);
        }
      }
    }
  });

  test("keeps the dtype of what is not scaled", () => {
    const dtypeOf = (data: ColumnData): string => new Column(data, { shape: [] }).batch([0]).dtype;
    expect(dtypeOf(Uint8Array.of(1))).toBe("uint8");
    expect(dtypeOf(Int8Array.of(1))).toBe("int32");
    expect(dtypeOf(Uint16Array.of(1))).toBe("int32");
    expect(dtypeOf(Float64Array.of(1))).toBe("float64");
    expect(new Column(Float64Array.of(3), { shape: [], scale: 0.5 }).batch([0]).toTypedArray()).toEqual(
      Float64Array.of(1.5),
    );
    expect(new Column(Uint8Array.of(1), { shape: [], dtype: "bool" }).batch([0]).dtype).toBe("bool");
  });

  test("has samples of any shape, also one and none", () => {
    const column = new Column(
      Uint8Array.from({ length: 24 }, (_, index) => index),
      { shape: [3, 2, 2] },
    );
    expect(column.shape).toEqual([3, 2, 2]);
    expect(column.batch([1]).shape).toEqual([1, 3, 2, 2]);
    expect(column.batch([]).shape).toEqual([0, 3, 2, 2]);
    expect(new Column(new Float32Array(0), { shape: [0], length: 5 }).batch([4, 4]).shape).toEqual([2, 0]);
  });

  test("is a fresh array: later changes of the data or of another batch do not reach it", () => {
    const data = Float32Array.of(1, 2, 3);
    const column = new Column(data, { shape: [] });
    const batch = column.batch([0, 1]);
    data[0] = 9;
    expect(batch.toTypedArray()).toEqual(Float32Array.of(1, 2));
    expect(column.batch([0]).toTypedArray()).toEqual(Float32Array.of(9));
  });

  test.each([[3], [-1], [0.5], [Number.NaN]])("refuses the index %d, with its place", (index) => {
    const message = `batch: index ${index} at place 1 is out of range: the valid range is 0 to 2`;
    expect(() => counting(3).batch([0, index])).toThrow(new DataError(message));
    expect(() => counting(3).select([0, index])).toThrow(DataError);
  });
});

describe("fromArrays", () => {
  test("takes lists, tensors, typed arrays and what parseIdx returns", () => {
    const idx = parseIdx(idxFile("uint8", [2, 2], [0, 255, 51, 0]));
    const sources = [
      [
        [0, 255],
        [51, 0],
      ],
      tensor([
        [0, 255],
        [51, 0],
      ]),
      idx,
    ];
    for (const inputs of sources) {
      const dataset = fromArrays({ inputs, targets: [1, 0], scale: 1 / 255 });
      expect(dataset.batch([1, 0]).inputs.toTypedArray()).toEqual(Float32Array.of(51 / 255, 0, 0, 1));
      expect(dataset.batch([1, 0]).targets.toArray()).toEqual([0, 1]);
    }
  });

  test("takes whole numbers, one per sample, as labels and leaves other targets as they are", () => {
    const dtypeOf = (targets: Parameters<typeof fromArrays>[0]["targets"]): string =>
      fromArrays({ inputs: [[1], [2]], targets }).batch([0]).targets.dtype;
    expect(dtypeOf([1, 2])).toBe("int32");
    expect(dtypeOf(Uint8Array.of(1, 2))).toBe("int32");
    expect(dtypeOf(tensor([1, 2], { dtype: "int32" }))).toBe("int32");
    expect(dtypeOf([1, 2.5])).toBe("float32");
    expect(dtypeOf([[1], [2]])).toBe("float32");
    expect(dtypeOf(Float32Array.of(1, 2))).toBe("float32");
    expect(dtypeOf(tensor([1, 2], { dtype: "float64" }))).toBe("float64");
  });

  test("gives the samples another shape", () => {
    const idx = parseIdx(idxFile("uint8", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]));
    expect(fromArrays({ inputs: idx, targets: [0, 1], shape: [4] }).batch([0]).inputs.shape).toEqual([1, 4]);
    expect(() => fromArrays({ inputs: idx, targets: [0, 1], shape: [5] })).toThrow(ShapeError);
  });

  test("refuses counts that differ, ragged lists, and labels that int32 cannot hold", () => {
    expect(() => fromArrays({ inputs: [[1], [2]], targets: [1] })).toThrow(
      new DataError("ArrayDataset: 2 inputs but 1 targets: every sample needs one of each"),
    );
    expect(() => fromArrays({ inputs: [[1], [2, 3]], targets: [0, 1] })).toThrow(/ragged/);
    expect(() => fromArrays({ inputs: [1, 2], targets: Uint32Array.of(1, 2 ** 31) })).toThrow(
      new DataError(
        `Column: 2147483648 in row 1 is no whole number from -2147483648 to 2147483647, as dtype "int32" needs`,
      ),
    );
  });

  test("refuses options that it does not have, and what holds no numbers", () => {
    const call = (options: object) => () => Reflect.apply(fromArrays, null, [options]);
    expect(call({ inputs: [1], targets: [1], scal: 2 })).toThrow('fromArrays: unknown option "scal"');
    expect(call({ inputs: [1] })).toThrow("fromArrays: targets must be a tensor, a typed array, nested lists");
    const both = [tensor([1]), tensor([1])];
    expect(() => Reflect.construct(ArrayDataset, both)).toThrow(OptionError);
    expect(() => Reflect.construct(ArrayDataset, both)).toThrow(
      "ArrayDataset: inputs must be a Column; fromArrays makes them of tensors and lists, got Tensor",
    );
  });

  test("refuses a scale or offset that is not finite, and integers that are scaled", () => {
    const inputs = Uint8Array.of(1);
    expect(() => fromArrays({ inputs, targets: [1], scale: Number.NaN })).toThrow(
      /scale must be a finite number, got NaN/,
    );
    expect(() => new Column(inputs, { shape: [], offset: Number.POSITIVE_INFINITY })).toThrow(OptionError);
    expect(() => new Column(inputs, { shape: [], scale: 2, dtype: "int32" })).toThrow(OptionError);
    expect(() => new Column(Float32Array.of(0.5), { shape: [], dtype: "int32" })).toThrow(/0.5 in row 0/);
    expect(() => new Column(Uint8Array.of(2), { shape: [], dtype: "bool" })).toThrow(/2 in row 0/);
  });
});

describe("parts of a dataset", () => {
  /** The same samples without memory of their own: what `Dataset` gives to every subclass. */
  class Counting extends Dataset {
    readonly length = 10;
    batch(indices: ArrayLike<number>): Batch {
      return counting(10).batch(indices);
    }
  }

  test.each([
    ["ArrayDataset", counting(10)],
    ["a dataset of one's own", new Counting()],
  ])("%s", (_, dataset) => {
    expect(rows(dataset.slice(2, 5))).toEqual([2, 3, 4]);
    expect(rows(dataset.slice(-3))).toEqual([7, 8, 9]);
    expect(rows(dataset.slice(-3, -1))).toEqual([7, 8]);
    expect(rows(dataset.slice(2, 8).slice(1, 3))).toEqual([3, 4]);
    expect(rows(dataset.slice(4, 4))).toEqual([]);
    expect(rows(dataset.take(2))).toEqual([0, 1]);
    expect(rows(dataset.select([9, 0, 9]))).toEqual([9, 0, 9]);
    expect(rows(dataset.select([9, 0, 5]).slice(1))).toEqual([0, 5]);
    expect(() => dataset.slice(2, 5).batch([3])).toThrow(
      /index 3 at place 0 is out of range: the valid range is 0 to 2/,
    );
    expect(() => dataset.slice(0, 0).batch([0])).toThrow(/there are no samples/);
  });

  test("share the memory of the whole", () => {
    const whole = counting(10);
    expect(whole.slice(2, 5).inputs.data.buffer).toBe(whole.inputs.data.buffer);
  });

  test.each([
    [11, 11, /start must be a whole number from -10 to 10, got 11/],
    [0, 10.5, /end must be a whole number from -10 to 10, got 10.5/],
    [5, 4, /end must not stand before start, got start 5 and end 4/],
  ])("refuses slice(%d, %d)", (start, end, message) => {
    expect(() => counting(10).slice(start, end)).toThrow(message);
    expect(() => counting(10).slice(start, end)).toThrow(OptionError);
  });

  test.each([[11], [-1], [1.5], [Number.NaN]])("refuses take(%d)", (count) => {
    expect(() => counting(10).take(count)).toThrow(OptionError);
    expect(() => counting(10).take(count)).toThrow(
      `take: count must be a whole number from 0 to 10, the length, got ${count}`,
    );
  });
});

describe("split", () => {
  test("takes the last samples, as many as Keras does", () => {
    const [training, validation] = counting(10).split(0.2);
    expect(rows(training)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rows(validation)).toEqual([8, 9]);
    expect(
      counting(7)
        .split(0.5)
        .map((part) => part.length),
    ).toEqual([3, 4]);
    expect(
      counting(10)
        .split(0)
        .map((part) => part.length),
    ).toEqual([10, 0]);
  });

  test("loses no sample to rounding", () => {
    for (let length = 1; length <= 60; length++) {
      for (let part = 0; part < length; part++) {
        const [first, last] = counting(length).split(part / length);
        expect([first.length, last.length]).toEqual([length - part, part]);
      }
    }
  });

  test.each([[1], [1.5], [-0.1], [Number.NaN]])("refuses a fraction of %d", (fraction) => {
    expect(() => counting(10).split(fraction)).toThrow(
      new OptionError(`split: fraction must be a number in [0, 1), got ${fraction}`),
    );
  });

  test("refuses to leave nothing to train with", () => {
    expect(() => counting(1).split(0.5)).toThrow(
      new DataError("split: a fraction of 0.5 of 1 samples leaves none in the first part"),
    );
  });
});
