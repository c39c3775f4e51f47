// Variables and the memories they live in: programs that share them, programs that bring two memories together, eager code beside.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { type Tensor, tensor, Variable } from "../../src/index.ts";

const variable = (values: readonly number[], name: string): Variable =>
  new Variable<readonly number[]>(tensor(Float32Array.from(values)), { name });

describe("several programs", () => {
  test("share Variables in one place", () => {
    const w = variable([1, 2], "w");
    const double = compile(() => w.assign(w.mul(2)));
    const read = compile((x: Tensor) => w.add(x));
    double();
    expect(read(tensor([0, 0])).toArray()).toEqual([2, 4]);
    const { array } = w.view.storage;
    double();
    w.assign(w.add(1));
    expect(read(tensor([0, 0])).toArray()).toEqual([5, 9]);
    expect(w.view.storage.array.buffer).toBe(array.buffer);
    expect([double.programs.length, read.programs.length]).toEqual([1, 1]);
  });

  test("of two memories merge them when a third needs both, and go on", () => {
    const [u, v] = [variable([1], "u"), variable([10], "v")];
    const [growU, growV] = [compile(() => u.assign(u.add(1))), compile(() => v.assign(v.add(10)))];
    growU();
    growV();
    expect(u.view.storage.place?.heap).not.toBe(v.view.storage.place?.heap);
    const exchange = compile(() => {
      const old = u.clone();
      u.assign(v);
      v.assign(old);
    });
    exchange();
    expect(u.view.storage.place?.heap).toBe(v.view.storage.place?.heap);
    expect([u.item(), v.item()]).toEqual([20, 2]);
    for (let call = 0; call < 2; call++) {
      growU();
      growV();
      exchange();
    }
    expect([u.item(), v.item()]).toEqual([31, 13]);
    expect([growU, growV, exchange].map(({ programs }) => programs.length)).toEqual([1, 1, 1]);
  });

  test("memory that grows leaves values where eager code finds them", () => {
    const w = variable([1, 2, 3], "w");
    const first = compile(() => w.assign(w.add(1)));
    first();
    const wide = compile((x: Tensor) => x.matmul(x).mean().add(w.sum()));
    const x = tensor(new Float32Array(300 * 300).fill(1), { shape: [300, 300] });
    expect(wide(x).item()).toBe(300 + 9);
    first();
    expect(w.toArray()).toEqual([3, 4, 5]);
  });
});

describe("assignments within one call", () => {
  type Case = readonly [(a: Variable, b: Variable) => unknown, readonly number[], readonly number[]];
  const cases: Record<string, Case> = {
    exchange: [
      (a, b) => {
        const old = a.mul(1);
        a.assign(b);
        b.assign(old);
      },
      [4, 5, 6],
      [1, 2, 3],
    ],
    "read after assigning": [
      (a, b) => {
        a.assign(a.add(1));
        b.assign(a.mul(10));
        a.assign(a.add(1));
      },
      [3, 4, 5],
      [20, 30, 40],
    ],
    "one value to both": [
      (a, b) => {
        const value = a.add(b);
        a.assign(value);
        b.assign(value);
      },
      [5, 7, 9],
      [5, 7, 9],
    ],
    "an average taken off": [(a) => a.assign(a.sub(a.mean())), [-1, 0, 1], [4, 5, 6]],
    "reversed onto itself": [(a) => a.assign(a.slice([null, null, -1])), [3, 2, 1], [4, 5, 6]],
    "its own first element": [(a) => a.assign(a.add(a.slice([0, 1]))), [2, 3, 4], [4, 5, 6]],
    "its own last element": [(a) => a.assign(a.mul(a.slice([2, 3]))), [3, 6, 9], [4, 5, 6]],
    itself: [(a) => a.assign(a), [1, 2, 3], [4, 5, 6]],
    "a list of numbers": [(a) => a.assign([7, 8, 9]), [7, 8, 9], [4, 5, 6]],
    "written ahead of what is computed again from the old": [
      (a, b) => {
        const c = a.neg();
        const centered = c.sub(c.mean());
        a.assign(c.mul(2));
        b.assign(centered);
      },
      [-2, -4, -6],
      [1, 0, -1],
    ],
    "old values after new ones": [
      (a, b) => {
        const old = a.add(0);
        a.assign(b.mul(2));
        b.assign(old.add(b.sum()));
      },
      [8, 10, 12],
      [16, 17, 18],
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [body, first, second]) => {
    const [a, b] = [variable([1, 2, 3], "a"), variable([4, 5, 6], "b")];
    const [eagerA, eagerB] = [variable([1, 2, 3], "a"), variable([4, 5, 6], "b")];
    const run = compile(() => void body(a, b));
    run();
    body(eagerA, eagerB);
    expect([a.toArray(), b.toArray()]).toEqual([first, second]);
    for (let call = 0; call < 2; call++) {
      run();
      body(eagerA, eagerB);
    }
    expect([a.toArray(), b.toArray()]).toEqual([eagerA.toArray(), eagerB.toArray()]);
  });

  const square = Float32Array.from({ length: 36 }, (_, index) => (index * 7) % 11);
  const matrices: Record<string, (w: Variable) => Tensor> = {
    transposed: (w) => w.transpose(),
    "rows weighed by its first row": (w) => w.mul(w.sum(1).mul(w.slice(0)).unsqueeze(1)),
    "rows weighed by its first column": (w) => w.mul(w.sum(1).mul(w.slice(null, 0)).unsqueeze(1)),
    "columns weighed by its first row": (w) => w.mul(w.sum(0).mul(w.slice(0))),
    "columns weighed by its first column": (w) => w.mul(w.sum(0).mul(w.slice(null, 0))),
    "centered by columns": (w) => w.sub(w.mean(0)),
    "a softmax along rows": (w) => w.softmax(1),
    "a softmax along columns": (w) => w.softmax(0),
    "its square": (w) => w.matmul(w),
    "plus its transpose": (w) => w.add(w.transpose()),
  };
  test.each(Object.entries(matrices))("a matrix: %s", (_, body) => {
    const make = (): Variable => new Variable<readonly number[]>(tensor(square, { shape: [6, 6] }));
    const [w, eager] = [make(), make()];
    const run = compile(() => w.assign(body(w).mul(0.1)));
    for (let call = 0; call < 2; call++) {
      run();
      eager.assign(body(eager).mul(0.1));
    }
    const expected = eager.toTypedArray();
    for (const [index, value] of [...w.toTypedArray()].entries())
      expect(value / (expected[index] || 1)).toBeCloseTo(expected[index] ? 1 : 0, 4);
  });
});
