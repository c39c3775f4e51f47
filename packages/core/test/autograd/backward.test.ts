// Backward: gradients of graphs of every form arrive whole, once, in the right place, or an error says why they cannot.

import { describe, expect, test } from "vitest";
import {
  AutogradError,
  customOp,
  enableGrad,
  gradientsEnabled,
  noGrad,
  ShapeError,
  type Tensor,
  tensor,
  Variable,
  zeros,
} from "../../src/index.ts";
import { flat } from "../exam/reference.ts";

const variable = (values: number | number[], name = "w"): Variable =>
  new Variable(tensor(values, { dtype: "float64" }), { name });
const slope = (x: Variable): number[] | null => x.grad && flat(x.grad);

describe("graphs", () => {
  test.each<[string, (x: Tensor) => Tensor, number]>([
    ["x·x", (x) => x.mul(x), 6],
    ["x − x", (x) => x.sub(x), 0],
    ["x / x", (x) => x.div(x), 0],
    ["x + x + x", (x) => x.add(x).add(x), 3],
    ["a diamond", (x) => x.mul(2).add(x.mul(5)), 7],
    ["diamonds in a row", (x) => [1, 2, 3].reduce<Tensor>((y) => y.add(y), x), 8],
    ["a diamond of unequal arms", (x) => x.mul(x).mul(x).add(x), 28],
    ["a value used late and early", (x) => x.mul(x.mul(x).mul(x)), 108],
    ["through views", (x) => x.reshape([1, 1]).broadcastTo([2, 2]).sum(), 4],
  ])("%s", (_, f, expected) => {
    const x = variable(3);
    f(x).sum().backward();
    expect(slope(x)).toEqual([expected]);
  });

  test("a chain of 100,000 operations", () => {
    const x = variable(1);
    let y: Tensor = x;
    for (let index = 0; index < 100_000; index++) y = index % 2 === 0 ? y.add(x) : y.mul(1);
    y.backward();
    expect(slope(x)).toEqual([50_001]);
  });

  test("a branch that does not reach the loss changes nothing", () => {
    const [x, other] = [variable([1, 2]), variable([3, 4], "other")];
    const unused = other.mul(x).exp();
    x.square().sum().backward();
    expect(slope(x)).toEqual([2, 4]);
    expect(other.grad).toBeNull();
    expect(unused.requiresGrad).toBe(true);
  });

  test("values of the branch do not matter", () => {
    const x = variable([0, 1]);
    const poisoned = x.log(); // −∞
    x.mul(3).sum().backward();
    expect(slope(x)).toEqual([3, 3]);
    expect(flat(poisoned)).toEqual([Number.NEGATIVE_INFINITY, 0]);
  });
});

describe("grad", () => {
  test("accumulates until it is set to null", () => {
    const x = variable([1, 2]);
    x.sum().backward();
    x.mul(2).sum().backward();
    expect(slope(x)).toEqual([3, 3]);
    x.grad = null;
    x.sum().backward();
    expect(slope(x)).toEqual([1, 1]);
  });

  test("a second backward through the same graph adds the same again", () => {
    const x = variable(3);
    const y = x.mul(x);
    y.backward();
    y.backward();
    expect(slope(x)).toEqual([12]);
  });

  test("of a tensor takes the tensor's own gradient", () => {
    const x = variable([1, 2, 3]);
    x.square().backward(tensor([1, 10, 100], { dtype: "float64" }));
    expect(slope(x)).toEqual([2, 40, 600]);
  });

  test("keeps the variable's dtype and is itself no part of the tape", () => {
    const x = new Variable(tensor([1, 2]));
    x.mul(tensor([3, 4], { dtype: "float64" }))
      .sum()
      .backward();
    expect(x.grad?.dtype).toBe("float32");
    expect(x.grad?.requiresGrad).toBe(false);
  });

  test("with createGraph can be differentiated again", () => {
    const x = variable(2);
    x.pow(4).backward(undefined, { createGraph: true });
    const first = x.grad; // 4x³
    x.grad = null;
    first?.backward();
    expect(flat(first ?? x)).toEqual([32]);
    expect(slope(x)).toEqual([48]);
  });

  test("a variable that needs none gets none", () => {
    const frozen = new Variable(tensor(2), { requiresGrad: false });
    const x = variable(3);
    frozen.mul(x).backward();
    expect(frozen.grad).toBeNull();
    expect(slope(x)).toEqual([2]);
    frozen.requiresGrad = true;
    frozen.mul(x).backward();
    expect(slope(frozen)).toEqual([3]);
  });
});

describe("recording", () => {
  test("noGrad and enableGrad nest, and end even after an error", () => {
    const x = variable(2);
    noGrad(() => {
      expect(gradientsEnabled()).toBe(false);
      expect(x.mul(2).requiresGrad).toBe(false);
      enableGrad(() => {
        expect(x.mul(2).requiresGrad).toBe(true);
        noGrad(() => expect(gradientsEnabled()).toBe(false));
        expect(gradientsEnabled()).toBe(true);
      });
      expect(gradientsEnabled()).toBe(false);
    });
    expect(() => noGrad(() => x.reshape([2]))).toThrow(ShapeError);
    expect(gradientsEnabled()).toBe(true);
  });

  test("detach cuts, clone does not", () => {
    const x = variable(3);
    x.detach().mul(x).backward();
    expect(slope(x)).toEqual([3]);
    x.grad = null;
    x.clone().mul(x).backward();
    expect(slope(x)).toEqual([6]);
  });

  test("integers and conditions carry no gradient", () => {
    const x = variable([1.5, -2]);
    for (const y of [x.gt(0), x.cast("int32"), x.argMax(), x.isNaN()]) expect(y.requiresGrad).toBe(false);
    expect(() => new Variable(tensor([1], { dtype: "int32" }), { requiresGrad: true })).toThrow(
      "int32 values have no gradient",
    );
  });
});

describe("hooks", () => {
  test("see the whole gradient, once, and may replace it", () => {
    const x = variable(3);
    const seen: number[] = [];
    const y = x.mul(2);
    y.registerHook((gradient) => void seen.push(gradient.item()));
    const remove = y.registerHook((gradient) => gradient.mul(10));
    y.mul(4).add(y).backward();
    expect(seen).toEqual([5]);
    expect(slope(x)).toEqual([100]);
    remove();
    x.grad = null;
    y.backward();
    expect(slope(x)).toEqual([2]);
  });

  test("on a variable run before its gradient is kept", () => {
    const x = variable([1, 2]);
    x.registerHook((gradient) => gradient.neg());
    x.sum().backward();
    expect(slope(x)).toEqual([-1, -1]);
  });

  test("want a tensor that gradients flow through", () => {
    expect(() => tensor(1).registerHook(() => undefined)).toThrow(
      "registerHook: no gradient flows through this tensor",
    );
    const y = variable(3).mul(2);
    Reflect.apply(y.registerHook, y, [() => 3]);
    expect(() => y.backward()).toThrow("registerHook: a hook returned 3, not a tensor or nothing");
  });

  test("that return null change nothing", () => {
    const x = variable(3);
    const y = x.mul(2);
    Reflect.apply(y.registerHook, y, [() => null]);
    y.backward();
    expect(slope(x)).toEqual([2]);
  });
});

describe("what cannot be right is refused", () => {
  const x = variable([1, 2]);
  test.each<[string, () => void, string]>([
    ["no variable", () => tensor(1).backward(), "backward: no Variable that requires a gradient leads to this tensor"],
    ["nothing recorded", () => noGrad(() => x.sum()).backward(), "made within noGrad"],
    [
      "no scalar",
      () => x.mul(2).backward(),
      "backward: [2] is no scalar: reduce it first (loss.mean()), or pass its gradient",
    ],
    ["another shape", () => x.mul(2).backward(zeros([2, 1])), "backward: the gradient is [2,1], the tensor [2]"],
  ])("%s", (_, run, message) => expect(run).toThrow(message));

  test("a gradient of another shape names op, input and both shapes", () => {
    const wrong = customOp({ name: "wrong", forward: (a) => a.mul(2), backward: ({ dy }) => [dy.sum()] });
    expect(() => wrong(x).sum().backward()).toThrow(AutogradError);
    expect(() => wrong(x).sum().backward()).toThrow("wrong: the gradient of input 0 has shape [], the input [2]");
  });

  test("a gradient that is no float", () => {
    const wrong = customOp({ name: "wrong", forward: (a) => a.mul(2), backward: ({ dy }) => [dy.gt(0)] });
    expect(() => wrong(x).sum().backward()).toThrow("wrong: the gradient of input 0 is bool, not a float");
  });
});
