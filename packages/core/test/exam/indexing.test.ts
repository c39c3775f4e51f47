// Reading and adding at indices: the definitions, gradients, and errors that name the value, its place and the range.

import { describe, expect, test } from "vitest";
import {
  DataError,
  DTypeError,
  gather,
  gradcheck,
  OptionError,
  oneHot,
  ShapeError,
  scatterAdd,
  type Tensor,
  takeAlongAxis,
  tensor,
  vjp,
  zeros,
} from "../../src/index.ts";
import { flat, identical, scattered } from "./reference.ts";

const indices = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
const cube = (): Tensor => tensor(Float64Array.from(scattered(24)), { shape: [2, 3, 4] });
const at = (x: Tensor, ...place: number[]): number => x.slice(...place).item();

describe("gather", () => {
  test.each([0, 1, 2, -1])("along axis %d reads whole slices", (axis) => {
    const x = cube();
    const place = (axis + 3) % 3;
    const found = gather(
      x,
      indices([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
      axis,
    );
    const shape: readonly number[] = x.shape;
    expect(found.shape).toEqual([...shape.slice(0, place), 3, 2, ...shape.slice(place + 1)]);
    const ranges = [null, null, null].map((_, index) => (index === place ? 1 : null));
    const rest = [0, 0];
    const before = Array.from({ length: place }, () => null);
    expect(flat(found.slice(...before, 0, 0))).toEqual(flat(x.slice(...ranges)));
    expect(flat(found.slice(...before, 2, ...rest.slice(0, 1)))).toEqual(flat(x.slice(...ranges)));
  });

  test("reads views, any dtype, no indices, uint8 indices", () => {
    const x = cube().permute([2, 0, 1]);
    expect(flat(gather(x, indices([3]), 0))).toEqual(flat(x.slice(3)));
    expect(gather(tensor([1, 2], { dtype: "uint8" }), indices([1])).dtype).toBe("uint8");
    expect(gather(x, indices([]), 1).shape).toEqual([4, 0, 3]);
    expect(gather(tensor([5, 6, 7]), tensor(new Uint8Array([2, 1]))).toArray()).toEqual([7, 6]);
    expect(gather(tensor([5, 6, 7]), tensor(1, { dtype: "int32" })).toArray()).toBe(6);
  });

  test.each([0, 1, 2])("gradients along axis %d add up where an index repeats", (axis) => {
    gradcheck((x) => gather(x, indices([1, 0, 1]), axis), [cube()], { order: 2 });
    gradcheck((x) => gather(x.sin(), indices([1, 0, 1]), axis).square(), [cube()], { order: 2 });
    const ones = vjp((x) => gather(x, indices([1, 1])), zeros([3]));
    expect(flat(ones.pullback(tensor([10, 1]))[0] ?? zeros([1]))).toEqual([0, 11, 0]);
  });
});

describe("scatterAdd", () => {
  test.each([0, 1, -1])("along axis %d is the adjoint of gather", (axis) => {
    // ⟨gather x, u⟩ = ⟨x, scatterAdd u⟩ for every x and u
    const x = cube();
    const places = indices([1, 0, 1]);
    const read = gather(x, places, axis);
    const u = tensor(Float64Array.from(scattered(read.size, 1, 8)), { shape: read.shape });
    const left = read.mul(u).sum().item();
    const right = x
      .mul(scatterAdd(u, places, x.shape, axis))
      .sum()
      .item();
    expect(left).toBeCloseTo(right, 12);
  });

  test("adds in turn, and differentiates", () => {
    expect(scatterAdd(tensor([1, 2, 3]), indices([2, 0, 2]), [4]).toArray()).toEqual([2, 0, 4, 0]);
    gradcheck((u) => scatterAdd(u, indices([2, 0, 2]), [3, 2]).sin(), [cube().slice(0, null, [0, 2])], { order: 2 });
  });

  test.each<[() => unknown, string]>([
    [
      () => scatterAdd(tensor([1, 2]), indices([0]), [3]),
      "scatterAdd: the updates are [2], the indices and the target want [1]",
    ],
    [
      () => scatterAdd(tensor([1]), indices([0]), [-3]),
      "scatterAdd: axis 0 of the shape must be a whole number ≥ 0, got -3",
    ],
  ])("%s is refused", (run, message) => {
    expect(run).toThrow(ShapeError);
    expect(run).toThrow(message);
  });
});

describe("takeAlongAxis", () => {
  test.each([0, 1, 2, -1])("along axis %d reads one element for each index", (axis) => {
    const x = cube();
    const place = (axis + 3) % 3;
    const shape = x.shape.map((size: number, index: number) => (index === place ? 2 : size));
    const size = shape.reduce((a: number, b: number) => a * b, 1);
    const chosen = tensor(
      scattered(size, 1, 3).map((value) => (value > 0 ? 1 : 0)),
      { dtype: "int32", shape },
    );
    const found = takeAlongAxis(x, chosen, axis);
    for (const [i, j, k] of [
      [0, 0, 0],
      [1, 1, 1],
      [0, 1, 1],
      [1, 0, 0],
    ] as const) {
      const read = [i, j, k].map((index, other) => (other === place ? at(chosen, i, j, k) : index));
      expect(at(found, i, j, k)).toBe(at(x, ...read));
    }
    gradcheck((values) => takeAlongAxis(values.sin(), chosen, axis).square(), [x], { order: 2 });
  });

  test.each<[Tensor, number, string]>([
    [indices([0, 1]), 0, "takeAlongAxis [2,3] at [2]: the ranks differ"],
    [indices([[0], [1], [0]]), 1, "takeAlongAxis [2,3] at [3,1]: axis 0: 2 and 3 differ"],
    [indices([[0, 0, 0]]), 2, "axis 2 is out of range for rank 2"],
  ])("refuses what does not fit", (places, axis, message) => {
    expect(() => takeAlongAxis(zeros([2, 3]), places, axis)).toThrow(ShapeError);
    expect(() => takeAlongAxis(zeros([2, 3]), places, axis)).toThrow(message);
  });
});

describe("oneHot", () => {
  test("has a 1 at each index", () => {
    expect(oneHot(indices([[2, 0]]), 3).toArray()).toEqual([
      [
        [0, 0, 1],
        [1, 0, 0],
      ],
    ]);
    expect(oneHot(indices([]), 3).shape).toEqual([0, 3]);
    expect(oneHot(tensor(new Uint8Array([1])), 2).dtype).toBe("float32");
  });

  test("puts its axis and its values where they are wanted", () => {
    const labels = indices([[2, 0], [1, 1]]); // biome-ignore format: a row
    expect(oneHot(labels, 3, { axis: 1, values: [-1, 5] }).toArray()).toEqual([
      [
        [-1, 5],
        [-1, -1],
        [5, -1],
      ],
      [
        [-1, -1],
        [5, 5],
        [-1, -1],
      ],
    ]);
    expect(identical(oneHot(labels, 3, { axis: 0 }), oneHot(labels, 3).permute([2, 0, 1]).clone())).toBe(true);
    expect(oneHot(indices(1), 2, { dtype: "int32" }).dtype).toBe("int32");
    expect(() => oneHot(labels, 3, { axis: 3 })).toThrow(/oneHot: axis 3 is out of range for rank 3/);
  });

  test.each([-1, 2.5, Number.NaN])("refuses %d classes", (classes) => {
    expect(() => oneHot(indices([0]), classes)).toThrow(OptionError);
    expect(() => oneHot(indices([0]), classes)).toThrow(`oneHot: classes must be a whole number ≥ 0, got ${classes}`);
  });
});

describe("indices", () => {
  const x = zeros([3, 2]);
  test.each<[string, () => unknown, string]>([
    ["too great", () => gather(x, indices([0, 2, 3])), "gather: index 3 at place 2 is out of range: -3 to 2"],
    ["too negative", () => gather(x, indices([0, -3]), 1), "gather: index -3 at place 1 is out of range: -2 to 1"],
    [
      "into nothing",
      () => gather(zeros([0]), indices([0])),
      "gather: index 0 at place 0 is out of range: the axis is empty",
    ],
    [
      "of an element",
      () => takeAlongAxis(x, indices([[2], [0], [0]]), 1),
      "takeAlongAxis: index 2 at place 0 is out of range: -2 to 1",
    ],
    [
      "of a target",
      () => scatterAdd(zeros([2]), indices([0, 7]), [3]),
      "scatterAdd: index 7 at place 1 is out of range: -3 to 2",
    ],
    ["of a class", () => oneHot(indices([4]), 3), "oneHot: index 4 at place 0 is out of range: 0 to 2"],
  ])("%s are errors with value, place and range", (_, run, message) => {
    expect(run).toThrow(DataError);
    expect(run).toThrow(message);
  });

  test.each(["float32", "float64", "bool"] as const)("of %s are refused", (dtype) => {
    const places = tensor([1], { dtype });
    for (const run of [
      () => gather(x, places),
      () => scatterAdd(zeros([1]), places, [2]),
      () => takeAlongAxis(zeros([1]), places, 0),
      () => oneHot(places, 2),
    ]) {
      expect(run).toThrow(DTypeError);
      expect(run).toThrow(`indices must be int32 or uint8, got ${dtype}`);
    }
  });
});
