// Epilogues of products and convolutions against eager float64: sizes around tiles and blocks, operands of every layout, results of
// several kinds, what does not join. The same bits for any number of threads: see threads.test.ts.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { conv2d } from "../../src/convolution.ts";
import { type DType, Generator, grad, noGrad, type Tensor, tensor, uniform, Variable } from "../../src/index.ts";

/** Numbers in [−1, 1) of a shape. */
function numbers(shape: readonly number[], seed: number, dtype: DType = "float32"): Tensor {
  const values = uniform(shape, { low: -1, generator: new Generator(seed) });
  if (dtype === "bool") return values.gt(0);
  return dtype === "int32" ? values.mul(4).cast("int32") : values;
}

const toDoubles = (x: Tensor): Tensor => (x.dtype === "float32" ? x.cast("float64") : x);
const listOf = (results: readonly Tensor[]): number[][] => results.map((x) => Array.from(x.toTypedArray()));

type Body = (...args: readonly Tensor[]) => readonly Tensor[];

/** Compiles a function of arguments and compares its results with those of eager float64; the program's own words about it. */
function examine(args: readonly Tensor[], body: Body, tolerance: number): string {
  const run = compile((...given: Tensor[]) => [...body(...given)]);
  const found = listOf(run(...args));
  const expected = listOf(body(...args.map(toDoubles)));
  for (const [index, values] of expected.entries()) {
    const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - (found[index]?.[i] ?? Number.NaN))), 0);
    expect(worst, `result ${index}`).toBeLessThan(tolerance);
  }
  return run.programs[0]?.explain() ?? "";
}

const sizes: readonly (readonly [m: number, k: number, n: number])[] = [
  [1, 3, 1],
  [5, 4, 7],
  [4, 8, 8],
  [13, 17, 10],
  [3, 5, 12],
  [33, 30, 64],
  [64, 7, 5],
  [7, 600, 9],
  [9, 1030, 16],
];

/** What is made of a product P [m, n] and further arguments of these shapes. */
interface Case {
  readonly others: (m: number, n: number) => readonly (readonly [shape: readonly number[], dtype?: DType])[];
  readonly body: (p: Tensor, ...others: readonly Tensor[]) => readonly Tensor[];
  /** Whether this is an epilogue; true by default. */
  readonly joins?: boolean;
}

const required = (x: Tensor | undefined): Tensor => x ?? tensor(Number.NaN);

const cases: Record<string, Case> = {
  "a bias and relu": { others: (_, n) => [[[n]]], body: (p, b) => [p.add(required(b)).relu()] },
  "a factor for each row, and a scalar": {
    others: (m) => [[[m, 1]], [[]]],
    body: (p, c, s) => [p.mul(required(c)).sub(required(s))],
  },
  "the mask of another matrix": {
    others: (m, n) => [[[m, n]]],
    body: (p, y) => [required(y).le(0).where(0, p)],
  },
  "a mask of booleans": {
    others: (m, n) => [
      [[m, n], "bool"],
      [[n], "bool"],
    ],
    body: (p, mask, columns) => [required(mask).where(p, 2), required(columns).where(p, 3)],
  },
  integers: {
    others: (m, n) => [
      [[m, n], "int32"],
      [[m, 1], "int32"],
    ],
    body: (p, x, c) => [p.add(required(x)).add(required(c))],
  },
  "a matrix the other way round": {
    others: (m, n) => [[[n, m]]],
    body: (p, y) => [p.add(required(y).transpose())],
  },
  "a column of another matrix as the bias": {
    others: (_, n) => [[[n, 3]]],
    body: (p, y) => [p.add(required(y).slice([null, null], 1))],
  },
  "several results, one of booleans": {
    others: (_, n) => [[[n]]],
    body: (p, b) => {
      const y = p.add(required(b));
      return [y.relu(), y.add(1), y.gt(-0.1).logicalAnd(y.lt(-0.1))];
    },
  },
  "the product itself as well": { others: () => [], body: (p) => [p, p.abs()] },
  "another shape": {
    others: (m, n) => [[[m * n]]],
    body: (p, y) => [p.reshape([-1]).add(required(y)).neg()],
  },
  "a sum, which is none": { others: () => [], body: (p) => [p.add(1).sum(0)], joins: false },
  "exponentials, which are none": { others: () => [], body: (p) => [p.tanh()], joins: false },
};

describe.each(Object.entries(cases))("a product and %s", (_, { others, body, joins = true }) => {
  test.each(sizes)("%d × %d × %d", (m, k, n) => {
    for (const form of ["nn", "nt", "tn", "tt"]) {
      const [a, b] = [numbers(form[0] === "n" ? [m, k] : [k, m], 1), numbers(form[1] === "n" ? [k, n] : [n, k], 2)];
      const more = others(m, n).map(([shape, dtype], index) => numbers(shape, 3 + index, dtype));
      const product = (x: Tensor, w: Tensor): Tensor =>
        (form[0] === "n" ? x : x.transpose()).matmul(form[1] === "n" ? w : w.transpose());
      const words = examine(
        [a, b, ...more],
        (x, w, ...rest) => body(product(required(x), required(w)), ...rest),
        1e-6 * (k + m),
      );
      expect(words.includes("matmul with an epilogue"), words).toBe(joins);
    }
  });
});

test("a product read in another order stays a kernel of its own", () => {
  const words = examine(
    [numbers([9, 20], 1), numbers([20, 9], 2)],
    (x, w) => {
      const p = required(x).matmul(required(w));
      return [p.add(p.transpose())];
    },
    1e-5,
  );
  expect(words).toContain("it runs in another order");
});

test("a batch of products: what lies along rows and columns joins, what changes from matrix to matrix alone does not", () => {
  const args = [numbers([3, 5, 4], 1), numbers([3, 4, 10], 2), numbers([10], 3), numbers([3, 5, 1], 4)];
  const joined = examine(
    args,
    (x, w, b, c) => [required(x).matmul(required(w)).add(required(b)).mul(required(c))],
    1e-5,
  );
  expect(joined).toContain("matmul with an epilogue");
  const apart = examine(
    [...args.slice(0, 2), numbers([3, 1, 1], 5)],
    (x, w, s) => [required(x).matmul(required(w)).mul(required(s))],
    1e-5,
  );
  expect(apart).toContain("its operands do not lie as rows and columns");
});

describe("a step of weights", () => {
  test.each([
    [20, 12, 9],
    [600, 5, 8],
  ])("in place, in the product of their gradient, which stays visible: batch %d, %d × %d", (batch, rows, columns) => {
    const [x, dy] = [numbers([batch, rows], 1), numbers([batch, columns], 2)];
    const make = (): Variable => new Variable<readonly number[]>(numbers([rows, columns], 3), { name: "w" });
    const step =
      (w: Variable) =>
      (x: Tensor, dy: Tensor): Tensor => {
        w.grad = null;
        const loss = x.matmul(w).mul(dy).sum();
        loss.backward();
        noGrad(() => w.assign(w.sub(required(w.grad ?? undefined).mul(0.1))));
        return loss;
      };
    const [eager, compiled] = [make(), make()];
    const run = compile(step(compiled));
    for (let index = 0; index < 3; index++) {
      step(eager)(x, dy);
      run(x, dy);
    }
    expect(run.programs[0]?.explain()).toContain("matmul → mul → sub");
    expect(run.programs[0]?.plan.copies).toEqual([]);
    const difference = (a: Tensor | null, b: Tensor | null): number =>
      required(a ?? undefined)
        .sub(required(b ?? undefined))
        .abs()
        .max()
        .item();
    expect(difference(compiled, eager)).toBeLessThan(1e-5 * batch);
    expect(difference(compiled.grad, eager.grad)).toBeLessThan(1e-5 * batch);
  });

  test("a product that reads the weights themselves takes no step that overwrites them", () => {
    const w = new Variable<readonly number[]>(numbers([9, 9], 1));
    const before = w.clone();
    const run = compile((x: Tensor) => noGrad(() => void w.assign(w.sub(x.matmul(w).mul(0.1)))));
    const x = numbers([9, 9], 2);
    run(x);
    expect(run.programs[0]?.explain()).toContain("it overwrites what the product reads");
    const expected = before.sub(x.matmul(before).mul(0.1));
    expect(w.sub(expected).abs().max().item()).toBeLessThan(1e-5);
  });
});

describe("a convolution, a bias and relu", () => {
  const convolutions: Record<string, readonly [channels: number, filters: number, options: object]> = {
    "gray images": [1, 16, { padding: "same" }],
    "gray images, filters that fill no vector": [1, 6, { padding: "same" }],
    "panels of filters": [8, 16, { padding: "same" }],
    "a panel that is not full": [3, 13, {}],
    strides: [4, 9, { stride: 2, padding: 1 }],
    "channels by themselves": [6, 6, { groups: 6, padding: "same" }],
    groups: [6, 10, { groups: 2 }],
  };
  test.each(Object.entries(convolutions))("%s", (_, [channels, filters, { ...options }]) => {
    const groups = "groups" in options && typeof options.groups === "number" ? options.groups : 1;
    const args = [
      numbers([2, 7, 9, channels], 1),
      numbers([3, 3, channels / groups, filters], 2),
      numbers([filters], 3),
    ];
    const words = examine(
      args,
      (x, k, b) => {
        const y = conv2d(required(x), required(k), options);
        const z = y.add(required(b));
        return [z.relu(), z.le(0)];
      },
      1e-5,
    );
    expect(words).toContain("conv2d with an epilogue: conv2d → add → relu → le");
  });

  test.each([1, 6, 16])("the gradient for the images, masked by the layer below: %d channels", (channels) => {
    const args = [numbers([2, 6, 5, channels], 1), numbers([3, 3, channels, 10], 2)];
    const words = examine(
      args,
      (x, k) => {
        const loss = (input: Tensor): Tensor => conv2d(input.relu(), required(k), { padding: "same" }).square().sum();
        return [grad(loss)(required(x))];
      },
      1e-3,
    );
    expect(words).toContain("conv2dInputGradient with an epilogue");
  });
});
