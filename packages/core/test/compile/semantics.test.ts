// What a compiled function means: the same as the function itself, whatever it is given, returns, and does inside.

import { describe, expect, test, vi } from "vitest";
import { compile } from "../../src/compile.ts";
import { customOp, detectAnomaly, elementwise, type Tensor, tensor, update, Variable } from "../../src/index.ts";
import { overrideFeatures } from "../../src/wasm/features.ts";

const weight = (values: readonly number[] = [1, 2, 3], name = "w"): Variable =>
  new Variable<readonly number[]>(tensor(Float32Array.from(values)), { name });

describe("arguments and results", () => {
  test("any nesting of arrays and plain objects, with null, strings and booleans between", () => {
    const f = compile(({ batch, mode }: { batch: [Tensor, { y: Tensor }]; mode: string }) => ({
      sum: batch[0].add(batch[1].y),
      parts: [batch[0].mul(2), null, { mode, flag: true }],
    }));
    const call = (mode: string) => f({ batch: [tensor([1, 2]), { y: tensor([10, 20]) }], mode });
    const { sum, parts } = call("a");
    expect([sum.toArray(), (parts[0] as Tensor).toArray(), parts[1], parts[2]]).toEqual([
      [11, 22],
      [2, 4],
      null,
      { mode: "a", flag: true },
    ]);
    expect(call("b").parts[2]).toEqual({ mode: "b", flag: true });
    expect(f.programs.length).toBe(2);
  });

  test("one tensor twice, then two tensors of the same kind", () => {
    const f = compile((a: Tensor, b: Tensor) => a.sub(b));
    const [one, two] = [tensor([5]), tensor([3])];
    expect(f(one, one).item()).toBe(0);
    expect(f(one, two).item()).toBe(2);
    expect(f(two, one).item()).toBe(-2);
  });

  test("an argument, a Variable, a constant and one result twice go through", () => {
    const w = weight();
    const constant = tensor([7]);
    const f = compile((x: Tensor) => {
      const y = x.mul(2);
      return [x, w, constant, y, y.reshape([2, 1]), y] as const;
    });
    const results = f(tensor([1, 2]));
    expect(results[1]).toBe(w);
    expect(results.map((value) => value.toArray())).toEqual([[1, 2], [1, 2, 3], [7], [2, 4], [[2], [4]], [2, 4]]);
  });

  test("results are fresh: the next call leaves them", () => {
    const f = compile((x: Tensor) => x.mul(2));
    const first = f(tensor([1, 2]));
    f(tensor([3, 4]));
    expect(first.toArray()).toEqual([2, 4]);
  });

  test("arguments may be views, and of any dtype", () => {
    const f = compile((x: Tensor, labels: Tensor, wide: Tensor) => [x.add(1), labels.eq(1), wide.mul(2)]);
    const [a, b, c] = f(
      tensor([
        [1, 2],
        [3, 4],
      ]).transpose(),
      tensor([0, 1], { dtype: "int32" }),
      tensor([0.1], { dtype: "float64" }),
    );
    expect([a?.toArray(), b?.toArray(), c?.toArray()]).toEqual([
      [
        [2, 4],
        [3, 5],
      ],
      [false, true],
      [0.2],
    ]);
  });
});

describe("what else runs inside", () => {
  const silu = elementwise({ name: "silu", forward: (x) => x.mul(x.sigmoid()) });
  const straight = customOp({ name: "straight", forward: (x) => x.round(), backward: ({ dy }) => [dy] });
  const climb = update({ name: "climb", forward: (w, v, g) => [w.add(g), v.mul(0.5).add(g)] });

  test("another compiled function, an own elementwise operator, an own operator, an update", () => {
    const inner = compile((x: Tensor) => x.mul(3));
    const run = (w: Variable, v: Variable) => (x: Tensor) => {
      w.grad = null;
      const loss = straight(silu(w).mul(inner(x))).sum();
      loss.backward();
      if (w.grad !== null) climb([w, v], [w.grad]);
      return loss;
    };
    const [one, two] = [
      [weight(), weight()],
      [weight(), weight()],
    ] as const;
    const step = compile(run(...one));
    for (let call = 0; call < 3; call++) {
      expect(step(tensor([1, 2, 3])).item()).toBeCloseTo(run(...two)(tensor([1, 2, 3])).item(), 4);
    }
    for (const index of [0, 1] as const) {
      for (const [place, value] of [...one[index].toTypedArray()].entries()) {
        expect(value / (two[index].toTypedArray()[place] ?? 0)).toBeCloseTo(1, 5);
      }
    }
    expect(inner.programs.length).toBe(1); // made by the eager runs: within the captured ones it was inlined
  });

  test("copies of Variables are taken at each call", () => {
    const w = new Variable(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    const f = compile(() => {
      const old = w.clone();
      const flat = w.transpose().reshape([4]);
      w.assign(w.mul(2));
      return [old, flat, w.transpose().reshape([4])];
    });
    f();
    expect(f().map((value) => value.toArray())).toEqual([
      [
        [2, 4],
        [6, 8],
      ],
      [2, 6, 4, 8],
      [4, 12, 8, 16],
    ]);
  });

  test("detectAnomaly runs the call eagerly and names the operation", () => {
    const f = compile((x: Tensor) => x.log());
    expect(() => detectAnomaly(() => f(tensor([0])))).toThrow("log gave -Infinity");
    expect(f.programs.length).toBe(0);
  });

  test("without WebAssembly everything runs eagerly, with one warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const restore = overrideFeatures({ webAssembly: false });
    const f = compile((x: Tensor) => x.mul(2));
    expect([f(tensor([2])).item(), compile(f)(tensor([3])).item(), f.programs.length]).toEqual([4, 6, 0]);
    expect(warn).toHaveBeenCalledTimes(1);
    restore();
    warn.mockRestore();
    expect([f(tensor([2])).item(), f.programs.length]).toEqual([4, 1]);
  });
});
