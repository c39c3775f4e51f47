// Running sums and products: their definition, gradients of any order with zeros among the factors, integers, NaN and nothing.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  cumProd,
  cumSum,
  type DType,
  full,
  grad,
  gradcheck,
  OptionError,
  prod,
  type ScanOptions,
  ShapeError,
  type Tensor,
  tensor,
  Variable,
  vjp,
  zeros,
} from "../../src/index.ts";
import { firstDifference, flat, identical, scattered } from "./reference.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const cube = (seed = 1): Tensor => tensor(Float64Array.from(scattered(24, 2, seed)), { shape: [2, 3, 4] });
const line = (values: readonly number[], dtype: DType = "float64"): Tensor => tensor([...values], { dtype });

const scans = [
  { name: "cumSum", scan: cumSum, start: 0, fold: (a: number, b: number) => a + b },
  { name: "cumProd", scan: cumProd, start: 1, fold: (a: number, b: number) => a * b },
] as const;
const ways: readonly ScanOptions[] = [
  {},
  { exclusive: true },
  { reverse: true },
  { exclusive: true, reverse: true },
  { exclusive: false, reverse: false },
];

describe.each(scans)("$name", ({ name, scan, start, fold }) => {
  /** By its definition: each total from scratch. */
  const byHand = (values: readonly number[], { exclusive = false, reverse = false }: ScanOptions): number[] =>
    values.map((_, at) =>
      values
        .filter((__, other) => (reverse ? other > at : other < at) || (!exclusive && other === at))
        .reduce(fold, start),
    );

  test.each(ways)("with %j folds all elements up to each", (way) => {
    const values = scattered(7, 2, 3);
    expect(firstDifference(flat(scan(line(values), 0, way)), byHand(values, way), 1e-14)).toBeNull();
    const x = cube();
    for (const axis of [0, 1, 2, -1, -3]) {
      const place = (axis + 3) % 3;
      const found = scan(x, axis, way);
      expect(found.shape).toEqual(x.shape);
      // The line through the second element of the other axes.
      const through = [0, 1, 2].map((other) => (other === place ? null : 1));
      expect(firstDifference(flat(found.slice(...through)), byHand(flat(x.slice(...through)), way), 1e-14)).toBeNull();
    }
  });

  test.each(ways)("with %j differentiates to the second order, zeros included", (way) => {
    for (const axis of [0, 1, -1]) gradcheck((x) => scan(x, axis, way), [cube(2)], { order: 2 });
    for (const values of [
      [2, 0, 3, -1],
      [0, 0, 1.5, 2],
      [1, 0, 0, 0],
      [-2, 1, 3, 0],
    ])
      gradcheck((x) => scan(x, 0, way), [line(values)], { order: 2 });
    gradcheck((x) => scan(x.sin(), 1, way).square(), [cube(3)], { order: 2 });
  });

  test("takes views, scalars and nothing", () => {
    const view = cube().permute([2, 0, 1]);
    for (const way of ways) expect(identical(scan(view, 1, way), scan(view.clone(), 1, way))).toBe(true);
    expect(scan(tensor(5), -1).toArray()).toBe(5);
    expect(scan(tensor(5), 0, { exclusive: true }).toArray()).toBe(start);
    for (const shape of [[0], [0, 3], [3, 0]]) {
      for (const axis of shape.keys()) {
        const { value, pullback } = vjp((x) => scan(x, axis), zeros(shape));
        expect([value.shape, pullback(value)[0]?.shape]).toEqual([shape, shape]);
      }
    }
    gradcheck((x) => scan(x, 0), [tensor(1.5)], { order: 2 });
  });

  test("is the same compiled", () => {
    const x = line([1, -2, 0, 3, 0.5], "float32");
    for (const way of ways) {
      const both = (given: Tensor): Tensor[] => {
        const { value, pullback } = vjp((moved) => scan(moved, 0, way), given);
        return [value, ...pullback(value)];
      };
      const program = compile(both);
      const eager = both(x);
      for (const [index, found] of program(x).entries()) {
        expect(firstDifference(flat(found), flat(eager[index] ?? x), 1e-6)).toBeNull();
      }
    }
  });

  test("bytes and booleans are counted as integers", () => {
    expect(scan(tensor([true, true]), 0).dtype).toBe("int32");
    expect(scan(tensor(new Uint8Array([200, 100])), 0).toArray()).toEqual([200, fold(200, 100)]);
  });

  test("refuses axes and options that are not there", () => {
    expect(() => scan(cube(), 3)).toThrow(ShapeError);
    expect(() => scan(cube(), 3)).toThrow(`${name}: axis 3 is out of range for rank 3: the valid range is -3 to 2`);
    expect(() => Reflect.apply(scan, null, [cube(), 0, { reversed: true }])).toThrow(OptionError);
  });
});

test("a running sum needs no old values: its Variable may be assigned before backward", () => {
  const w = new Variable(tensor([1, 2, 3]));
  const loss = cumSum(w, 0).sum();
  w.assign(zeros([3]));
  loss.backward();
  expect(w.grad?.toArray()).toEqual([3, 2, 1]);
});

describe("special values", () => {
  test.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ["NaN stays", (x) => cumSum(x, 0), [1, nan, 2], [1, nan, nan]],
    ["∞ − ∞", (x) => cumSum(x, 0), [1, inf, -inf, 0], [1, inf, nan, nan]],
    ["NaN in a product", (x) => cumProd(x, 0), [2, nan, 0], [2, nan, nan]],
    ["0 · ∞", (x) => cumProd(x, 0), [0, 2, inf], [0, 0, nan]],
  ])("%s", (_, f, values, expected) => {
    for (const dtype of ["float32", "float64"] as const) {
      expect(flat(f(line(values, dtype)))).toEqual(expected);
      expect(flat(compile(f)(line(values, dtype)))).toEqual(expected);
    }
  });

  test("int32 wraps at 2³¹", () => {
    const big = 2 ** 31 - 1;
    expect(flat(cumSum(line([big, 1, -1], "int32"), 0))).toEqual([big, -(2 ** 31), big]);
    expect(flat(cumProd(line([65537, 65537, 3], "int32"), 0))).toEqual([65537, 131073, 393219]);
  });

  test("long sums of float32 keep their digits", () => {
    const sums = cumSum(full([2_000_000], 0.1), 0);
    const last = sums.slice(-1).item();
    expect(Math.abs(last - Math.fround(0.1) * 2_000_000)).toBeLessThan(0.01);
  });
});

describe("products of many orders", () => {
  /** ∂³f/∂x₀∂x₁ with respect to all: one derivative after the other. */
  const third = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => {
    const first = (x: Tensor): Tensor => grad(f)(x).slice(0);
    const second = (x: Tensor): Tensor => grad(first)(x).slice(1);
    return (x) => grad(second)(x);
  };

  test.each([
    [
      [2, 0, 3, 5],
      [0, 0, 5, 3],
    ],
    [
      [0, 0, 0, 7],
      [0, 0, 7, 0],
    ],
    [
      [1, 2, 0, 0],
      [0, 0, 0, 0],
    ],
  ])("the third derivative of the product of %j is exact", (values, expected) => {
    expect(flat(third((x) => prod(x))(line(values)))).toEqual(expected);
    expect(flat(third((x) => cumProd(x, 0).slice(-1))(line(values)))).toEqual(expected);
    expect(flat(compile(third((x) => prod(x)))(line(values)))).toEqual(expected);
  });

  test("prod differentiates twice where factors are 0", () => {
    const x = tensor(Float64Array.from([2, 0, 3, 0, 0, 1, 4, 5]), { shape: [2, 2, 2] });
    for (const axes of [undefined, 0, 1, [0, 2], []] as const) gradcheck((a) => prod(a, axes), [x], { order: 2 });
  });

  test("the gradient of prod knows no overflow on the way", () => {
    const gradient = grad((x: Tensor) => prod(x))(line([1e30, 1e30, 2, 1e-30, 1e-30], "float32"));
    expect(gradient.slice(2).item()).toBeCloseTo(1, 5);
  });
});
