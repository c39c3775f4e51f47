// The functional transforms, eager and compiled: structures, products with the Hessian, and v·(J·u) = (v·J)·u over the register.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  checkpoint,
  customOp,
  detectAnomaly,
  grad,
  gradcheck,
  hessian,
  hessianVectorProduct,
  jacobian,
  jvp,
  Tensor,
  tensor,
  Variable,
  valueAndGrad,
  vjp,
} from "../../src/index.ts";
import { firstDifference, flat, scattered } from "../exam/reference.ts";
import { registry, runSample } from "../exam/registry.ts";

const doubles = (count: number, seed: number): Tensor => tensor(Float64Array.from(scattered(count, 1, seed)));
const wave = (x: Tensor): Tensor => x.sin().mul(x.square().sum()).sum();

describe("H·v", () => {
  const [x, v] = [doubles(5, 1), doubles(5, 2)];

  test("is the Hessian times the vector, and differentiates further", () => {
    const product = hessianVectorProduct(wave, x, v);
    expect(firstDifference(flat(product), flat(hessian(wave, x).matmul(v)), 1e-12)).toBeNull();
    gradcheck((a) => hessianVectorProduct(wave, a, v), [x], { order: 2 });
    gradcheck((b) => hessianVectorProduct(wave, x, b), [v]);
  });

  test("of a linear function is zeros; shapes must fit", () => {
    expect(flat(hessianVectorProduct((a) => a.sum(), x, v))).toEqual([0, 0, 0, 0, 0]);
    expect(() => hessianVectorProduct<number[]>(wave, x, tensor([1]))).toThrow(
      "hessianVectorProduct: the input is [5], the vector [1]",
    );
  });
});

describe("structures", () => {
  const model = { w: new Variable(tensor([2, 3])), layers: [tensor([1]), tensor([4])], name: "model" };
  type Model = typeof model;
  const loss = ({ w, layers }: Model, x: Tensor, power: number): Tensor =>
    layers
      .reduce((y: Tensor, b) => y.add(b), x.mul(w))
      .pow(power)
      .sum();

  test("of inputs are those of gradients", () => {
    const { value, gradients } = valueAndGrad(loss)(model, tensor([1, -1]), 2);
    expect(value.item()).toBe(7 ** 2 + 2 ** 2);
    const [first, second, third] = gradients;
    expect([flat(first.w), first.layers.map(flat), first.name]).toEqual([[14, -4], [[18], [18]], null]);
    expect([flat(second), third]).toEqual([[28, 12], null]);
    expect(flat(grad(loss)(model, tensor([1, -1]), 2).w)).toEqual([14, -4]);
    expect(model.w.grad).toBeNull();
  });

  test("are differentiated twice, and compiled", () => {
    const slope = (m: { a: Tensor }): Tensor => grad((n: { a: Tensor }) => n.a.pow(3).sum())(m).a.sum();
    expect(flat(grad(slope)({ a: tensor([1, 2]) }).a)).toEqual([6, 12]);
    const run = compile((m: { a: Tensor }) => grad(slope)(m));
    expect(flat(run({ a: tensor([1, 2]) }).a)).toEqual([6, 12]);
    expect(flat(run({ a: tensor([3, 4]) }).a)).toEqual([18, 24]);
  });

  test("without tensors are refused", () => {
    expect(() => grad((n: number) => tensor(n))(3)).toThrow("the first input is no tensor");
  });
});

const clamped = customOp({
  name: "clamped",
  forward: (x) => x.tanh(),
  backward: ({ dy, output }) => [dy.mul(output.square().neg().add(1))],
});

describe.each<[string, (x: Tensor, v: Tensor) => Tensor | readonly Tensor[]]>([
  ["grad", (x) => grad(wave)(x)],
  [
    "valueAndGrad",
    (x) => {
      const { value, gradients } = valueAndGrad(wave)(x);
      return [value, ...gradients];
    },
  ],
  ["vjp", (x, v) => vjp((a) => a.exp().mul(a), x).pullback(v)],
  ["jvp", (x, v) => jvp((a) => a.exp().mul(a), x, v).tangent],
  ["jacobian", (x) => jacobian((a) => a.unsqueeze(1).mul(a).sin().sum(0), x)],
  ["hessian", (x) => hessian(wave, x)],
  ["hessianVectorProduct", (x, v) => hessianVectorProduct(wave, x, v)],
  ["checkpoint", (x) => grad((a) => checkpoint(wave)(a).square())(x)],
  ["customOp", (x) => hessian((a) => clamped(a).square().sum(), x)],
  [
    "registerHook",
    (x) =>
      grad((a) => {
        const y = a.square();
        y.registerHook((gradient) => gradient.mul(3));
        return y.sum();
      })(x),
  ],
])("%s", (_, transform) => {
  test("compiled is what it is eagerly", () => {
    const run = compile((x: Tensor, v: Tensor) => transform(x, v));
    const listed = (found: Tensor | readonly Tensor[]): number[] =>
      found instanceof Tensor ? flat(found) : found.flatMap(flat);
    for (const seed of [1, 2]) {
      const [x, v] = [doubles(4, seed).cast("float32"), doubles(4, seed + 5).cast("float32")];
      expect(firstDifference(listed(run(x, v)), listed(transform(x, v)), 2e-5)).toBeNull();
    }
  });
});

test("detectAnomaly looks into compiled functions from outside, where there are values", () => {
  const run = compile((x: Tensor) => x.log().sum());
  expect(run(tensor([0])).item()).toBe(Number.NEGATIVE_INFINITY);
  expect(() => detectAnomaly(() => run(tensor([0])))).toThrow("log gave -Infinity");
  expect(() => compile((x: Tensor) => detectAnomaly(() => x.log()))(tensor([1]))).toThrow(
    "detectAnomaly: within a compiled function there are no values to look at: call the compiled function within detectAnomaly",
  );
});

describe("v·(J·u) = (v·J)·u", () => {
  const differentiable = registry.filter(({ sample }) => sample?.args[0] instanceof Tensor);
  test.each(differentiable)("$name", (entry) => {
    const { sample } = entry;
    const [at] = sample?.args ?? [];
    if (sample === null || !(at instanceof Tensor)) return;
    const f = (x: Tensor): Tensor => {
      const found = runSample(entry, {
        ...sample,
        args: [
          x,
          ...sample.args
            .slice(1)
            .map((arg) => (arg instanceof Tensor && arg.dtype === "float32" ? arg.cast("float64") : arg)),
        ],
      });
      if (!(found instanceof Tensor)) throw new Error(`${entry.name} gave no tensor`);
      return found;
    };
    const x = at.cast("float64").mul(0.97).add(doubles(at.size, 4).reshape(at.shape).mul(1e-3));
    const { value, pullback } = vjp(f, at.dtype === "float32" ? x : at);
    if (at.dtype !== "float32" || value.dtype !== "float64") return;
    const u = doubles(x.size, 2).reshape(x.shape);
    const v = doubles(value.size, 3).reshape(value.shape);
    const left = v
      .mul(jvp(f, x, u).tangent)
      .sum()
      .item();
    const right = (pullback(v)[0] ?? u).mul(u).sum().item();
    expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(left)));
  });
});
