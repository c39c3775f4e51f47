// Regularizers and constraints: what they ask for, how it reaches the loss, and the weights after a step; eager and compiled.

import {
  checkpoint,
  GradusError,
  manualSeed,
  noGrad,
  OptionError,
  ShapeError,
  type Tensor,
  tensor,
  uniform,
  Variable,
} from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  Conv1D,
  Conv2D,
  ConvTranspose2D,
  Dense,
  Embedding,
  GRU,
  initializers,
  Layer,
  LSTM,
  l1,
  l1l2,
  l2,
  maxNorm,
  meanSquaredError,
  minMaxNorm,
  nonNegative,
  ReLU,
  Sequential,
  SimpleRNN,
  unitNorm,
} from "../src/index.ts";

const sumOf = (x: Tensor | null | undefined, of: (value: number) => number): number =>
  Array.from(x?.toTypedArray() ?? []).reduce((sum, value) => sum + of(value), 0);
const squares = (x: Tensor | null | undefined): number => sumOf(x, (value) => value ** 2);
const sizes = (x: Tensor | null | undefined): number => sumOf(x, Math.abs);
const value = (layer: Layer): number => layer.regularization()?.item() ?? 0;

describe("regularizers", () => {
  const w = tensor(
    [
      [1, -2],
      [0, 4],
    ],
    { dtype: "float64" },
  );

  test("values", () => {
    expect(l1(0.5)(w).item()).toBe(3.5);
    expect(l2(0.5)(w).item()).toBe(10.5);
    expect(l1l2({ l1: 0.5, l2: 0.25 })(w).item()).toBe(8.75);
    expect([l1()(w).item(), l2()(w).item(), l1l2()(w).item()]).toEqual(
      [0.07, 0.21, 0.28].map((x) => expect.closeTo(x)),
    );
  });

  test("gradients: λ·sign w and 2·λ·w", () => {
    const variable = new Variable(w);
    l1l2({ l1: 0.5, l2: 0.25 })(variable).backward();
    expect(variable.grad?.toArray()).toEqual([
      [1, -1.5],
      [0, 2.5],
    ]);
  });

  test.each([() => l1(-1), () => l2(Number.NaN), () => l1l2({ l2: -1 }), () => l1l2({ L1: 1 } as object)])(
    "refuses what is out of range, %#",
    (make) => expect(make).toThrow(OptionError),
  );
});

describe("constraints", () => {
  const w = tensor(
    [
      [3, 0.1],
      [4, 0.2],
    ],
    { dtype: "float64" },
  );
  const norms = (x: Tensor): unknown => x.square().sum(0).sqrt().toArray();

  test("norms over the weights of a unit", () => {
    expect(norms(maxNorm(2)(w))).toEqual([expect.closeTo(2, 12), expect.closeTo(Math.sqrt(0.05), 12)]);
    expect(norms(unitNorm()(w))).toEqual([expect.closeTo(1, 12), expect.closeTo(1, 12)]);
    const between = minMaxNorm({ min: 0.5, max: 1 })(w);
    expect(norms(between)).toEqual([expect.closeTo(1, 12), expect.closeTo(0.5, 12)]);
    // 0.5·1 + 0.5·5
    expect(norms(minMaxNorm({ rate: 0.5 })(w))).toEqual([expect.closeTo(3, 12), expect.closeTo(Math.sqrt(0.05), 12)]);
    expect(nonNegative()(tensor([-1, 0, 2])).toArray()).toEqual([0, 0, 2]);
  });

  test("kernels of convolutions by filter, biases as a whole, rows where asked", () => {
    const kernel = uniform([3, 3, 4, 5], { low: 1, high: 2 });
    const sums = maxNorm(1)(kernel).square().sum([0, 1, 2]).toArray();
    expect(sums).toEqual(Array.from({ length: 5 }, () => expect.closeTo(1, 5)));
    expect(maxNorm(1)(tensor([3, 4])).toArray()).toEqual([expect.closeTo(0.6), expect.closeTo(0.8)]);
    expect(unitNorm({ axis: -1 })(w).square().sum(1).toArray()).toEqual([expect.closeTo(1), expect.closeTo(1)]);
  });

  test("what is allowed stays to the bit, and zeros stay", () => {
    const small = uniform([20, 30], { low: -0.01, high: 0.01 });
    expect(maxNorm(2)(small).toArray()).toEqual(small.toArray());
    expect(minMaxNorm({ max: 2, rate: 0.3 })(small).toArray()).toEqual(small.toArray());
    for (const constraint of [maxNorm(1), unitNorm(), minMaxNorm({ min: 0.5 })]) {
      expect(
        constraint(
          tensor([
            [0, 1],
            [0, 0],
          ]),
        ).toArray(),
      ).toEqual([
        [0, 1],
        [0, 0],
      ]);
    }
  });

  test.each([
    () => maxNorm(0),
    () => maxNorm(1, { axis: 0.5 }),
    () => unitNorm({ axes: 0 } as object),
    () => minMaxNorm({ min: 2 }),
    () => minMaxNorm({ rate: 2 }),
  ])("refuses what is out of range, %#", (make) => expect(make).toThrow(OptionError));
});

describe("in layers", () => {
  test("weights, biases and results, each once", () => {
    const inner = new Dense(3, 4, {
      weightRegularizer: l2(0.5),
      biasRegularizer: l1(2),
      biasInitializer: initializers.ones,
    });
    const last = new Dense(4, 2, { activityRegularizer: l1(0.1) });
    const model = new Sequential(inner, new ReLU(), last);
    const weights = 0.5 * squares(inner.weight) + 2 * 4;
    expect(value(model)).toBeCloseTo(weights, 4);
    const y = model.forward(uniform([8, 3]));
    expect(value(model)).toBeCloseTo(weights + (0.1 * sizes(y)) / 8, 4);
    expect(value(model)).toBeCloseTo(weights, 4); // asked for: no more
    const shared = new Sequential(inner, new Dense(4, 3), inner);
    expect(value(shared)).toBeCloseTo(weights, 4);
    expect(new Sequential(new Dense(2, 2)).regularization()).toBeNull();
  });

  test("the calls of a layer that is used twice add up", () => {
    const layer = new Dense(2, 2, { activityRegularizer: l2(1) });
    const [a, b] = [layer.forward(uniform([4, 2])), layer.forward(uniform([4, 2]))];
    expect(value(layer)).toBeCloseTo((squares(a) + squares(b)) / 4, 5);
    layer.forward(uniform([4, 2]));
    layer.forgetPenalties();
    expect(layer.regularization()).toBeNull();
  });

  test.each([
    ["Conv1D", () => new Conv1D(2, 3, 2, { ...options }), [2, 5, 2]],
    ["Conv2D", () => new Conv2D(2, 3, 2, { ...options }), [2, 5, 5, 2]],
    ["ConvTranspose2D", () => new ConvTranspose2D(2, 3, 2, { ...options }), [2, 5, 5, 2]],
    ["SimpleRNN", () => new SimpleRNN(2, 3, { ...options, ...recurrent }), [2, 5, 2]],
    ["LSTM", () => new LSTM(2, 3, { ...options, ...recurrent, returnSequences: true }), [2, 5, 2]],
    ["GRU", () => new GRU(2, 3, { ...options, ...recurrent }), [2, 5, 2]],
  ] as const)("%s", (_, make, shape) => {
    const layer: Layer = make();
    const y = layer.forward(uniform(shape));
    let expected = squares(y) / 2;
    for (const [name, variable] of layer.namedParameters()) {
      expected += name.toLowerCase().endsWith("bias")
        ? 2 * sizes(variable)
        : name === "weight"
          ? 0.5 * squares(variable)
          : 3 * sizes(variable);
    }
    expect(value(layer)).toBeCloseTo(expected, 3);
    for (const variable of layer.parameters()) variable.assign(uniform(variable.shape, { low: -9, high: -8 }));
    layer.applyConstraints();
    for (const variable of layer.parameters()) expect(variable.toTypedArray().every((x) => x === 0)).toBe(true);
  });

  test("Embedding", () => {
    const layer = new Embedding(5, 3, {
      weightRegularizer: l2(1),
      activityRegularizer: l1(1),
      weightConstraint: unitNorm({ axis: 1 }),
    });
    const y = layer.forward(tensor([[1, 2]], { dtype: "int32" }));
    expect(value(layer)).toBeCloseTo(squares(layer.weight) + sizes(y), 4);
    layer.applyConstraints();
    expect(layer.weight.square().sum(1).toArray()).toEqual(Array.from({ length: 5 }, () => expect.closeTo(1, 5)));
  });

  const recurrent = { recurrentRegularizer: l1(3), recurrentConstraint: nonNegative() };
  const options = {
    weightRegularizer: l2(0.5),
    biasRegularizer: l1(2),
    activityRegularizer: l2(1),
    weightConstraint: nonNegative(),
    biasConstraint: nonNegative(),
  };

  test("frozen parameters cost nothing, and are not moved", () => {
    const layer = new Dense(2, 2, { weightRegularizer: l2(1), weightConstraint: unitNorm() });
    const before = layer.weight.toArray();
    layer.freeze();
    expect(layer.regularization()).toBeNull();
    expect(layer.applyConstraints().weight.toArray()).toEqual(before);
    layer.unfreeze();
    expect(layer.regularization()).not.toBeNull();
    expect(layer.applyConstraints().weight.toArray()).not.toEqual(before);
  });

  test("in layers of one's own", () => {
    class Scale extends Layer {
      readonly factor = new Variable(tensor([2, -1]));
      constructor() {
        super();
        this.regularize(this.factor, l1(1));
        this.constrain(this.factor, nonNegative());
      }
      override forward(x: Tensor): Tensor {
        this.addPenalty(x.mean());
        return x.mul<readonly number[], readonly number[]>(this.factor);
      }
    }
    const layer = new Scale();
    layer.forward(tensor([[5, 5]]));
    expect(value(layer)).toBe(8);
    expect(layer.applyConstraints().factor.toArray()).toEqual([2, 0]);
  });

  test("refuses what is no function, and penalties that are no scalars", () => {
    expect(() => new Dense(2, 2, { weightRegularizer: 0.1 as never })).toThrow(
      "Dense(2, 2): weightRegularizer must be a regularizer, a function such as l2(1e-4), got 0.1",
    );
    expect(() => new Conv2D(1, 1, 1, { biasConstraint: true as never })).toThrow(OptionError);
    const layer = new Dense(2, 2, { weightRegularizer: (w) => w.square(), activityRegularizer: (y) => y });
    expect(() => layer.regularization()).toThrow("Dense(2, 2): a penalty must be a scalar, got [2,2]: sum it up");
    expect(() => layer.forward(uniform([1, 2]))).toThrow(ShapeError);
  });
});

describe("in a loop of one's own", () => {
  const x = uniform([16, 3], { low: -1, high: 1 });
  const y = uniform([16, 2], { low: -1, high: 1 });
  const make = (): { model: Sequential; step: (x: Tensor, y: Tensor) => Tensor } => {
    manualSeed(1);
    const model: Sequential = new Sequential(
      new Dense(3, 5, { weightRegularizer: l2(0.01), activityRegularizer: l1(0.02), weightConstraint: maxNorm(0.4) }),
      new ReLU(),
      new Dense(5, 2, { weightRegularizer: l1(0.01), weightConstraint: nonNegative(), biasConstraint: unitNorm() }),
    );
    const step = (inputs: Tensor, targets: Tensor): Tensor => {
      const loss = meanSquaredError(model.forward(inputs), targets).add(model.regularization() ?? 0);
      for (const parameter of model.parameters()) parameter.grad = null;
      loss.backward();
      noGrad(() => {
        for (const parameter of model.parameters()) parameter.assign(parameter.sub(parameter.grad?.mul(0.3) ?? 0));
      });
      model.applyConstraints();
      return loss.detach();
    };
    return { model, step };
  };

  test("compiled as eager, with what was left over from before", () => {
    const [eager, compiled] = [make(), make()];
    compiled.model.forward(x); // never asked for: must not become part of the program
    const program = compile(compiled.step);
    for (let count = 0; count < 20; count++) {
      const [a, b] = [eager.step(x, y).item(), program(x, y).item()];
      expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-5 * Math.max(1, a));
    }
    for (const { model } of [eager, compiled]) {
      const [weight, , second, bias] = model.parameters();
      expect(weight?.square().sum(0).sqrt().max().item()).toBeCloseTo(0.4, 5);
      expect(second?.min().item()).toBe(0);
      expect(bias?.square().sum().item()).toBeCloseTo(1, 5);
    }
    // A program that was not asked leaves nothing behind either.
    compile((inputs: Tensor) => compiled.model.forward(inputs))(x);
    expect(compiled.model.regularization()?.item()).toBeGreaterThan(0);
  });

  test("verified, which computes every step twice", () => {
    const { step } = make();
    const program = compile(step, { verify: true });
    for (let count = 0; count < 3; count++) expect(program(x, y).item()).toBeGreaterThan(0);
  });

  test("the gradient of an activity penalty reaches the weights before it", () => {
    const first = new Dense(3, 2, { dtype: "float64" });
    const model = new Sequential(first, new Dense(2, 2, { dtype: "float64", activityRegularizer: l2(1) }));
    const inputs = x.cast("float64");
    const penalty = (): number => {
      model.forward(inputs);
      return value(model);
    };
    model.forward(inputs);
    model.regularization()?.backward();
    const gradient = first.weight.grad?.toTypedArray()[0] ?? 0;
    const bump = (by: number): void =>
      first.weight.assign(
        first.weight.add(
          tensor([
            [by, 0],
            [0, 0],
            [0, 0],
          ]),
        ),
      );
    bump(1e-5);
    const above = penalty();
    bump(-2e-5);
    expect(gradient).toBeCloseTo((above - penalty()) / 2e-5, 5);
  });

  test("a checkpoint's second computation is not another call", () => {
    const layer = new Dense(3, 3, { activityRegularizer: l2(1) });
    const input = new Variable(x);
    checkpoint((z: Tensor) => layer.forward(z as never))(input)
      .sum()
      .backward(); // cast: a batch of three
    expect(value(layer)).toBeCloseTo(squares(layer.forward(x)) / 16, 4);
  });

  test("training that never asks is told so; looking is not", () => {
    const layer = new Dense(1, 1, { activityRegularizer: l2(1) });
    const input = tensor([[1]]);
    const many = (): void => {
      for (let count = 0; count < 1100; count++) noGrad(() => layer.forward(input));
    };
    expect(many).toThrow(GradusError);
    layer.eval();
    expect(many).not.toThrow();
  });
});
