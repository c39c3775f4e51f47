// What every reduction and summary must give: any axes, kept or dropped, in any layout, with gradients that are checked twice.

import { describe, expect, test } from "vitest";
import { setCodeGeneration } from "../../src/engine/codegen.ts";
import { type DType, gradcheck, ShapeError, type Tensor, takeAlongAxis, tensor, vjp, zeros } from "../../src/index.ts";
import { oracle, recorded, weightsOf } from "../oracle/oracle.ts";
import { count, firstDifference, flat, identical, scattered } from "./reference.ts";
import { apply, operatorsOf } from "./registry.ts";

const all = [...operatorsOf("reduction"), ...operatorsOf("statistics")];
const places = all.filter(({ name }) => name.startsWith("arg"));
const reductions = all.filter((entry) => !places.includes(entry));
const smooth = reductions.filter(({ name }) => name !== "any" && name !== "all");
const cube = (seed = 1, dtype: DType = "float64"): Tensor =>
  tensor(scattered(24, 2, seed), { dtype, shape: [2, 3, 4] });

/** Every set of axes of a cube, as they may be written, and the same sorted from 0. */
const axesCases: readonly (readonly [number | readonly number[] | undefined, readonly number[]])[] = [
  [undefined, [0, 1, 2]],
  [0, [0]],
  [1, [1]],
  [-1, [2]],
  [
    [0, 1],
    [0, 1],
  ],
  [
    [2, 0],
    [0, 2],
  ],
  [
    [-1, -2],
    [1, 2],
  ],
  [[], []],
];

describe.each(reductions)("$name", (entry) => {
  /** The truth: each result is the reduction of the list of elements that belong to it. */
  const byLists = (x: Tensor, axes: readonly number[]): number[] => {
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const lists: number[][] = Array.from({ length: count(kept) }, () => []);
    for (const [index, value] of flat(x).entries()) {
      let [rest, at, stride] = [index, 0, 1];
      for (let axis = x.rank - 1; axis >= 0; axis--) {
        const size = x.shape[axis] ?? 1;
        at += axes.includes(axis) ? 0 : (rest % size) * stride;
        stride *= kept[axis] ?? 1;
        rest = Math.floor(rest / size);
      }
      lists[at]?.push(value);
    }
    return lists.map((list) => Number(apply(entry, tensor(Float64Array.from(list))).item()));
  };

  test.each(axesCases)("over %j", (axes, sorted) => {
    const shape = [2, 3, 4].filter((_, axis) => !sorted.includes(axis));
    const kept = [2, 3, 4].map((size, axis) => (sorted.includes(axis) ? 1 : size));
    const found = apply(entry, cube(), axes);
    expect(found.shape).toEqual(shape);
    expect(firstDifference(flat(found), byLists(cube(), sorted), 1e-12)).toBeNull();
    const keeping = apply(entry, cube(), axes, { keepDims: true });
    expect(keeping.shape).toEqual(kept);
    expect(identical(keeping.reshape(shape), found)).toBe(true);
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["permuted", (x) => x.permute([2, 0, 1])],
    ["sliced", (x) => x.slice(null, [1, 3], [0, 4, 2])],
    ["reversed", (x) => x.slice([null, null, -1], null, [null, null, -1])],
    ["repeated", (x) => x.slice([0, 1]).broadcastTo([3, 3, 4])],
    ["a single element", (x) => x.slice(1, 2, 3)],
  ])("reads what is %s", (_, view) => {
    const x = view(cube());
    const copy = tensor(x.toTypedArray(), { shape: x.shape });
    for (const axes of x.rank === 0 ? [undefined] : [undefined, 0, 1, [0, 2]]) {
      expect(firstDifference(flat(apply(entry, x, axes)), flat(apply(entry, copy, axes)), 1e-14)).toBeNull();
    }
  });

  test("without generated code gives the same bits", () => {
    const long = tensor(scattered(5200, 1.01), { shape: [1300, 4] });
    const inputs = [cube(1, "float32"), cube(2), cube(3).mul(3).cast("int32"), long, long.transpose()];
    const run = (): Tensor[] => inputs.flatMap((x) => [apply(entry, x), apply(entry, x, 0), apply(entry, x, -1)]);
    const generated = run();
    setCodeGeneration(false);
    try {
      for (const [index, found] of run().entries())
        expect(identical(found, generated[index] ?? found), `case ${index}`).toBe(true);
    } finally {
      setCodeGeneration(null);
    }
  });

  test.each([
    [3, /axis 3 is out of range for rank 3: the valid range is -3 to 2/],
    [-4, /axis -4 is out of range for rank 3: the valid range is -3 to 2/],
    [0.5, /axis 0.5 is out of range/],
    [[0, -3], /axis 0 is given twice in \[0,-3\]/],
  ])("refuses axis %j", (axes, message) => {
    expect(() => apply(entry, cube(), axes)).toThrow(ShapeError);
    expect(() => apply(entry, cube(), axes)).toThrow(message);
    expect(() => apply(entry, cube(), axes)).toThrow(smooth.includes(entry) ? entry.name : /./);
  });

  test("a scalar is one element, and has no axes beyond", () => {
    const scalar = tensor(-1.5, { dtype: "float64" });
    for (const axes of [0, -1, [0], []]) {
      const found = apply(entry, scalar, axes, { keepDims: true });
      expect([found.shape, found.item()]).toEqual([[], apply(entry, scalar).item()]);
    }
    expect(() => apply(entry, tensor(1), 1)).toThrow(/a scalar has no axes/);
  });
});

describe.each(smooth)("the gradient of $name", (entry) => {
  test.each(axesCases)("over %j agrees with difference quotients", (axes) => {
    gradcheck((x) => apply(entry, x, axes), [cube(4)], { order: 2 });
    gradcheck((x) => apply(entry, x, axes, { keepDims: true }), [cube(5)]);
  });

  test("of nothing along other axes is empty", () => {
    const { value, pullback } = vjp((x) => apply(entry, x, 1), zeros([0, 3], { dtype: "float64" }));
    expect(value.shape).toEqual([0]);
    expect(pullback(value)[0]?.shape).toEqual([0, 3]);
  });
});

describe("PyTorch's values and gradients", () => {
  const x = recorded(oracle.reductions.input);

  test("are recorded for every reduction of floats", () => {
    expect(new Set(oracle.reductions.cases.map(({ name }) => name))).toEqual(new Set(smooth.map(({ name }) => name)));
  });

  test.each(oracle.reductions.cases)("$name over $axes", ({ name, axes, output, gradient }) => {
    const entry = smooth.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new Error(`no operator ${name}`);
    const { value, pullback } = vjp((input) => apply(entry, input, axes), x);
    expect(value.shape).toEqual(output.shape);
    expect(firstDifference(flat(value), output.values, 1e-12)).toBeNull();
    expect(firstDifference(flat(pullback(weightsOf(output.shape))[0] ?? x), gradient, 1e-11)).toBeNull();
  });
});

describe.each(places)("$name", (entry) => {
  test.each([[undefined], [0], [1], [-1]])("over %j is the first place of the extreme", (axis) => {
    const x = cube(6).mul(2).round(); // many ties
    const extreme = entry.name === "argMax" ? x.max(axis, { keepDims: true }) : x.min(axis, { keepDims: true });
    const found = apply(entry, x, axis);
    expect(found.dtype).toBe("int32");
    const line: Tensor = axis === undefined ? x.flatten() : x;
    const place = axis ?? 0;
    const wins = (axis === undefined ? line.eq(extreme.item()) : line.eq(extreme)).cast("int32");
    const firsts = wins.toArray();
    expect(Array.isArray(firsts)).toBe(true);
    const taken = takeAlongAxis(line, found.reshape(axis === undefined ? [1] : [...extreme.shape]), place);
    expect(firstDifference(flat(taken), flat(extreme), 0)).toBeNull();
    // Nothing before the place wins: counting winners up to it gives one.
    const size = line.shape.at(place) ?? 0;
    for (let at = 0; at < size; at++) {
      const ranges = line.shape.map((_, index) => (index === (place + line.rank) % line.rank ? at : null));
      const here = flat(wins.slice(...ranges));
      for (const [index, chosen] of flat(found).entries()) if (at < chosen) expect(here[index]).toBe(0);
    }
  });

  test("keeps axes, takes views, passes no gradient", () => {
    expect(apply(entry, cube(), 1, { keepDims: true }).shape).toEqual([2, 1, 4]);
    expect(apply(entry, cube(), undefined, { keepDims: true }).shape).toEqual([1, 1, 1]);
    const view = cube().permute([2, 1, 0]);
    expect(identical(apply(entry, view, 1), apply(entry, view.clone(), 1))).toBe(true);
    expect(
      flat(vjp((x) => apply(entry, x).cast("float64"), cube()).pullback(tensor(1))[0] ?? tensor(1)).every(
        (g) => g === 0,
      ),
    ).toBe(true);
  });

  test("of nothing is an error", () =>
    expect(() => apply(entry, zeros([2, 0]), 1)).toThrow(/nothing to choose from: \[2,0\]/));
});
