// compile(f, { verify: true }): what capturing has fixed is found and named; a sound step passes and is left as the program left it.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { dropout, everyCall, Generator, GraphError, tensor, Variable } from "../../src/index.ts";

describe("verify", () => {
  test("a sound step passes, and happens once", () => {
    const step = (verify: boolean): number[] => {
      const w = new Variable(tensor([1, 2, 3]), { name: "w" });
      const generator = new Generator(5);
      let calls = 0;
      const run = compile(
        () => {
          everyCall(() => calls++);
          const loss = dropout(w, 0.5, { generator }).square().sum();
          w.grad = null;
          loss.backward();
          for (const { grad } of [w]) w.assign(w.sub(grad?.mul(0.1) ?? 0));
          return loss;
        },
        { verify },
      );
      const losses = Array.from({ length: 4 }, () => run().item());
      expect(calls).toBe(4);
      expect(generator.state.calls).toBe(4);
      return [...losses, ...w.toTypedArray(), ...(w.grad?.toTypedArray() ?? [])];
    };
    expect(step(true)).toEqual(step(false));
  });

  test("a number that the function counts up is named", () => {
    let counter = 0;
    const run = compile((x: ReturnType<typeof tensor>) => x.mul(++counter), { verify: true });
    expect(() => {
      for (let call = 0; call < 2; call++) run(tensor([1, 2]));
    }).toThrow(/the result at \[0\] is 1 in the program, 2 in the function/);
  });

  test("a Variable and a gradient that differ are named", () => {
    const w = new Variable(tensor([2, 2]), { name: "hidden.weight" });
    let factor = 1;
    const assigning = compile(() => void w.assign(w.mul(factor++)), { verify: true });
    expect(() => [assigning(), assigning()]).toThrow(/Variable hidden.weight at \[0\]/);
    const v = new Variable(tensor([1]), { name: "v" });
    let power = 1;
    const backward = compile(
      () => {
        v.grad = null;
        v.mul(power++).sum().backward();
      },
      { verify: true },
    );
    expect(() => [backward(), backward()]).toThrow(/the gradient of v at \[0\] is 1 in the program, 2/);
  });

  test("options that do not exist, and arguments through which a gradient flows, are refused", () => {
    // @ts-expect-error: no such option
    expect(() => compile(() => tensor(1), { check: true })).toThrow(/check/);
    const w = new Variable(tensor([1]));
    const double = compile((x: ReturnType<typeof tensor>) => x.mul(2));
    expect(() => double(w.mul(3))).toThrow(GraphError);
    expect(double(w.mul(3).detach()).toArray()).toEqual([6]);
  });
});
