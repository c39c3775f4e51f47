// Checkpoints: what is computed again gives the values, gradients, random numbers and effects of what is computed once.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  AutogradError,
  checkpoint,
  detectAnomaly,
  dropout,
  everyCall,
  Generator,
  grad,
  gradcheck,
  hessian,
  jvp,
  manualSeed,
  noGrad,
  normal,
  ones,
  type Tensor,
  tensor,
  uniform,
  Variable,
  valueAndGrad,
} from "../../src/index.ts";
import { firstDifference, flat, identical } from "../exam/reference.ts";

const doubles = (...values: number[]): Tensor => tensor(Float64Array.from(values), { shape: [values.length] });

describe("gradients of what is computed again", () => {
  const w = new Variable(doubles(0.3, -0.7, 1.1), { name: "w" });
  const f = (x: Tensor): Tensor => x.mul(w).tanh().mul(x).sin();

  test("are those of the function, for inputs and for what it reaches", () => {
    const x = doubles(0.5, 1.5, -2);
    const run = (g: (x: Tensor) => Tensor): [Tensor, Tensor | null] => {
      w.grad = null;
      const slope = grad((a) => g(a).square().sum())(x);
      g(x).square().sum().backward();
      return [slope, w.grad];
    };
    const [plain, kept] = [run(f), run(checkpoint(f))];
    expect(firstDifference(flat(kept[0]), flat(plain[0]), 1e-15)).toBeNull();
    expect(flat(kept[1] ?? x)).toEqual(flat(plain[1] ?? ones([1])));
  });

  test("of any order, by every transform", () => {
    const block = checkpoint(f);
    gradcheck((x) => block(x), [doubles(0.4, -0.2, 2)], { order: 2 });
    const x = doubles(0.4, -0.2, 2);
    const scalar = (g: typeof f) => (a: Tensor) => g(a).pow(3).sum();
    expect(firstDifference(flat(hessian(scalar(block), x)), flat(hessian(scalar(f), x)), 1e-13)).toBeNull();
    const third = (g: typeof f): Tensor => grad((a) => grad((b) => grad(scalar(g))(b).sum())(a).sum())(x);
    expect(firstDifference(flat(third(block)), flat(third(f)), 1e-12)).toBeNull();
    const v = doubles(1, 2, 3);
    expect(flat(jvp(block, x, v).tangent)).toEqual(flat(jvp(f, x, v).tangent));
  });

  test("of nested checkpoints, of several results, and of inputs that are structures' values", () => {
    const both = checkpoint((x: Tensor, scale: number): Tensor[] => {
      const inner = checkpoint((a: Tensor) => a.exp().mul(w));
      return [inner(x).mul(scale), x.sin(), inner(x).mul(scale).cast("float32")];
    });
    const plain = (x: Tensor): Tensor[] => [x.exp().mul(w).mul(3), x.sin(), x.exp().mul(w).mul(3).cast("float32")];
    const total = (list: readonly Tensor[]): Tensor =>
      list.reduce((sum, y, i) => sum.add(y.square().mul(i + 1)), doubles(0)).sum();
    const x = doubles(0.1, 0.2, 0.3);
    const found = flat(grad((a) => total(both(a, 3)))(x));
    expect(firstDifference(found, flat(grad((a) => total(plain(a)))(x)), 1e-7)).toBeNull();
    gradcheck((a) => total(both(a, 3).slice(0, 2)), [x], { order: 2 });
    const unused = grad((a) => both(a, 3)[1] ?? a);
    expect(flat(unused(doubles(0.5)).sub(doubles(0.5).cos()))).toEqual([0]);
  });

  test("through tensors that the function closes over, whose hooks see whole gradients once", () => {
    const seen: number[][] = [];
    const x = new Variable(doubles(1, 2));
    const closed = x.mul(2);
    closed.registerHook((gradient) => {
      seen.push(flat(gradient));
      return undefined;
    });
    const block = checkpoint((a: Tensor) => a.mul(closed));
    block(doubles(3, 4).add(x)).add(closed).sum().backward();
    expect(seen).toEqual([[5, 7]]);
    expect(flat(x.grad ?? closed)).toEqual([2 + 10, 4 + 14]);
  });
});

test("the function runs once more for a backward pass, and not at all without gradients", () => {
  let runs = 0;
  const block = checkpoint((x: Tensor) => {
    runs++;
    return x.exp().exp();
  });
  noGrad(() => block(new Variable(ones([2]))));
  expect(runs).toBe(1);
  block(ones([2]));
  expect(runs).toBe(2);
  const y = block(new Variable(ones([2]))).sum();
  expect(runs).toBe(3);
  y.backward();
  expect(runs).toBe(4);
});

describe("random numbers", () => {
  const own = new Generator(5);
  const noisy = (x: Tensor): Tensor =>
    dropout(x, 0.5, { generator: own })
      .mul(uniform([64]))
      .add(normal([64]))
      .mul(x);

  test("are the same again, from any generator, and each is drawn once", () => {
    const run = (g: typeof noisy): [Tensor[], unknown] => {
      manualSeed(3);
      own.state = { seed: 5, calls: 0 };
      const results = [0, 1].flatMap(() => {
        const { value, gradients } = valueAndGrad((x) => g(g(x)).sum())(ones([64]));
        return [value, ...gradients];
      });
      return [results, [own.state, flat(uniform([2]))]];
    };
    const [plain, kept] = [run(noisy), run(checkpoint(noisy))];
    expect(kept[0].every((tensor, index) => identical(tensor, plain[0][index] ?? tensor))).toBe(true);
    expect(kept[1]).toEqual(plain[1]);
    expect(run(checkpoint((x: Tensor) => checkpoint(noisy)(x)))).toEqual(plain);
    manualSeed(0);
  });
});

test("effects happen once", () => {
  const [mean, calls] = [new Variable(tensor([0]), { requiresGrad: false }), { count: 0 }];
  const block = checkpoint((x: Tensor) => {
    mean.assign(mean.add(x.mean()).detach());
    everyCall(() => calls.count++);
    return x.square();
  });
  expect(flat(grad((x) => block(x).sum())(tensor([4])))).toEqual([8]);
  expect([flat(mean), calls.count]).toEqual([[4], 1]);
});

test("a captured function computes the same, gradients and random numbers included", () => {
  const w = new Variable(tensor([0.5, -1]), { name: "w" });
  const step = (g: (f: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) =>
    compile((x: Tensor) => {
      const loss = g((a) => dropout(a.mul(w).tanh(), 0.5))(x).sum();
      w.grad = null;
      loss.backward();
      return [loss, w.grad] as const;
    });
  const results = [step((f) => f), step(checkpoint)].map((run) => {
    manualSeed(1);
    return [1, 2, 3].map((k) => run(tensor([k, 2])).map((y) => (y === null ? [] : flat(y))));
  });
  expect(results[1]).toEqual(results[0]);
  manualSeed(0);
});

describe("what cannot be right is refused", () => {
  test("a Variable that was assigned before backward", () => {
    const w = new Variable(doubles(2), { name: "w" });
    const y = checkpoint((x: Tensor) => x.mul(w))(new Variable(doubles(3))).sum();
    w.assign([5]);
    expect(() => y.backward()).toThrow(AutogradError);
    expect(() => y.backward()).toThrow("checkpoint: Variable w was assigned after the function used it");
  });

  test("another course", () => {
    const [u, v] = [new Variable(doubles(2), { name: "u" }), new Variable(doubles(3), { name: "v" })];
    let first = true;
    const y = checkpoint((x: Tensor) => {
      const result = x.mul(first ? u : v);
      first = false;
      return result;
    })(doubles(1).add(u));
    expect(() => y.sum().backward()).toThrow("v was not reached the first time");
  });

  test("what is no tensor", () => {
    expect(() =>
      Reflect.apply(
        checkpoint(() => Reflect.get({}, "none")),
        null,
        [],
      ),
    ).toThrow("checkpoint: the function must return a tensor or a list of tensors");
  });

  test("NaN within, by detectAnomaly", () => {
    const x = new Variable(doubles(0));
    expect(() =>
      detectAnomaly(() =>
        checkpoint((a: Tensor) => a.sqrt().square())(x)
          .sum()
          .backward(),
      ),
    ).toThrow("sqrt");
  });
});
