// Long computations: kernels are cut before engines refuse them, and nothing recurses over the graph.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { type Tensor, tensor } from "../../src/index.ts";

const close = (found: Tensor, wanted: Tensor): void => {
  const values = wanted.toTypedArray();
  for (const [index, value] of found.toTypedArray().entries())
    expect(value).toBeCloseTo(values[index] ?? Number.NaN, 5);
};

test("a chain of 6,000 operations becomes several kernels", () => {
  const chain = (x: Tensor): Tensor => {
    let y = x;
    for (let step = 0; step < 2000; step++) y = y.mul(0.5).add(0.1).sin();
    return y;
  };
  const run = compile(chain);
  const x = tensor([1, -2, 3, 0.5, 7]);
  close(run(x), chain(x));
  const [program] = run.programs;
  expect(program?.toString().match(/^kernel/gm)?.length).toBeGreaterThan(20);
  expect(program?.explain()).toContain("that kernel is long enough");
});

test("a chain of 10,000 kernels", () => {
  const chain = (x: Tensor): Tensor => {
    let y = x;
    for (let step = 0; step < 5000; step++) y = y.matmul(x).mul(0.5).add(0.1);
    return y;
  };
  const x = tensor([
    [0.1, 0.2],
    [0.3, 0.1],
  ]);
  close(compile(chain)(x), chain(x));
});
