// Single elements along an axis, and tables of embeddings: negative indices, broadcasting, duplicates, gradients, errors.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  addAlongAxis,
  DataError,
  DTypeError,
  embedding,
  full,
  gather,
  gradcheck,
  OptionError,
  oneHot,
  putAlongAxis,
  ShapeError,
  scatterAdd,
  type Tensor,
  takeAlongAxis,
  tensor,
  Variable,
  vjp,
  zeros,
} from "../../src/index.ts";
import { flat, identical, scattered } from "./reference.ts";

const indices = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "int32" });
const matrix = (rows: number, columns: number, seed = 1): Tensor =>
  tensor(Float64Array.from(scattered(rows * columns, 2, seed)), { shape: [rows, columns] });

describe("negative indices count from the end", () => {
  const x = matrix(3, 4);
  const [negative, positive] = [indices([-1, 0, -3]), indices([2, 0, 0])];

  test.each<[string, (places: Tensor) => Tensor]>([
    ["gather", (places) => gather(x, places)],
    ["scatterAdd", (places) => scatterAdd(x, places, [3, 4])],
    ["takeAlongAxis", (places) => takeAlongAxis(x, places.unsqueeze(1).broadcastTo([3, 4]), 0)],
    ["addAlongAxis", (places) => addAlongAxis(x, places.unsqueeze(1), x.slice(null, [0, 1]), 0)],
    ["putAlongAxis", (places) => putAlongAxis(x, places.unsqueeze(1), x.slice(null, [0, 1]), 0)],
  ])("in %s", (_, f) => {
    expect(identical(f(negative), f(positive))).toBe(true);
    expect(flat(compile(f)(negative))).toEqual(flat(f(positive)));
  });

  test("but not in a table of embeddings, nor among classes", () => {
    expect(() => embedding(zeros([3, 2]), indices([0, -1]))).toThrow(
      "embedding: index -1 at place 1 is out of range: 0 to 2",
    );
    expect(() => oneHot(indices([-1]), 3)).toThrow("oneHot: index -1 at place 0 is out of range: 0 to 2");
  });
});

describe("takeAlongAxis", () => {
  test("broadcasts the other axes", () => {
    const x = matrix(3, 4);
    const one = takeAlongAxis(x, indices([[1, 3]]), 1);
    expect(one.shape).toEqual([3, 2]);
    expect(identical(one, gather(x, indices([1, 3]), 1))).toBe(true);
    const rows = indices([[0], [3], [3]]);
    expect(flat(takeAlongAxis(x.slice([0, 1]), rows, 1))).toEqual([0, 3, 3].map((place) => x.slice(0, place).item()));
    gradcheck((a) => takeAlongAxis(a.sin(), indices([[1, 3, 1]]), 1).square(), [x], { order: 2 });
    gradcheck((a) => takeAlongAxis(a.sin(), rows, 1).square(), [x.slice([0, 1])], { order: 2 });
  });

  test("reads a line without an axis, and a scalar as one element", () => {
    expect(takeAlongAxis(tensor([[1, 2], [3, 4]]), indices([3, 0])).toArray()).toEqual([4, 1]); // biome-ignore format: a row
    expect(takeAlongAxis(tensor(5), indices([0, 0]), 0).toArray()).toEqual([5, 5]);
    expect(takeAlongAxis(tensor(5), indices(0), 0).toArray()).toBe(5);
    expect(takeAlongAxis(zeros([0, 3]), zeros([0, 2], { dtype: "int32" }), 1).shape).toEqual([0, 2]);
  });
});

describe("addAlongAxis", () => {
  test("adds in turn where an index repeats, and leaves the rest", () => {
    const found = addAlongAxis(zeros([2, 3]).add(1), indices([[0, 0], [2, 2]]), tensor([[1, 2], [3, 4]]), 1); // biome-ignore format: a row
    expect(found.toArray()).toEqual([
      [4, 1, 1],
      [1, 1, 8],
    ]);
  });

  test("is the adjoint of takeAlongAxis", () => {
    const [x, u] = [matrix(3, 4), matrix(3, 5, 2)];
    const places = indices([0, 1, 2].map(() => [3, 0, 3, 1, -1]));
    const read = takeAlongAxis(x, places, 1).mul(u).sum().item();
    expect(
      addAlongAxis(zeros([3, 4], { dtype: "float64" }), places, u, 1)
        .mul(x)
        .sum()
        .item(),
    ).toBeCloseTo(read, 12);
  });

  test("differentiates for both", () => {
    const places = indices([[1, 1, 0]]);
    gradcheck((x, u = x) => addAlongAxis(x.sin(), places, u.sin(), 0).square(), [matrix(2, 4), matrix(1, 3, 2)], {
      order: 2,
    });
  });

  test("ten million tenths add up", () => {
    const places = zeros([10_000_000], { dtype: "int32" });
    const total = addAlongAxis(zeros([2]), places, full([10_000_000], 0.1), 0)
      .slice(0)
      .item();
    expect(Math.abs(total - Math.fround(0.1) * 1e7)).toBeLessThan(0.2);
    expect(
      scatterAdd(full([10_000_000], 0.1), places, [2])
        .slice(0)
        .item(),
    ).toBe(total);
  });
});

describe("putAlongAxis", () => {
  test("of several updates of one place the last stays, and has the gradient", () => {
    const put = (x: Tensor, u: Tensor = x): Tensor => putAlongAxis(x, indices([1, 0, 1]), u, 0);
    const { value, pullback } = vjp(put, tensor([1, 2, 3]), tensor([10, 20, 30]));
    expect(value.toArray()).toEqual([20, 30, 3]);
    expect(pullback(tensor([1, 2, 4])).map(flat)).toEqual([
      [0, 0, 4],
      [0, 1, 2],
    ]);
  });

  test("differentiates for both", () => {
    const places = indices([[1, 0, 1], [1, 1, 3]]); // biome-ignore format: a row
    gradcheck((x, u = x) => putAlongAxis(x.sin(), places, u.sin(), 1).square(), [matrix(2, 4), matrix(2, 3, 2)], {
      order: 2,
    });
  });

  test("an infinite gradient does not reach what was overwritten", () => {
    const { pullback } = vjp((x) => putAlongAxis(x, indices([0]), tensor([9]), 0), tensor([1, 2]));
    expect(pullback(tensor([Number.POSITIVE_INFINITY, 1])).map(flat)).toEqual([[0, 1]]);
  });
});

describe("embedding", () => {
  const weight = matrix(4, 3);

  test("reads rows, and adds up the gradients of their uses", () => {
    const places = indices([[1, 3], [3, 3]]); // biome-ignore format: a row
    const { value, pullback } = vjp((w: Tensor) => embedding(w.reshape([4, 3]), places), weight);
    expect(value.shape).toEqual([2, 2, 3]);
    expect(flat(value.slice(1, 0))).toEqual(flat(weight.slice(3)));
    const [gradient = weight] = pullback(zeros([2, 2, 3], { dtype: "float64" }).add(1));
    expect(flat(gradient.sum(1))).toEqual([0, 3, 0, 9]);
    gradcheck((w) => embedding(w.reshape([4, 3]).sin(), places).square(), [weight], { order: 2 });
  });

  test("the padding's row gets no gradient, at any order", () => {
    const f = (w: Tensor): Tensor => embedding(w.reshape([4, 3]), indices([2, 0, 2]), { paddingIndex: 2 });
    const { value, pullback } = vjp(f, weight);
    expect(flat(value.slice(0))).toEqual(flat(weight.slice(2)));
    expect(flat((pullback(value.mul(0).add(1))[0] ?? weight).sum(1))).toEqual([3, 0, 0, 0]);
    const program = compile((w: Tensor) => pulled(f, w));
    expect(flat(program(weight))).toEqual(flat(pulled(f, weight)));
  });

  test.each([-1, 4, 1.5])("refuses the padding index %d", (paddingIndex) => {
    expect(() => embedding(zeros([4, 3]), indices([0]), { paddingIndex })).toThrow(OptionError);
  });

  test("refuses what is no table", () => {
    expect(() => Reflect.apply(embedding, null, [zeros([4]), indices([0])])).toThrow(
      "embedding: the weight must be [entries, features], got [4]",
    );
  });
});

/** The gradient of Σ f². */
function pulled(f: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const { value, pullback } = vjp(f, x);
  return pullback(value)[0] ?? x;
}

test.each<[typeof ShapeError | typeof DTypeError | typeof DataError, () => unknown, string]>([
  [
    ShapeError,
    () => addAlongAxis(zeros([2, 3]), indices([[0, 1]]), zeros([1, 3]), 1),
    "addAlongAxis [1,3] at [1,2] of [2,3]: updates and indices must be one shape",
  ],
  [
    ShapeError,
    () => addAlongAxis(zeros([2, 3]), indices([0]), zeros([1]), 1),
    "addAlongAxis [1] at [1] of [2,3]: the ranks differ",
  ],
  [
    ShapeError,
    () => putAlongAxis(zeros([1, 3]), indices([[0], [1]]), zeros([2, 1]), 1),
    "putAlongAxis [2,1] at [2,1] of [1,3]: axis 0: 2 do not fit into 1",
  ],
  [
    DTypeError,
    () => putAlongAxis(zeros([3]), indices([0]), zeros([1], { dtype: "float64" }), 0),
    "putAlongAxis: x is float32, the updates are float64: cast one of them",
  ],
  [
    DataError,
    () => putAlongAxis(zeros([3]), indices([0, 3]), zeros([2]), 0),
    "putAlongAxis: index 3 at place 1 is out of range: -3 to 2",
  ],
  [
    DataError,
    () => addAlongAxis(zeros([3]), indices([-4]), zeros([1]), 0),
    "addAlongAxis: index -4 at place 0 is out of range: -3 to 2",
  ],
])("bad input is a %o", (kind, run, message) => {
  expect(run).toThrow(kind);
  expect(run).toThrow(message);
});

test.each<[string, (w: Tensor, places: Tensor) => Tensor]>([
  ["gather", (w, places) => gather(w, places)],
  ["embedding", (w, places) => embedding(w.reshape([3, 2]), places)],
  ["scatterAdd", (w, places) => scatterAdd(w.slice([0, 2]), places, [3, 2])],
  ["takeAlongAxis", (w, places) => takeAlongAxis(w, places.unsqueeze(1), 0)],
  ["addAlongAxis", (w, places) => addAlongAxis(w, places.unsqueeze(1), zeros([2, 1]), 0)],
  ["putAlongAxis", (w, places) => putAlongAxis(w, places.unsqueeze(1), zeros([2, 1]), 0)],
  ["oneHot", (w, places) => oneHot(places, 3).add(w.sum())],
])("in a program of %s an index out of range is refused before anything changes", (name, f) => {
  const w = new Variable(zeros([3, 2]));
  const step = compile((places: Tensor) => {
    w.assign(w.add(1));
    return f(w, places);
  });
  step(indices([0, 2]));
  expect(() => step(indices([0, 7]))).toThrow(`${name}: index 7 at place 1 is out of range`);
  expect(flat(w)).toEqual([1, 1, 1, 1, 1, 1]);
});
