// What a compiled function means: the same as the function itself, call by call, with everything that happens beside its result.

import { describe, expect, test, vi } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  customOp,
  detectAnomaly,
  dropout,
  elementwise,
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
  update,
  Variable,
} from "../../src/index.ts";
import { overrideFeatures } from "../../src/wasm/features.ts";

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

describe("arguments and results", () => {
  test("any nesting of arrays and plain objects, with null, strings and booleans between", () => {
    const f = compile(({ batch, mode }: { batch: [Tensor, { y: Tensor }]; mode: string }) => ({
      sum: batch[0].add(batch[1].y),
      parts: [batch[0].mul(2), null, { mode, flag: true }],
    }));
    const call = (mode: string) => f({ batch: [tensor([1, 2]), { y: tensor([10, 20]) }], mode });
    const { sum, parts } = call("a");
    expect([sum.toArray(), (parts[0] as Tensor).toArray(), parts[1], parts[2]]).toEqual([
      [11, 22],
      [2, 4],
      null,
      { mode: "a", flag: true },
    ]);
    expect(call("b").parts[2]).toEqual({ mode: "b", flag: true });
    expect(f.programs.length).toBe(2);
  });

  test("one tensor twice, then two tensors of the same kind", () => {
    const f = compile((a: Tensor, b: Tensor) => a.sub(b));
    const [one, two] = [tensor([5]), tensor([3])];
    expect(f(one, one).item()).toBe(0);
    expect(f(one, two).item()).toBe(2);
    expect(f(two, one).item()).toBe(-2);
  });

  test("an argument, a Variable, a constant and one result twice go through", () => {
    const w = weight();
    const constant = tensor([7]);
    const f = compile((x: Tensor) => {
      const y = x.mul(2);
      return [x, w, constant, y, y.reshape([2, 1]), y] as const;
    });
    const results = f(tensor([1, 2]));
    expect(results[1]).toBe(w);
    expect(results.map((value) => value.toArray())).toEqual([[1, 2], [1, 2, 3], [7], [2, 4], [[2], [4]], [2, 4]]);
  });

  test("results are fresh: the next call leaves them", () => {
    const f = compile((x: Tensor) => x.mul(2));
    const first = f(tensor([1, 2]));
    f(tensor([3, 4]));
    expect(first.toArray()).toEqual([2, 4]);
  });

  test("arguments may be views, and of any dtype", () => {
    const f = compile((x: Tensor, labels: Tensor, wide: Tensor) => [x.add(1), labels.eq(1), wide.mul(2)]);
    const [a, b, c] = f(
      tensor([
        [1, 2],
        [3, 4],
      ]).transpose(),
      tensor([0, 1], { dtype: "int32" }),
      tensor([0.1], { dtype: "float64" }),
    );
    expect([a?.toArray(), b?.toArray(), c?.toArray()]).toEqual([
      [
        [2, 4],
        [3, 5],
      ],
      [false, true],
      [0.2],
    ]);
  });
});

describe("what else runs inside", () => {
  const silu = elementwise({ name: "silu", forward: (x) => x.mul(x.sigmoid()) });
  const straight = customOp({ name: "straight", forward: (x) => x.round(), backward: ({ dy }) => [dy] });
  const climb = update({ name: "climb", forward: (w, v, g) => [w.add(g), v.mul(0.5).add(g)] });

  test("another compiled function, an own elementwise operator, an own operator, an update", () => {
    const inner = compile((x: Tensor) => x.mul(3));
    const run = (w: Variable, v: Variable) => (x: Tensor) => {
      w.grad = null;
      const loss = straight(silu(w).mul(inner(x))).sum();
      loss.backward();
      if (w.grad !== null) climb([w, v], [w.grad]);
      return loss;
    };
    const [one, two] = [
      [weight(), weight()],
      [weight(), weight()],
    ] as const;
    const step = compile(run(...one));
    for (let call = 0; call < 3; call++) {
      expect(step(tensor([1, 2, 3])).item()).toBeCloseTo(run(...two)(tensor([1, 2, 3])).item(), 4);
    }
    for (const index of [0, 1] as const) {
      for (const [place, value] of [...one[index].toTypedArray()].entries()) {
        expect(value / (two[index].toTypedArray()[place] ?? 0)).toBeCloseTo(1, 5);
      }
    }
    expect(inner.programs.length).toBe(1); // made by the eager runs: within the captured ones it was inlined
  });

  test("copies of Variables are taken at each call", () => {
    const w = new Variable(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    const f = compile(() => {
      const old = w.clone();
      const flat = w.transpose().reshape([4]);
      w.assign(w.mul(2));
      return [old, flat, w.transpose().reshape([4])];
    });
    f();
    expect(f().map((value) => value.toArray())).toEqual([
      [
        [2, 4],
        [6, 8],
      ],
      [2, 6, 4, 8],
      [4, 12, 8, 16],
    ]);
  });

  test("detectAnomaly runs the call eagerly and names the operation", () => {
    const f = compile((x: Tensor) => x.log());
    expect(() => detectAnomaly(() => f(tensor([0])))).toThrow("log gave -Infinity");
    expect(f.programs.length).toBe(0);
  });

  test("without WebAssembly everything runs eagerly, with one warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const restore = overrideFeatures({ webAssembly: false });
    const f = compile((x: Tensor) => x.mul(2));
    expect([f(tensor([2])).item(), compile(f)(tensor([3])).item(), f.programs.length]).toEqual([4, 6, 0]);
    expect(warn).toHaveBeenCalledTimes(1);
    restore();
    warn.mockRestore();
    expect([f(tensor([2])).item(), f.programs.length]).toEqual([4, 1]);
  });
});
