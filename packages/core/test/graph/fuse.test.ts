// Fusion: which operations share a kernel, which do not, and what is said about it.

import { describe, expect, test } from "vitest";
import { conv2d } from "../../src/convolution.ts";
import { explainSchedule, printSchedule } from "../../src/graph/print.ts";
import { batchNorm, crossEntropy, cumSum, grad, softmax, type Tensor, uniform } from "../../src/index.ts";
import { type Argument, kernels, schedule, variable } from "./capture.ts";

type Case = readonly [readonly Argument[], (...args: Tensor[]) => Tensor | readonly Tensor[], readonly string[][]];

describe("what joins", () => {
  const cases: Record<string, Case> = {
    "a chain of elementwise operations": [[[8, 4]], (x) => x.mul(2).exp().add(1), [["mul", "exp", "add"]]],
    "across a broadcast of another operand": [[[8, 4], [4]], (x, b) => x.add(b).relu(), [["add", "relu"]]],
    "several results of one loop": [
      [[8]],
      (x) => {
        const y = x.exp();
        return [y, y.add(1)];
      },
      [["exp", "add"]],
    ],
    "a sum with what it sums": [[[8, 4]], (x) => x.square().sum(1), [["square", "sum"]]],
    "what is made of a sum, and of its elements again": [
      [[8, 4]],
      (x) => x.sub(x.mean(1, { keepDims: true })).square(),
      [["sum", "div", "sub", "square"]],
    ],
    "a softmax along rows": [[[8, 4]], (x) => softmax(x), [["max", "sub", "exp", "sum", "div"]]],
    "two sums over the same axes": [
      [[8, 4]],
      (x) => x.exp().sum(0).add(x.square().sum(0)),
      [
        ["exp", "sum"],
        ["square", "sum", "add"],
      ],
    ],
    "operations over a transposed operand": [
      [
        [4, 8],
        [8, 4],
      ],
      (x, y) => x.transpose().add(y).exp(),
      [["add", "exp"]],
    ],
    "axes of size 1 beside the same space": [[[8, 1, 4]], (x) => x.exp().reshape([8, 4]).add(1), [["exp", "add"]]],
  };
  test.each(Object.entries(cases))("%s", (_, [shapes, body, expected]) => {
    expect(kernels(schedule(shapes, body))).toEqual(expected);
  });
});

describe("what does not, and why", () => {
  const cases: Record<string, Case> = {
    "a product and what comes before it": [[[4, 4]], (x) => x.exp().matmul(x), [["exp"], ["matmul"]]],
    "a sum over rows after one along them": [
      [[8, 4]],
      (x) => x.sub(x.sum(1, { keepDims: true })).sum(0),
      [["sum", "sub"], ["sum"]],
    ],
    "a value read in another order": [[[4, 4]], (x) => x.exp().transpose().add(x), [["exp"], ["add"]]],
    "a part of a value": [[[8]], (x) => x.exp().slice([1, null]).add(1), [["exp"], ["add"]]],
    "a broadcast of a value onto a larger space": [[[4], [8, 4]], (x, y) => x.exp().add(y), [["exp"], ["add"]]],
    "an operation without a kernel": [[[8, 4]], (x) => cumSum(x.exp(), 1), [["exp"], ["cumSum"]]],
    "random numbers": [[[8]], (x) => x.add(uniform([8])), [["randomUniform"], ["add"]]],
    "a sum over a middle axis with few places after it, which is brought to the end first": [
      [[3, 4, 2]],
      (x) => x.exp().sum(1),
      [["exp"], ["copy"], ["sum"]],
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [shapes, body, expected]) => {
    expect(kernels(schedule(shapes, body))).toEqual(expected);
  });

  test("nothing joins a kernel that another of its operands waits for", () => {
    const cut = schedule([[4, 4]], (x) => {
      const y = x.exp();
      return y.add(y.matmul(x));
    });
    expect(kernels(cut)).toEqual([["exp"], ["matmul", "add"]]);
    expect(cut.notes).toEqual(["add (node 3) does not join kernel 0: what it also reads depends on that kernel"]);
  });

  test("kernels stand in an order in which each finds what it reads", () => {
    const { groups, groupOf } = schedule(
      [
        [6, 4],
        [4, 4],
      ],
      (x, w) => {
        const y = x.matmul(w).relu();
        const centered = y.sub(y.mean(0));
        return centered
          .matmul(w.transpose())
          .add(y.sum(1, { keepDims: true }))
          .softmax();
      },
    );
    const order = new Map(groups.map((group, index) => [group, index]));
    for (const group of groups) {
      for (const { value } of group.nodes.flatMap(({ inputs }) => inputs)) {
        const producer = groupOf.get(value.node);
        if (producer !== undefined) expect(order.get(producer) ?? 0).toBeLessThanOrEqual(order.get(group) ?? -1);
      }
    }
  });
});

describe("epilogues", () => {
  const cases: Record<string, Case> = {
    "a bias and an activation": [
      [[8, 6], [6, 4], [4]],
      (x, w, b) => x.matmul(w).add(b).relu(),
      [["matmul", "add", "relu"]],
    ],
    "a bias and an activation of a convolution": [
      [[2, 5, 5, 3], [3, 3, 3, 8], [8]],
      (x, k, b) => conv2d(x, k).add(b).relu(),
      [["conv2d", "add", "relu"]],
    ],
    "the mask of a gradient": [
      [
        [8, 6],
        [6, 4],
        [8, 4],
      ],
      (x, w, dy) => grad((x: Tensor) => x.relu().matmul(w).mul(dy).sum())(x),
      [["mul.gradient0"], ["matmul", "relu", "relu.gradient0"]],
    ],
    "the later of two products": [
      [
        [8, 6],
        [6, 4],
        [8, 3],
        [3, 4],
      ],
      (x, w, h, u) => x.matmul(w).add(h.matmul(u)),
      [["matmul"], ["matmul", "add"]],
    ],
    "not what folds": [
      [
        [8, 6],
        [6, 4],
      ],
      (x, w) => {
        const y = x.matmul(w).add(1);
        return y.sub(y.mean(0));
      },
      [["matmul"], ["add", "sum", "div", "sub"]],
    ],
    "not what waits for the product in another way": [
      [
        [8, 6],
        [6, 4],
      ],
      (x, w) => {
        const y = x.matmul(w);
        return y.mul(y.matmul(w.transpose()).sum());
      },
      [["matmul"], ["matmul"], ["sum"], ["mul"]],
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [shapes, body, expected]) => {
    expect(kernels(schedule(shapes, body))).toEqual(expected);
  });

  test("why not", () => {
    const notes = (body: (p: Tensor, x: Tensor) => Tensor): readonly string[] =>
      schedule(
        [
          [8, 8],
          [8, 8],
        ],
        (x, w) => body(x.matmul(w), x),
      ).notes;
    const told = (reason: string): string => `matmul (node 2) does not take kernel 1 as its epilogue: ${reason}`;
    expect(notes((p) => p.sum(1))).toEqual([told("it folds")]);
    expect(notes((p) => p.div(3).exp())).toEqual([told("it computes more than it moves")]);
    expect(notes((p) => p.add(p.transpose()))).toEqual([told("it runs in another order")]);
    expect(notes((p, x) => p.reshape([4, 2, 8]).add(x.slice([0, 4]).unsqueeze(1)))).toEqual([
      told("its operands do not lie as rows and columns"),
    ]);
  });
});

test("batch normalization, forward and backward: one kernel each", () => {
  const [gamma, beta, x] = [variable([4], "gamma"), variable([4], "beta"), variable([8, 4], "x")];
  const cut = schedule([[8, 4]], (dy) => {
    batchNorm(x, gamma, beta).output.backward(dy);
  });
  expect(kernels(cut).length).toBe(2);
  expect(printSchedule(cut)).toMatchInlineSnapshot(`
    "kernel 0: loop over [8,4], folding its rows
      %2 = sum(x[8,4]) over [0] : float32[1,4]
      %4 = div(%2[1,4], %3[]) : float32[1,4]
      %5 = squaredDistance(x[8,4], %4[1,4]) : float32[8,4]
      %6 = sum(%5[8,4]) over [0] : float32[1,4]
      %8 = mul(%6[1,4], %7[]) : float32[1,4]
      %10 = add(%8[1,4], %9[]) : float32[1,4]
      %11 = rsqrt(%10[1,4]) : float32[1,4]
      %16 = batchNorm.along(argument 0[8,4], x[8,4], %4[1,4], %11[1,4]) : float32[8,4]
      %17 = sum(%16[8,4]) over [0] : float32[1,4]
    kernel 1: loop over [8,4], folding its rows
      %15 = sum(argument 0[8,4]) over [0] : float32[1,4]
      %19 = batchNorm.gradient(argument 0[8,4], x[8,4], %4[1,4], %11[1,4], gamma[4], %15[1,4], %17[1,4], %7[]) : float32[8,4]
    gradient of x ← %19[8,4]
    gradient of beta ← %15[4]
    gradient of gamma ← %17[4]
    return "
  `);
});

test("a schedule as text, and explained", () => {
  const w = variable([4, 3], "w");
  const cut = schedule([[8, 4], { shape: [8], dtype: "int32" }], (x, labels) => {
    const loss = crossEntropy(x.matmul(w), labels);
    loss.backward();
    if (w.grad !== null) w.assign(w.sub(w.grad.mul(0.1)));
    w.grad = null;
    return loss;
  });
  expect(printSchedule(cut)).toMatchInlineSnapshot(`
    "kernel 1: eager
      %4 = classLabels(argument 1[8]) : int32[8]
    kernel 0: matmul
      %3 = matmul(argument 0[8,4], w[4,3]) : float32[8,3]
    kernel 2: loop over [8,3], folding along rows
      %5 = max(%3[8,3]) over [1] : float32[8,1]
      %6 = isFinite(%5[8,1]) : bool[8,1]
      %8 = where(%6[8,1], %5[8,1], %7[]) : float32[8,1]
      %9 = sub(%3[8,3], %8[8,1]) : float32[8,3]
      %10 = exp(%9[8,3]) : float32[8,3]
      %11 = sum(%10[8,3]) over [1] : float32[8,1]
      %12 = log(%11[8,1]) : float32[8,1]
      %25 = crossEntropy.gradient(%3[8,3], %8[8,1], %12[8,1], %4[8,1], %13[3], %23[8,1]) : float32[8,3]
    kernel 3: loop over [8,3], folding along rows
      %14 = crossEntropy.ofLabel(%3[8,3], %4[8,1], %13[3]) : float32[8,3]
      %15 = sum(%14[8,3]) over [1] : float32[8,1]
      %16 = sub(%15[8,1], %8[8,1]) : float32[8,1]
      %17 = sub(%12[8,1], %16[8,1]) : float32[8,1]
    kernel 4: loop over [8], folding along rows
      %18 = sum(%17[8]) over [0] : float32[]
      %20 = div(%18[], %19[]) : float32[]
    kernel 6: matmul with an epilogue
      %26 = matmul(argument 0[4,8], %25[8,3]) : float32[4,3]
      %28 = mul(%26[4,3], %27[]) : float32[4,3]
      %29 = sub(w[4,3], %28[4,3]) : float32[4,3]
    w ← %29[4,3]
    gradient of w ← none
    return %20[]
    note: sum (node 18) does not join kernel 3: it runs over other places, or in another order
    note: matmul (node 3) does not take kernel 2 as its epilogue: it folds
    note: matmul (node 3) does not take kernel 3 as its epilogue: it folds"
  `);
  expect(explainSchedule(cut)).toMatchInlineSnapshot(`
    "19 operations run in 6 kernels.
    kernel 2, loop over [8,3], folding along rows: max → isFinite → where → sub → exp → sum → log → crossEntropy.gradient
    kernel 3, loop over [8,3], folding along rows: crossEntropy.ofLabel → sum → sub → sub
    kernel 4, loop over [8], folding along rows: sum → div
    kernel 6, matmul with an epilogue: matmul → mul → sub
    classLabels has no kernel here: it runs eagerly, between kernels
    sum (node 18) does not join kernel 3: it runs over other places, or in another order
    matmul (node 3) does not take kernel 2 as its epilogue: it folds
    matmul (node 3) does not take kernel 3 as its epilogue: it folds"
  `);
});
