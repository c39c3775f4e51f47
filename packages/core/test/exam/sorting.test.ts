// Order along an axis: every list sorted as JavaScript sorts it, stable, NaN as the greatest, gradients back to where values stood.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  argSort,
  type DType,
  gradcheck,
  OptionError,
  ShapeError,
  sort,
  type Tensor,
  takeAlongAxis,
  tensor,
  topK,
  vjp,
  zeros,
} from "../../src/index.ts";
import { flat, identical, scattered } from "./reference.ts";

/** Zeros of a shape that the compiler does not know: it would refuse what is to be refused at run time. */
const blank = (shape: readonly number[]): Tensor => zeros(shape);

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const cube = (seed = 1): Tensor => tensor(Float64Array.from(scattered(24, 2, seed)), { shape: [2, 3, 4] });

/** The places of a list in order, by a stable sort with NaN above everything. */
function placesInOrder(values: readonly number[], descending: boolean): number[] {
  const compare = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a < b ? -1 : a > b ? 1 : 0;
  return values
    .map((value, place) => ({ value, place }))
    .sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)))
    .map(({ place }) => place);
}

const element = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(nan, inf, -inf, -0, 0), fc.double());

describe("sort and argSort", () => {
  test("are a stable sort of every list", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 40 }), fc.boolean(), (values, descending) => {
        const x = tensor(Float64Array.from(values));
        const order = placesInOrder(values, descending);
        const { values: found, indices } = sort(x, { descending });
        expect(flat(indices)).toEqual(order);
        expect(flat(argSort(x, { descending }))).toEqual(order);
        expect(flat(found)).toEqual(order.map((place) => values[place]));
      }),
    );
  });

  test.each([0, 1, 2, -1, -2])("go along axis %d of any layout", (axis) => {
    for (const x of [cube(), cube().permute([1, 2, 0]), cube().slice(null, [null, null, -1]), cube().mul(2).round()]) {
      const { values, indices } = sort(x, { axis });
      expect(indices.dtype).toBe("int32");
      expect([values.shape, indices.shape]).toEqual([x.shape, x.shape]);
      expect(identical(takeAlongAxis(x, indices, axis), values)).toBe(true);
      const place = (axis + 3) % 3;
      const through = [0, 1, 2].map((other) => (other === place ? null : 1));
      expect(flat(indices.slice(...through))).toEqual(placesInOrder(flat(x.slice(...through)), false));
    }
  });

  test("by default along the last axis, in ascending order", () => {
    const x = tensor([
      [3, 1, 2],
      [0, -1, 0],
    ]);
    expect(sort(x).values.toArray()).toEqual([
      [1, 2, 3],
      [-1, 0, 0],
    ]);
    expect(argSort(x, { axis: 0, descending: true }).toArray()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });

  test.each<[DType, number[], number[]]>([
    ["int32", [2 ** 31 - 1, -(2 ** 31), 0], [1, 2, 0]],
    ["uint8", [200, 3, 255], [1, 0, 2]],
    ["bool", [1, 0, 1], [1, 0, 2]],
  ])("take %s", (dtype, values, order) => {
    const { values: found, indices } = sort(tensor(values, { dtype }));
    expect(found.dtype).toBe(dtype);
    expect(flat(indices)).toEqual(order);
    expect(flat(argSort(tensor(values, { dtype }), { descending: true })).at(-1)).toBe(order[0]);
  });

  test("gradients go back to where the values stood", () => {
    for (const axis of [0, 1, -1]) {
      gradcheck((x) => sort(x.sin(), { axis }).values.square(), [cube()], { order: 2 });
      gradcheck((x) => sort(x, { axis, descending: true }).values, [cube(3)], { order: 2 });
    }
    const { pullback } = vjp((x) => sort(x).values, tensor([5, nan, 5, 1]));
    expect(flat(pullback(tensor([1, 2, 3, 4]))[0] ?? zeros([4]))).toEqual([2, 4, 3, 1]);
    expect(sort(cube()).indices.requiresGrad).toBe(false);
  });

  test("of a scalar and of nothing", () => {
    expect(sort(tensor(7)).values.toArray()).toBe(7);
    expect(argSort(tensor(7), { axis: 0 }).toArray()).toBe(0);
    for (const shape of [[0], [2, 0], [0, 2]]) {
      const { value, pullback } = vjp((x) => sort(x).values, zeros(shape));
      expect([value.shape, pullback(value)[0]?.shape]).toEqual([shape, shape]);
    }
  });
});

describe("topK", () => {
  test("is the beginning of a sort", () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 20 }), fc.boolean(), fc.nat(), (values, largest, n) => {
        const x = tensor(Float64Array.from(values));
        const k = n % (values.length + 1);
        const order = placesInOrder(values, largest).slice(0, k);
        const found = topK(x, k, { largest });
        expect(flat(found.indices)).toEqual(order);
        expect(flat(found.values)).toEqual(order.map((place) => values[place]));
      }),
    );
  });

  test.each([0, 1, -1])("along axis %d, with gradients to those chosen", (axis) => {
    const size = cube().shape.at(axis) ?? 0;
    for (const largest of [true, false]) {
      const found = topK(cube(), size - 1, { axis, largest });
      expect(found.values.shape[(axis + 3) % 3]).toBe(size - 1);
      expect(identical(takeAlongAxis(cube(), found.indices, axis), found.values)).toBe(true);
      gradcheck((x) => topK(x.sin(), size - 1, { axis, largest }).values.square(), [cube(5)], { order: 2 });
    }
    expect(flat(vjp((x) => topK(x, 1).values, tensor([2, 2, 1])).pullback(tensor([3]))[0] ?? tensor([]))).toEqual([
      3, 0, 0,
    ]);
  });

  test("of a scalar and of nothing", () => {
    expect(topK(tensor(7), 1).values.toArray()).toBe(7);
    expect(topK(zeros([0, 3]), 2).values.shape).toEqual([0, 2]);
    expect(topK(zeros([3, 0]), 0).indices.shape).toEqual([3, 0]);
  });

  test.each([-1, 4, 1.5, nan])("refuses k = %d", (k) => {
    expect(() => topK(zeros([2, 3]), k)).toThrow(OptionError);
    expect(() => topK(zeros([2, 3]), k)).toThrow(`topK: k must be a whole number from 0 to 3, got ${k}`);
  });
});

test("compiled, all give the same", () => {
  const f = (x: Tensor): Tensor[] => {
    const top = topK(x, 2, { axis: 1, largest: false });
    const { value, pullback } = vjp((moved) => sort(moved, { axis: 0 }).values.exp(), x);
    return [value, ...pullback(value), top.values, top.indices, argSort(x, { descending: true })];
  };
  const x = tensor(scattered(24, 2, 9), { shape: [2, 3, 4] });
  const eager = f(x);
  const program = compile(f);
  for (let call = 0; call < 2; call++) {
    for (const [index, found] of program(x).entries()) {
      expect([found.dtype, found.shape]).toEqual([eager[index]?.dtype, eager[index]?.shape]);
      expect(flat(found)).toEqual(flat(eager[index] ?? x).map((value) => expect.closeTo(value, 5)));
    }
  }
});

test.each<[() => unknown, string]>([
  [() => sort(zeros([2]), { axis: 1 }), "sort: axis 1 is out of range for rank 1: the valid range is -1 to 0"],
  [() => argSort(zeros([2]), { axis: -2 }), "argSort: axis -2 is out of range for rank 1: the valid range is -1 to 0"],
  [() => topK(blank([2]), 1, { axis: 5 }), "topK: axis 5 is out of range for rank 1: the valid range is -1 to 0"],
])("an axis that is not there is refused", (run, message) => {
  expect(run).toThrow(ShapeError);
  expect(run).toThrow(message);
});

test("an unknown option is refused", () => {
  expect(() => Reflect.apply(sort, null, [zeros([2]), { ascending: true }])).toThrow(
    'sort: unknown option "ascending": the options are axis, descending',
  );
  expect(() => Reflect.apply(topK, null, [zeros([2]), 1, { sorted: false }])).toThrow(OptionError);
});
