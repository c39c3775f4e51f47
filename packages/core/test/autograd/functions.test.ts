// Derivatives in functional form: products with the Jacobian from both sides, Hessians, functions within functions.

import { describe, expect, test } from "vitest";
import {
  enableGrad,
  grad,
  gradcheck,
  hessian,
  jacobian,
  jvp,
  noGrad,
  type Tensor,
  type TensorFunction,
  tensor,
  Variable,
  valueAndGrad,
  vjp,
  zeros,
} from "../../src/index.ts";
import { firstDifference, flat, scattered } from "../exam/reference.ts";

const vector = (values: number[]): Tensor => tensor(values, { dtype: "float64" });
const scalar = (value: number): Tensor => tensor(value, { dtype: "float64" });
const random = (length: number, seed: number): Tensor => vector(scattered(length, 1, seed));

const functions: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["elementwise", (x) => x.sin().mul(x.exp())],
  ["a reduction", (x) => x.square().sum().reshape([1])],
  ["linear", (x) => x.mul(3).slice([null, null, -1])],
  ["constant", (x) => x.mul(0).detach().add(2)],
  ["softmax", (x) => x.softmax()],
  ["a product", (x) => x.reshape([2, 3]).matmul(x.reshape([3, 2]).tanh())],
  ["a shape that grows", (x) => x.unsqueeze(0).mul(x.unsqueeze(1))],
  ["a norm", (x) => x.div(x.norm())],
];

describe.each(functions)("of %s", (_, f) => {
  const x = random(6, 2);

  test("vjp·u = v·jvp for random u, v", () => {
    for (const seed of [3, 4, 5]) {
      const u = random(6, seed);
      const { value, pullback } = vjp(f, x);
      const v = random(value.size, seed + 10).reshape(value.shape);
      const [back = x] = pullback(v);
      const { tangent } = jvp(f, x, u);
      expect(tangent.shape).toEqual(value.shape);
      expect(back.mul(u).sum().item()).toBeCloseTo(tangent.mul(v).sum().item(), 12);
    }
  });

  test("jvp is the slope along a direction", () => {
    const [u, step] = [random(6, 7), 1e-6];
    const { value, tangent } = jvp(f, x, u);
    const ahead = f(x.add(u.mul(step)));
    const behind = f(x.sub(u.mul(step)));
    expect(firstDifference(flat(tangent), flat(ahead.sub(behind).div(2 * step)), 1e-3, 1e-7)).toBeNull();
    expect(flat(value)).toEqual(flat(f(x)));
  });

  test("jacobian holds both", () => {
    const matrix = jacobian(f, x);
    const { value, pullback } = vjp(f, x);
    expect(matrix.shape).toEqual([...value.shape, 6]);
    const [u, v] = [random(6, 8), random(value.size, 9)];
    const rows = matrix.reshape([value.size, 6]);
    expect(firstDifference(flat(rows.matmul(u)), flat(jvp(f, x, u).tangent), 1e-12)).toBeNull();
    expect(firstDifference(flat(v.matmul(rows)), flat(pullback(v.reshape(value.shape))[0] ?? x), 1e-12)).toBeNull();
  });
});

describe("grad", () => {
  test.each([
    [1, 4 * 8],
    [2, 12 * 4],
    [3, 24 * 2],
    [4, 24],
    [5, 0],
  ])("applied %d times to x⁴ at 2", (times, expected) => {
    let f: TensorFunction = (...[x = scalar(0)]) => x.pow(4);
    for (let order = 0; order < times; order++) f = grad(f);
    expect(f(scalar(2)).item()).toBe(expected);
  });

  test("gives the value and every input's gradient", () => {
    const { value, gradients } = valueAndGrad((a, b = a) => a.mul(b).sum())(vector([1, 2]), vector([3, 4]));
    expect(value.item()).toBe(11);
    expect(value.requiresGrad).toBe(false);
    expect(gradients.map(flat)).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  test("of an unused input is zeros", () => {
    const { gradients } = valueAndGrad((a) => a.sum())(vector([1]), vector([2, 3]));
    expect(gradients.map(flat)).toEqual([[1], [0, 0]]);
  });

  test("wants a scalar, and an input", () => {
    expect(() => grad((x) => x)(vector([1, 2]))).toThrow(
      "grad: the function gave [2], not a scalar: reduce it, or use vjp",
    );
    expect(() =>
      Reflect.apply(
        grad(() => scalar(1)),
        null,
        [],
      ),
    ).toThrow("grad: the function was called without inputs");
  });

  test("leaves variables' own gradients alone", () => {
    const w = new Variable(vector([1, 2]));
    grad((x) => x.mul(w).sum())(vector([3, 4]));
    expect(w.grad).toBeNull();
  });

  test("works within noGrad, and within enableGrad within it", () => {
    const cube = grad((x) => x.pow(3).sum());
    expect(noGrad(() => cube(scalar(2)).item())).toBe(12);
    expect(noGrad(() => grad(cube)(scalar(2)).item())).toBe(12);
    expect(noGrad(() => enableGrad(() => grad(cube)(scalar(2)).item()))).toBe(12);
    expect(noGrad(() => jvp((x) => x.square(), scalar(3), scalar(1)).tangent.item())).toBe(6);
  });
});

describe("functions that close over what is differentiated", () => {
  test("the outer derivative sees the inner one's dependence", () => {
    // d/da (d/dy a·y²) = 2y
    const outer = grad((a) => grad((y) => y.square().mul(a))(scalar(2)));
    expect(outer(scalar(5)).item()).toBe(4);
    // the same through the inner value: d/da (a·y²) = y²
    expect(grad((a) => valueAndGrad((y) => y.square().mul(a))(scalar(2)).value)(scalar(5)).item()).toBe(4);
  });

  test("perturbations are not confused", () => {
    // d/dx [x · d/dy (x + y)] at x = 1 is 1, not 2
    const f = grad((x) => x.mul(grad((y) => x.add(y))(scalar(1))));
    expect(f(scalar(1)).item()).toBe(1);
  });

  test("a penalty on a gradient trains the parameters", () => {
    const w = new Variable(scalar(3), { name: "w" });
    const slope = grad((x) => x.square().mul(w))(scalar(2)); // 2xw
    slope.square().backward(); // d (2xw)² / dw = 8x²w
    expect(w.grad?.item()).toBe(8 * 4 * 3);
  });

  test("mixed: jvp and hessian inside a gradient", () => {
    const through = (part: "value" | "tangent"): number =>
      grad((a) => jvp((x) => x.pow(3).mul(a), scalar(2), scalar(1))[part])(scalar(7)).item();
    expect([through("value"), through("tangent")]).toEqual([8, 12]); // x³ and 3x²
    gradcheck((a) => hessian((x) => x.pow(3).mul(a).sum(), vector([1, 2])), [scalar(2)]);
    gradcheck((a) => jvp((x) => x.sin().mul(a), a.square(), a).tangent, [vector([0.3, 0.8])], { order: 2 });
  });
});

describe("hessian", () => {
  test("of a quadratic form is its matrix, of separable functions a diagonal", () => {
    const form = tensor(
      [
        [2, 1],
        [1, 5],
      ],
      { dtype: "float64" },
    );
    expect(hessian((x) => x.matmul(form).mul(x).sum().mul(0.5), vector([3, 4])).toArray()).toEqual([
      [2, 1],
      [1, 5],
    ]);
    const f = hessian((x) => x.exp().sum(), vector([0, 1]));
    expect(firstDifference(flat(f), [1, 0, 0, Math.E], 1e-14)).toBeNull();
  });

  test("is symmetric, for any shape", () => {
    const x = random(6, 3).reshape([2, 3]);
    const matrix = hessian((m) => m.matmul(m.transpose()).sin().sum(), x).reshape([6, 6]);
    expect(firstDifference(flat(matrix), flat(matrix.transpose()), 1e-12)).toBeNull();
    gradcheck((m) => m.matmul(m.transpose()).sin().sum(), [x], { order: 2 });
  });
});

describe("what does not fit is refused", () => {
  test.each<[() => unknown, string]>([
    [() => jvp((x) => x, vector([1, 2]), vector([1])), "jvp: the input is [2], the direction [1]"],
    [() => vjp((x) => x, vector([1, 2])).pullback(zeros([3])), "vjp: the gradient is [3], the function's result [2]"],
    [
      () => grad((x) => x.sum())(tensor([1, 2], { dtype: "int32" })),
      "grad: the first input is int32, and only floats have gradients",
    ],
    [() => Reflect.apply(vjp, null, [() => 3, vector([1])]), "vjp: the function must return one tensor"],
  ])("%s", (run, message) => expect(run).toThrow(message));
});
