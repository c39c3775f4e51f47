// Simplification, on printed graphs: what is computed once, ahead of time, or not at all.

import { describe, expect, test } from "vitest";
import { simplify } from "../../src/graph/passes/simplify.ts";
import { printGraph } from "../../src/graph/print.ts";
import { dropout, matmul, ones, tensor, uniform } from "../../src/index.ts";
import { capture, variable } from "./capture.ts";

const simplified = (...parts: Parameters<typeof capture>): string => printGraph(simplify(capture(...parts)));

describe("equal nodes become one", () => {
  test("elementwise, reductions, products; also what only became equal", () => {
    const text = simplified([[4, 3]], (x) => {
      const a = x.square().sum(0).add(matmul(x.transpose(), x).sum(0));
      const b = x.square().sum(0).add(matmul(x.transpose(), x).sum(0));
      return a.mul(b);
    });
    expect(text).toMatchInlineSnapshot(`
      "argument 0 = argument() : float32[4,3]
      %1 = square(argument 0[4,3]) : float32[4,3]
      %2 = sum(%1[4,3]) over [0] : float32[3]
      %3 = matmul(argument 0[3,4], argument 0[4,3]) : float32[3,3]
      %4 = sum(%3[3,3]) over [0] : float32[3]
      %5 = add(%2[3], %4[3]) : float32[3]
      %11 = mul(%5[3], %5[3]) : float32[3]
      return %11[3]"
    `);
  });

  test("not where operands are read differently, or another axis is summed", () => {
    const text = simplified([[3, 3]], (x) => x.exp().add(x.transpose().exp()).add(x.sum(0)).add(x.sum(1)));
    expect(text.match(/exp\(/g)?.length).toBe(2);
    expect(text.match(/sum\(/g)?.length).toBe(2);
  });

  test("random numbers are drawn as often as they are asked for", () => {
    const text = simplified([[4]], (x) =>
      uniform([4])
        .add(uniform([4]))
        .add(dropout(x, 0.5)),
    );
    expect(text.match(/randomUniform/g)?.length).toBe(3);
  });

  test("a Variable before and after an assignment are two values", () => {
    const w = variable([2], "w");
    const text = simplified([], () => {
      const before = w.exp();
      w.assign(w.add(1));
      return before.add(w.exp());
    });
    expect(text).toMatchInlineSnapshot(`
      "w = w() : float32[2]
      %1 = exp(w[2]) : float32[2]
      %2 = constant() : float32[1]
      %3 = add(w[2], %2[]) : float32[2]
      %4 = exp(%3[2]) : float32[2]
      %5 = add(%1[2], %4[2]) : float32[2]
      w ← %3[2]
      return %5[2]"
    `);
  });
});

describe("constants", () => {
  test("are combined ahead of time, chains and sums of them too", () => {
    const scale = tensor([1, 2, 3]);
    const text = simplified([[3]], (x) => x.mul(scale.square().add(1).sum()));
    expect(text).toMatchInlineSnapshot(`
      "argument 0 = argument() : float32[3]
      %5 = sum() : float32[]
      %6 = mul(argument 0[3], %5[]) : float32[3]
      return %6[3]"
    `);
  });

  test("large results are left to the program", () => {
    const text = simplified([[5000]], (x) => x.add(ones([5000]).mul(2)));
    expect(text).toContain("mul(");
  });
});

describe("what nothing needs goes", () => {
  test("unused values; Variables that are only read for them", () => {
    const w = variable([3], "w");
    const text = simplified([[3], [3]], (x, y) => {
      y.mul(w).exp();
      return x.add(1);
    });
    expect(text).toMatchInlineSnapshot(`
      "argument 0 = argument() : float32[3]
      %5 = constant() : float32[1]
      %6 = add(argument 0[3], %5[]) : float32[3]
      return %6[3]"
    `);
  });

  test("assignments and gradients are needed", () => {
    const w = variable([3], "w");
    const text = simplified([[3]], (x) => {
      x.mul(w).sum().backward();
      if (w.grad !== null) w.assign(w.sub(w.grad));
    });
    expect(text).toMatchInlineSnapshot(`
      "argument 0 = argument() : float32[3]
      w = w() : float32[3]
      %4 = constant() : float32[1]
      %5 = mul.gradient1(argument 0[3], %4[3]) : float32[3]
      %6 = sub(w[3], %5[3]) : float32[3]
      w ← %6[3]
      gradient of w ← %5[3]
      return "
    `);
  });
});
