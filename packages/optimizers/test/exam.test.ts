// One exam for all optimizers, which are found by walking the exports.

import {
  CheckpointError,
  formatShape,
  OptionError,
  stepScalar,
  type Tensor,
  tensor,
  update,
  Variable,
} from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { describe, expect, test } from "vitest";
import {
  type GroupOptions,
  type Hyperparameters,
  Optimizer,
  type OptimizerState,
  type ParameterState,
  type Parameters,
} from "../src/index.ts";
import { exported, makeOptimizer, type Options } from "./all.ts";
import { outside, rows } from "./rows.ts";

test("the table has a row for every optimizer that the package exports", () => {
  expect([...exported.keys()].sort()).toEqual(Object.keys(rows).sort());
});

const target = tensor([3, -1, 0.5]);
/** Two parameters; Muon's are matrices. */
const parametersFor = (name: string): [Variable, Variable] => [
  new Variable(tensor(name === "Muon" ? [[1, 2, 3]] : [1, 2, 3]), { name: "weight" }),
  new Variable(tensor([[0.5], [-0.25]]), { name: "bias" }),
];

/** (w − target)² + Σ b², summed. */
function lossOf([weight, bias]: readonly [Variable, Variable]): Tensor {
  const distance: Tensor = weight.sub(target).square().sum();
  return distance.add(bias.square().sum());
}

function takeStep(parameters: readonly [Variable, Variable], optimizer: Optimizer): Tensor {
  const loss = lossOf(parameters);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
}

const valuesOf = (tensors: Iterable<Tensor>): unknown[] => [...tensors].map((value) => value.toArray());
const stateOf = (optimizer: Optimizer): unknown => {
  const { tensors, ...numbers } = optimizer.stateDict();
  return {
    ...numbers,
    tensors: Object.fromEntries(Object.entries(tensors).map(([key, value]) => [key, value.toArray()])),
  };
};

describe.each(Object.entries(rows))("%s", (name, { defaults, options, states, refused }) => {
  const makeParameters = (): [Variable, Variable] => parametersFor(name);
  const make = (parameters: Parameters, given?: Options): Optimizer => makeOptimizer(name, parameters, given);
  const spec = formatShape(makeParameters()[0].shape);
  const start = (given: Options = options): [[Variable, Variable], Optimizer] => {
    const parameters = makeParameters();
    return [parameters, make(parameters, given)];
  };

  test("construction: numbers, parameters, no step yet", () => {
    const parameters = makeParameters();
    const optimizer = make(new Set(parameters).values());
    expect(optimizer.name).toBe(name);
    expect(optimizer.hyperparameters).toEqual(defaults);
    expect(optimizer.learningRate).toBe(defaults["learningRate"]);
    expect(optimizer.parameters).toEqual(parameters);
    expect(optimizer.steps).toBe(0);
    expect(optimizer.stateDict()).toEqual({
      groups: [{ parameters: 2, hyperparameters: defaults }],
      steps: 0,
      updates: [0, 0],
      tensors: {},
    });
  });

  test.each([...outside("learningRate", -0.1, Number.NaN, Number.POSITIVE_INFINITY), ...refused])(
    "refuses %o",
    (bad, text) => {
      expect(() => make(makeParameters(), bad)).toThrow(OptionError);
      expect(() => make(makeParameters(), bad)).toThrow(text);
      expect(() => make(makeParameters(), bad)).toThrow(new RegExp(`^${name}: `));
    },
  );

  test("refuses options that it does not have, and values of another type", () => {
    expect(() => make(makeParameters(), { warmth: 3 })).toThrow(
      new OptionError(`${name}: unknown option "warmth": the options are ${Object.keys(defaults).join(", ")}`),
    );
    expect(() => make(makeParameters(), { learningRate: true })).toThrow(
      new OptionError(`${name}: learningRate must be a number, got true`),
    );
    for (const options of [0.1, null]) {
      const wrong: unknown = options;
      // cast: what a program without types might pass
      expect(() => make(makeParameters(), wrong as Options)).toThrow(/options must be an object/);
    }
    const [weight] = makeParameters();
    const group: unknown = { parameters: [weight], warmth: 3 };
    // cast: what a program without types might pass
    expect(() => make([group as GroupOptions])).toThrow(new RegExp(`^${name}: unknown option "warmth"`));
  });

  test("refuses no parameters, one twice, and what is no Variable", () => {
    const [weight] = makeParameters();
    expect(() => make([])).toThrow(new OptionError(`${name}: no parameters to optimize: pass model.parameters()`));
    expect(() => make([weight, weight])).toThrow(new OptionError(`${name}: parameter weight is given twice`));
    const model: unknown = { forward: 1 };
    // cast: what a program without types might pass
    expect(() => make(model as Parameters)).toThrow(
      new OptionError(`${name}: parameters must be a list of Variables, got Object: pass model.parameters()`),
    );
    const mixed: unknown[] = [weight, tensor([1])];
    const wrong = `${name}: parameter 1 is no Variable: only Variables can be updated`;
    // cast: what a program without types might pass
    expect(() => make(mixed as Variable[])).toThrow(new OptionError(wrong));
  });

  test.each([{}, options])("steps lower a loss with %o", (given) => {
    const [parameters, optimizer] = start(given);
    const losses = Array.from({ length: 20 }, () => takeStep(parameters, optimizer).item());
    expect(losses[1]).toBeLessThan(losses[0] ?? 0);
    expect(losses.at(-1)).toBeLessThan(losses[1] ?? 0);
    expect(optimizer.steps).toBe(20);
  });

  test.each([false, true])("a gradient that is zero from the start moves nothing, compiled: %o", (compiled) => {
    const [parameters, optimizer] = start();
    const before = valuesOf(parameters);
    const stand = (): void => {
      for (const parameter of parameters) parameter.grad = parameter.mul(0).detach();
      optimizer.step();
    };
    const take = compiled ? compile(stand) : stand;
    for (let step = 0; step < 5; step++) take();
    expect(valuesOf(parameters)).toEqual(before);
  });

  test("a parameter without gradient stays, and so do its state and its count", () => {
    const [parameters, optimizer] = start();
    const [weight, bias] = parameters;
    takeStep(parameters, optimizer);
    const before = bias.toArray();
    const { tensors } = optimizer.stateDict();
    bias.grad = null;
    optimizer.step();
    bias.grad = tensor([[1], [1]]);
    bias.requiresGrad = false;
    optimizer.step();
    expect(bias.toArray()).toEqual(before);
    const after = optimizer.stateDict();
    expect([after.steps, after.updates]).toEqual([3, [3, 1]]);
    const statesOf = (index: number, from: OptimizerState["tensors"]): unknown =>
      states.map((state) => from[`${index}.${state}`]?.toArray());
    expect(statesOf(1, after.tensors)).toEqual(statesOf(1, tensors));
    expect(statesOf(0, after.tensors)).not.toEqual(statesOf(0, tensors));
    expect(weight.grad).not.toBeNull();
    optimizer.zeroGrad();
    expect([weight.grad, bias.grad]).toEqual([null, null]);
  });

  test("the learning rate changes", () => {
    const [parameters, optimizer] = start();
    optimizer.learningRate = 0;
    const before = valuesOf(parameters);
    takeStep(parameters, optimizer);
    expect(valuesOf(parameters)).toEqual(before);
    optimizer.learningRate = 0.125;
    expect(optimizer.hyperparameters).toEqual({ ...defaults, ...options, learningRate: 0.125 });
    takeStep(parameters, optimizer);
    expect(valuesOf(parameters)).not.toEqual(before);
    expect(() => {
      optimizer.learningRate = -1;
    }).toThrow(new OptionError(`${name}: learningRate must be a finite number ≥ 0, got -1`));
    expect(optimizer.learningRate).toBe(0.125);
  });

  describe("its state", () => {
    test("has copies, and a tensor of the parameter's shape for each of its states", () => {
      const [parameters, optimizer] = start();
      takeStep(parameters, optimizer);
      const state = optimizer.stateDict();
      expect(Object.keys(state.tensors)).toEqual([0, 1].flatMap((index) => states.map((entry) => `${index}.${entry}`)));
      expect(state.tensors[`1.${states[0]}`]?.shape).toEqual([2, 1]);
      const before = valuesOf(Object.values(state.tensors));
      takeStep(parameters, optimizer);
      expect(valuesOf(Object.values(state.tensors))).toEqual(before);
    });

    test.each([0, 3])("after %i steps another goes on from it, bit for bit", (steps) => {
      const [parameters, optimizer] = start();
      for (let step = 0; step < steps; step++) takeStep(parameters, optimizer);
      const state = optimizer.stateDict();
      const others = makeParameters();
      for (const [index, other] of others.entries()) other.assign(parameters[index] ?? other);
      const other = make(others);
      other.loadStateDict(state);
      expect(stateOf(other)).toEqual(stateOf(optimizer));
      for (let step = 0; step < 3; step++) {
        expect(takeStep(others, other).item()).toBe(takeStep(parameters, optimizer).item());
      }
      expect(valuesOf(others)).toEqual(valuesOf(parameters));
      expect(stateOf(other)).toEqual(stateOf(optimizer));
    });

    test.each([false, true])("goes back to one from before, compiled: %o", (compiled) => {
      const [parameters, optimizer] = start();
      const step = compiled
        ? compile(() => takeStep(parameters, optimizer))
        : (): Tensor => takeStep(parameters, optimizer);
      const [beginning, values] = [optimizer.stateDict(), parameters.map((parameter) => parameter.clone().detach())];
      const first = [step(), step(), step()].map((loss) => loss.item());
      optimizer.loadStateDict(beginning);
      for (const [index, parameter] of parameters.entries()) parameter.assign(values[index] ?? parameter);
      expect([step(), step(), step()].map((loss) => loss.item())).toEqual(first);
      expect(optimizer.stateDict().updates).toEqual([3, 3]);
    });

    test("that is another's is refused with all differences at once, and nothing changes", () => {
      const [parameters, optimizer] = start();
      takeStep(parameters, optimizer);
      const [good, before] = [optimizer.stateDict(), stateOf(optimizer)];
      const [state = ""] = states;
      const bad: OptimizerState = {
        groups: [
          {
            parameters: 2,
            hyperparameters: { ...defaults, ...options, learningRate: -1, weightDecay: true, warmth: 3 },
          },
        ],
        steps: -1,
        updates: [1.5],
        tensors: {
          ...good.tensors,
          [`0.${state}`]: tensor([1, 2]),
          [`1.${state}`]: tensor([[1], [2]], { dtype: "float64" }),
          "2.warmth": tensor(1),
        },
      };
      const message = messageOf(() => optimizer.loadStateDict(bad));
      for (const part of [
        `${name}: the saved state does not fit: `,
        `0.${state} is float32 [2], its parameter float32 ${spec}`,
        `1.${state} is float64 [2,1], its parameter float32 [2,1]`,
        "2.warmth is unknown",
        `${name}: learningRate must be a finite number ≥ 0, got -1`,
        "weightDecay is true",
        "warmth is unknown",
        "steps is -1",
        "it counts 1 parameters, there are 2",
        "updates are [1.5]",
      ]) {
        expect(message).toContain(part);
      }
      expect(stateOf(optimizer)).toEqual(before);
    });

    test("without some of a parameter's states is refused", () => {
      const [parameters, optimizer] = start();
      takeStep(parameters, optimizer);
      const good = optimizer.stateDict();
      const { [`0.${states[0]}`]: _, ...rest } = good.tensors;
      const message = messageOf(() => optimizer.loadStateDict({ ...good, tensors: rest }));
      expect(message).toContain(`0.${states[0]} is missing (weight)`);
    });

    test("that is none at all is refused", () => {
      const [, optimizer] = start();
      const other = new Variable(tensor(1));
      const foreign = makeOptimizer(name === "Adam" ? "SGD" : "Adam", [other]);
      expect(messageOf(() => optimizer.loadStateDict(foreign.stateDict()))).toContain(
        "it counts 1 parameters, there are 2",
      );
      const nothing: unknown = { tensors: { "0.velocity": [1, 2, 3] } };
      // cast: what a program without types might pass
      expect(messageOf(() => optimizer.loadStateDict(nothing as OptimizerState))).toContain("steps is undefined");
    });
  });

  describe("compiled", () => {
    test("does what it does eagerly, and is captured once however the rate changes", () => {
      const [parameters, optimizer] = start();
      const [others, other] = start();
      const step = compile(() => takeStep(parameters, optimizer));
      for (let count = 1; count <= 20; count++) {
        optimizer.learningRate = other.learningRate = 0.1 / count;
        expect(step().item()).toBeCloseTo(takeStep(others, other).item(), 5);
      }
      for (const [index, { grad }] of parameters.entries()) expect(grad?.shape).toEqual(others[index]?.grad?.shape);
      expect(step.programs.length).toBe(1);
      expect([optimizer.steps, optimizer.stateDict().updates]).toEqual([20, [20, 20]]);
      for (const [index, parameter] of parameters.entries()) {
        for (const [place, value] of parameter.toTypedArray().entries()) {
          expect(value).toBeCloseTo(others[index]?.toTypedArray()[place] ?? Number.NaN, 5);
        }
      }
    });

    test("goes by the numbers of a state that is loaded", () => {
      const [parameters, optimizer] = start({ ...options, weightDecay: 0.5 });
      const step = compile(() => takeStep(parameters, optimizer));
      step();
      const [others, other] = start();
      takeStep(others, other);
      const state = other.stateDict();
      optimizer.loadStateDict(state);
      for (const [index, parameter] of parameters.entries()) parameter.assign(others[index] ?? parameter);
      step();
      takeStep(others, other);
      expect(String(parameters[0])).toBe(String(others[0]));
    });
  });
});

/** w ← w − η·sign(g), with the rate read as a step's own number or as a plain one. */
class SignDescent extends Optimizer<never, Hyperparameters> {
  readonly #plain: boolean;

  constructor(parameters: Parameters, plain: boolean) {
    super("SignDescent", parameters, { learningRate: 0.5 }, []);
    this.#plain = plain;
  }

  protected override check(): void {}

  protected override update(parameter: Variable, gradient: Tensor, { group }: ParameterState<never>): void {
    follow([parameter], [gradient, this.#plain ? group.learningRate : stepScalar(() => group.learningRate)]);
  }
}
const follow = update({ name: "SignDescent", forward: (w, g, rate) => [w.sub(g.sign().mul(rate))] });

test.each([
  ["a step's own number: one program", false, 1],
  ["a plain number: a program for each", true, 2],
])("an optimizer of one's own, compiled, with the rate as %s", (_, plain, programs) => {
  const w = new Variable(tensor([4, -4]));
  const optimizer = new SignDescent([w], plain);
  const step = compile(() => {
    optimizer.zeroGrad();
    w.square().sum().backward();
    optimizer.step();
  });
  step();
  expect(w.toArray()).toEqual([3.5, -3.5]);
  optimizer.learningRate = 1;
  step();
  expect(w.toArray()).toEqual([2.5, -2.5]);
  expect(step.programs.length).toBe(programs);
});

/** The message of the CheckpointError that `body` throws. */
function messageOf(body: () => void): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return error instanceof Error ? error.message : "";
  }
  throw new Error("nothing was thrown");
}
