// What a compiled function leaves and finds: gradients, settings, random numbers, call by call as its function would eagerly.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  crossEntropy,
  dropout,
  everyCall,
  Generator,
  noGrad,
  normal,
  observed,
  randint,
  stepScalar,
  type Tensor,
  tensor,
  uniform,
  Variable,
} from "../../src/index.ts";

const weight = (values: readonly number[] = [1, 2, 3], name = "w"): Variable =>
  new Variable<readonly number[]>(tensor(Float32Array.from(values)), { name });

const gradientOf = ({ grad }: Variable): unknown => grad?.toArray() ?? null;

describe("gradients are slots", () => {
  const backward = (w: Variable) => (x: Tensor) => {
    const loss = w.mul(x).square().sum();
    loss.backward();
    return loss;
  };
  const x = tensor([1, 0.5, -2]);

  test("two calls without zeroing add up, as eagerly, and eager code sees them", () => {
    const [w, other] = [weight(), weight()];
    const step = compile(backward(w));
    for (let call = 0; call < 4; call++) {
      expect(step(x).item()).toBe(backward(other)(x).item());
      expect(w.grad?.toArray()).toEqual(other.grad?.toArray());
    }
    expect(step.programs.length).toBe(2);
  });

  test("a gradient that eager code sets is read, one that it removes is not", () => {
    const w = weight();
    const step = compile(backward(w));
    w.grad = tensor([10, 10, 10]);
    step(x);
    expect(w.grad?.toArray()).toEqual([12, 11, 34]);
    w.grad = null;
    step(x);
    expect(gradientOf(w)).toEqual([2, 1, 24]);
  });

  test("zeroed first: one program; zeroed last: nothing is left", () => {
    const w = weight();
    const first = compile((input: Tensor) => {
      w.grad = null;
      backward(w)(input);
    });
    for (let call = 0; call < 3; call++) first(x);
    expect(w.grad?.toArray()).toEqual([2, 1, 24]);
    expect(first.programs.length).toBe(1);
    const last = compile((input: Tensor) => {
      w.grad = null;
      backward(w)(input);
      w.assign(w.sub(w.grad === null ? 0 : w.grad));
      w.grad = null;
    });
    last(x);
    expect(w.grad).toBe(null);
    expect(w.toArray()).toEqual([-1, 1, -21]);
  });

  test("a gradient kept from one call is not touched by the next", () => {
    const w = weight();
    const step = compile((input: Tensor) => {
      w.grad = null;
      backward(w)(input);
    });
    step(x);
    const kept = w.grad;
    step(tensor([0, 0, 0]));
    expect(kept?.toArray()).toEqual([2, 1, 24]);
    expect(w.grad?.toArray()).toEqual([0, 0, 0]);
  });

  test("unread gradients survive what the next call checks and draws first, and a batch that it refuses", () => {
    // Labels are checked and float64 noise is drawn before any kernel runs: both are written while gradients wait to be read.
    const network = () => {
      const generator = new Generator(4);
      const first: Variable<[32, 16]> = new Variable(normal([32, 16], { generator }));
      const second: Variable<[16, 8]> = new Variable(normal([16, 8], { generator }));
      const step = (x: Tensor, labels: Tensor): Tensor => {
        const noise: Tensor = normal([64, 16], { generator, dtype: "float64" }).cast("float32");
        const loss: Tensor = crossEntropy(x.matmul(first).add(noise).relu().matmul(second), labels);
        loss.backward();
        return loss;
      };
      return {
        step,
        gradients: () => [first, second].flatMap(({ grad }) => Array.from(grad?.toTypedArray() ?? [], Number)),
      };
    };
    const [one, other] = [network(), network()];
    const step = compile(one.step);
    const generator = new Generator(3);
    const bad = tensor(new Int32Array(64).fill(8));
    for (let call = 0; call < 4; call++) {
      const x: Tensor = normal([64, 32], { generator });
      const labels: Tensor = randint([64], { high: 8, generator });
      step(x, labels);
      other.step(x, labels);
      if (call > 1) expect(() => step(x, bad)).toThrow("label");
    }
    const expected = other.gradients();
    expect(one.gradients().length).toBe(expected.length);
    for (const [index, value] of one.gradients().entries()) expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 4);
  });

  test("the gradient is the value that a Variable had, though the call assigns it", () => {
    const [u, w] = [weight([0, 0, 0], "u"), weight()];
    const step = compile(() => {
      u.grad = null;
      u.mul(w).sum().backward();
      w.assign(w.mul(2));
    });
    step();
    expect([u.grad?.toArray(), w.toArray()]).toEqual([
      [1, 2, 3],
      [2, 4, 6],
    ]);
    step();
    expect(u.grad?.toArray()).toEqual([2, 4, 6]);
  });

  test("hooks are traced; noGrad leaves nothing to go back", () => {
    const w = weight();
    w.registerHook((gradient) => gradient.mul(10));
    const step = compile((input: Tensor) => {
      w.grad = null;
      const constant = noGrad(() => w.mul(2));
      w.mul(input).mul(constant).sum().backward();
    });
    step(x);
    expect(w.grad?.toArray()).toEqual([20, 20, -120]);
  });
});

describe("numbers that change", () => {
  test("a learning rate through stepScalar recompiles nothing; effects happen at each call", () => {
    const w = weight([0, 0, 0]);
    let [rate, steps] = [0.1, 0];
    const step = compile((g: Tensor) => {
      everyCall(() => void steps++);
      const scale = stepScalar(() => rate * steps);
      w.assign(w.sub(g.mul(scale)));
    });
    step(tensor([1, 2, 3]));
    rate = 1;
    step(tensor([1, 2, 3]));
    expect(w.toArray()).toEqual([-2.0999999046325684, -4.199999809265137, -6.300000190734863]);
    expect([steps, step.programs.length]).toEqual([2, 1]);
  });

  test("plain numbers are variants; the ninth is refused", () => {
    const scaled = compile((x: Tensor, factor: number) => x.mul(factor));
    for (let factor = 1; factor <= 8; factor++) expect(scaled(tensor([1]), factor).item()).toBe(factor);
    expect(scaled(tensor([2]), 3).item()).toBe(6);
    expect(() => scaled(tensor([1]), 9)).toThrow("8 kinds of arguments have been compiled, and this is another");
  });

  test("flags that are observed make a program each, and each is found again", () => {
    const layer = { training: true };
    const f = compile((x: Tensor) => (observed(() => layer.training) ? x.mul(2) : x));
    const seen = [true, false, true, false].map((training) => {
      layer.training = training;
      return f(tensor([1])).item();
    });
    expect(seen).toEqual([2, 1, 2, 1]);
    expect(f.programs.length).toBe(2);
  });

  test("freezing and unfreezing a Variable", () => {
    const [w, v] = [weight(), weight([1, 1, 1], "v")];
    const step = compile((x: Tensor) => {
      for (const variable of [w, v]) variable.grad = null;
      w.mul(v).mul(x).sum().backward();
    });
    const x = tensor([1, 2, 3]);
    w.requiresGrad = false;
    step(x);
    expect([w.grad, v.grad?.toArray()]).toEqual([null, [1, 4, 9]]);
    w.requiresGrad = true;
    step(x);
    expect(w.grad?.toArray()).toEqual([1, 2, 3]);
    v.requiresGrad = false;
    step(x);
    expect([w.grad?.toArray(), v.grad]).toEqual([[1, 2, 3], null]);
  });
});

describe("random numbers", () => {
  const draws: Record<string, (generator: Generator) => readonly Tensor[]> = {
    uniform: (generator) => [uniform([5, 3], { generator })],
    dropout: (generator) => [dropout(tensor([1, 2, 3, 4, 5, 6, 7]), 0.5, { generator })],
    "normal, then uniform": (generator) => [normal([5], { generator }), uniform([5], { generator })],
    "uniform, normal, randint, uniform of float64, uniform": (generator) => [
      uniform([4], { generator }),
      normal([3], { generator }).mul(2),
      randint([9], { high: 100, generator }),
      uniform([3], { generator, dtype: "float64" }),
      uniform([4], { generator }),
    ],
  };
  test.each(Object.entries(draws))("%s: fresh at each call, as eagerly", (_, draw) => {
    const [eager, compiled] = [new Generator(7), new Generator(7)];
    const step = compile(() => draw(compiled));
    const calls = Array.from({ length: 3 }, () => {
      const [found, expected] = [step(), draw(eager)];
      for (const [index, value] of found.entries()) {
        for (const [place, number] of [...value.toTypedArray()].entries()) {
          expect(number).toBeCloseTo(expected[index]?.toTypedArray()[place] ?? Number.NaN, 5);
        }
      }
      return JSON.stringify(found.map((value) => value.toArray()));
    });
    expect(new Set(calls).size).toBe(3);
    expect(compiled.state).toEqual(eager.state);
  });
});
