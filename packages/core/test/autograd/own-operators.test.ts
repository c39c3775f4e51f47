// What users make: operators from formulas, operators with gradients of their own, updates in place; and gradcheck, which must
// find a gradient that is wrong.

import { describe, expect, test } from "vitest";
import { setCodeGeneration } from "../../src/engine/codegen.ts";
import {
  boolDType,
  customOp,
  DTypeError,
  elementwise,
  floatDType,
  gather,
  gradcheck,
  OptionError,
  ShapeError,
  type Tensor,
  tensor,
  update,
  Variable,
  vjp,
} from "../../src/index.ts";
import { firstDifference, flat, scattered } from "../exam/reference.ts";

const doubles = (values: number[]): Tensor => tensor(values, { dtype: "float64" });

describe("elementwise", () => {
  const silu = elementwise({ name: "silu", forward: (x) => x.mul(x.sigmoid()) });
  const huber = elementwise({
    name: "huber",
    result: floatDType,
    forward: (a, b) => a.sub(b).abs().le(1).where(a.sub(b).square().mul(0.5), a.sub(b).abs().sub(0.5)),
  });

  test("runs and differentiates what the formula says", () => {
    const x = doubles([-3, -0.4, 0, 1.3]);
    expect(
      firstDifference(
        flat(silu(x)),
        flat(x).map((v) => v / (1 + Math.exp(-v))),
        1e-14,
      ),
    ).toBeNull();
    gradcheck(silu, [x], { order: 2 });
    gradcheck((a, b = a) => huber(a, b), [x, doubles([0.2, 0.1, 2.5, 1.1])], { order: 2 });
  });

  test("takes numbers and broadcasts", () => {
    expect(huber(tensor([[1], [5]]), tensor([0, 1])).toArray()).toEqual([
      [0.5, 0],
      [4.5, 3.5],
    ]);
    expect(huber(3, 0).item()).toBe(2.5);
  });

  test("takes any number of inputs", () => {
    const mix = elementwise({ name: "mix", forward: (a, b, c, d) => a.mul(b).add(c.mul(d)) });
    const inputs = [1, 2, 3, 4].map((seed) => doubles(scattered(3, 1, seed)));
    gradcheck(mix, inputs, { order: 2 });
    expect(() => mix(tensor(1), 2)).toThrow("mix: expected 4 inputs, got 2");
  });

  test("a condition may compute with fractions", () => {
    const half = elementwise({ name: "half", result: boolDType, forward: (x) => x.mul(0.5).gt(0.4) });
    for (const allowed of [null, false]) {
      setCodeGeneration(allowed);
      expect(half(tensor([0.2, 0.9])).toArray()).toEqual([false, true]);
      expect(half(tensor([0, 1, 3], { dtype: "int32" })).toArray()).toEqual([false, true, true]);
    }
    setCodeGeneration(null);
  });

  test("products of integers wrap, products with fractions do not", () => {
    const scaled = elementwise({ name: "scaled", forward: (x) => x.mul(x).mul(0.5) });
    expect(flat(scaled(tensor([65536, 3], { dtype: "int32" })))).toEqual([0, 4]); // 2³² wraps to 0; 4.5 loses its fraction
  });

  test("uses a gradient that is given", () => {
    const straight = elementwise({ name: "straight", forward: (x) => x.round(), gradient: (dy) => [dy] });
    const { value, pullback } = vjp(straight, doubles([0.4, 1.6]));
    expect(flat(value)).toEqual([0, 2]);
    expect(flat(pullback(doubles([3, 5]))[0] ?? value)).toEqual([3, 5]);
  });

  test.each<[() => unknown, typeof OptionError | typeof ShapeError | typeof DTypeError, string]>([
    [
      () => elementwise({ name: "any", forward: (...xs) => xs[0] ?? expect.unreachable() }),
      OptionError,
      "elementwise any: forward must name its inputs",
    ],
    [() => Reflect.apply(silu, null, ["text"]), DTypeError, 'silu: expected a tensor or a number, got "text"'],
    // What the types refuse, and JavaScript does not.
    [
      () => Reflect.apply(elementwise, null, [{ name: "any", forward: (_: unknown) => 3 }])(tensor([1])),
      OptionError,
      "any: got 3 in a formula: a formula is made of its inputs and numbers; pass tensors as inputs",
    ],
    [
      () =>
        elementwise({ name: "any", forward: (x) => Reflect.apply(x.mul, x, [new Variable(tensor(2))]) })(tensor([1])),
      OptionError,
      "mul: got Variable in a formula",
    ],
    [
      () => Reflect.apply(huber, null, [tensor([1, 2]), tensor([1, 2, 3])]),
      ShapeError,
      "huber [2] and [3]: axis 0: 2 and 3 differ",
    ],
  ])("%s is refused", (run, kind, text) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(text);
  });
});

describe("customOp", () => {
  const root = customOp({
    name: "root",
    forward: (x) => tensor(x.toTypedArray().map(Math.sqrt), { shape: x.shape }),
    backward: ({ dy, output }) => [dy.div(output.mul(2))],
  });

  test("computes in any way and differentiates by its own rule, to any order", () => {
    gradcheck(root, [doubles([0.3, 2, 9])], { order: 2 });
  });

  test("gives null where an input has no gradient", () => {
    const scale = customOp({ forward: (x, factor = x) => x.mul(factor), backward: ({ dy }) => [dy.mul(7), null] });
    const [x, factor] = [new Variable(doubles([1, 2])), new Variable(doubles([3, 4]))];
    scale(x, factor).sum().backward();
    expect(x.grad?.toArray()).toEqual([7, 7]);
    expect(factor.grad).toBeNull();
  });

  test.each<[string, () => unknown, string]>([
    [
      "a missing gradient",
      () => {
        const op = customOp({ name: "short", forward: (a, b = a) => a.add(b), backward: ({ dy }) => [dy] });
        op(new Variable(tensor([1])), tensor([2]))
          .sum()
          .backward();
      },
      "short: backward must return one gradient (or null) for each of the 2 inputs",
    ],
    [
      "a gradient that is none",
      () => {
        const parts = { name: "odd", forward: (a: Tensor) => a.mul(2), backward: (given: unknown) => [given] };
        Reflect.apply(customOp, null, [parts])(new Variable(tensor(1))).backward();
      },
      "odd: backward must return one gradient (or null) for each of the 1 inputs",
    ],
    [
      "no tensor",
      () => Reflect.apply(customOp, null, [{ name: "none", forward: () => 3, backward: () => [] }])(tensor(1)),
      "none: forward must return a tensor",
    ],
  ])("refuses %s", (_, run, text) => expect(run).toThrow(text));
});

describe("gradcheck finds", () => {
  const wrong = (backward: (dy: Tensor, x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
    customOp({ name: "wrong", forward: (x) => x.square(), backward: ({ dy, inputs: [x = dy] }) => [backward(dy, x)] });
  const x = doubles([1, -2, 3]);

  test.each<[string, (x: Tensor) => Tensor]>([
    ["a missing factor", wrong((dy, a) => dy.mul(a))],
    ["a wrong sign", wrong((dy, a) => dy.mul(a).mul(-2))],
    ["a gradient of zero", wrong((dy) => dy.mul(0))],
    ["a gradient that forgets dy", wrong((_, a) => a.mul(2))],
    ["gradients in each other's places", wrong((dy, a) => dy.mul(a).mul(2).slice([null, null, -1]))],
    ["an error of a percent", wrong((dy, a) => dy.mul(a).mul(2.02))],
    ["NaN", wrong((dy) => dy.mul(Number.NaN))],
    ["a value cut off the tape", (a) => a.mul(a.detach())],
    ["a jump", (a) => a.sign().mul(0).add(a.floor())],
  ])("%s", (_, f) => {
    expect(() => gradcheck(f, [x])).toThrow(
      /gradcheck: input 0 \[3\], element \d: the gradient is \S+, the difference quotient/,
    );
  });

  test("a second derivative that is wrong while the first is right", () => {
    const cube = wrong((dy, a) => dy.mul(a.detach()).mul(2));
    gradcheck(cube, [x]);
    expect(() => gradcheck(cube, [x], { order: 2 })).toThrow("gradcheck");
  });

  test("which input is wrong, and takes integers as they are", () => {
    const op = customOp({
      forward: (a, b = a) => a.mul(b),
      backward: ({ dy, inputs: [a, b = dy] }) => [dy.mul(b), a ?? null],
    });
    expect(() => gradcheck(op, [x, x])).toThrow("input 1");
    const index = tensor([2, 0], { dtype: "int32" });
    expect(gradcheck((a, i = a) => gather(a, i), [x, index])).toBe(true);
  });

  test("options out of range", () => {
    expect(() => gradcheck((a) => a, [x], { epsilon: 0 })).toThrow("gradcheck: epsilon must be > 0, got 0");
  });
});

describe("update", () => {
  const momentum = update({
    name: "momentum",
    forward: (w, v, g, rate) => {
      const next = v.mul(0.9).add(g);
      return [w.sub(next.mul(rate)), next];
    },
  });
  const variable = (values: number[], name = ""): Variable => new Variable(tensor(values), { name });

  test("gives several Variables new values in one pass, from their old ones", () => {
    for (const allowed of [null, false]) {
      setCodeGeneration(allowed);
      const [w, v] = [variable([1, 2]), variable([10, 20])];
      momentum([w, v], [tensor([1, 1]), 0.5]);
      expect(w.toArray()).toEqual([-4, -7.5]);
      expect(v.toArray()).toEqual([10, 19]);
    }
    setCodeGeneration(null);
  });

  test("counts as an assignment", () => {
    const [w, v] = [variable([1], "w"), variable([0])];
    const loss = w.mul(w).sum();
    momentum([w, v], [tensor([1]), 0.1]);
    expect(() => loss.backward()).toThrow("Variable w was assigned after mul used it");
  });

  test("reads views of its targets as they were before", () => {
    const swap = update({ name: "swap", forward: (_, x) => [x] });
    const w = variable([1, 2, 3]);
    swap([w], [w.slice([null, null, -1])]);
    expect(w.toArray()).toEqual([3, 2, 1]);
  });

  test.each<[string, () => unknown, typeof ShapeError | typeof DTypeError, string]>([
    [
      "another shape",
      () => momentum([variable([1, 2], "w"), variable([1, 2])], [tensor([1]).broadcastTo([3]), 1]),
      ShapeError,
      "momentum: w has shape [2], another value [3]",
    ],
    [
      "a target of one element",
      () => momentum([variable([1, 2], "w"), variable([1])], [tensor([1, 1]), 1]),
      ShapeError,
      "momentum: w has shape [2], another value [1]",
    ],
    [
      "another dtype",
      () => momentum([variable([1]), new Variable(tensor([1], { dtype: "float64" }))], [tensor([1]), 1]),
      DTypeError,
      "momentum: targets of float32 and float64",
    ],
  ])("refuses %s", (_, run, kind, text) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(text);
  });

  test("refuses a stale view", () => {
    const [w, other] = [variable([1]), variable([2], "other")];
    const view = other.reshape([1]);
    other.assign([3]);
    expect(() => update({ name: "copy", forward: (_, x) => [x] })([w], [view])).toThrow(
      /Variable other, which was assigned since/,
    );
  });

  test("of nothing does nothing", () => expect(() => momentum([], [1])).not.toThrow());
});
