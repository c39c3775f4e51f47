// Chains: names, access, scopes, and where messages say an error arose.

import {
  currentScope,
  DTypeError,
  detectAnomaly,
  noGrad,
  ones,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "@gradus/core";
import { describe, expect, test } from "vitest";
import { BatchNorm, Dense, Flatten, Layer, ReLU, Sequential } from "../src/index.ts";

class Scopes extends Layer {
  static seen: string[] = [];

  override forward(x: Tensor): Tensor {
    Scopes.seen.push(currentScope());
    return x;
  }
}

class Broken extends Layer {
  override forward(x: Tensor): Tensor {
    return x.sub(x).log();
  }
}

describe("a chain", () => {
  const model = new Sequential(
    new Flatten(),
    new Dense(6, 4),
    new BatchNorm(4),
    new ReLU(),
    new Dense(4, 2),
    new ReLU(),
  );

  test("names its layers after their kinds", () => {
    expect([...model.namedLayers().keys()]).toEqual(["flatten", "dense", "batch_norm", "relu", "dense_1", "relu_1"]);
    expect([...new Sequential(new Scopes(), new Scopes()).namedLayers().keys()]).toEqual(["scopes", "scopes_1"]);
  });

  test("is a list of layers", () => {
    expect(model.length).toBe(6);
    expect([...model].map(String)).toEqual(["Flatten", "Dense(6, 4)", "BatchNorm(4)", "ReLU", "Dense(4, 2)", "ReLU"]);
    expect(String(model.at(1))).toBe("Dense(6, 4)");
    expect(String(model.at(-2))).toBe("Dense(4, 2)");
    expect(() => model.at(6)).toThrow("Sequential: at(6) is out of range: there are 6 layers");
  });

  test("feeds each layer with the result of the one before", () => {
    const x = ones([2, 2, 3]);
    const one = model.eval().forward(x);
    let other: Tensor = x;
    for (const layer of model) other = (layer as Layer).forward(other);
    expect(one.toArray()).toEqual(other.toArray());
  });

  test("without layers is the identity", () => {
    expect(new Sequential().forward(ones([2])).toArray()).toEqual([1, 1]);
  });

  test("may use a layer twice: its parameters are there once", () => {
    const shared = new Dense(3, 3);
    const twice = new Sequential(shared, new ReLU(), shared, new Dense(3, 1));
    expect([...twice.namedParameters().keys()]).toEqual([
      "dense.weight",
      "dense.bias",
      "dense_1.weight",
      "dense_1.bias",
    ]);
    expect(twice.forward(ones([2, 3])).shape).toEqual([2, 1]);
  });

  test("says which layer is running", () => {
    Scopes.seen = [];
    new Sequential(new Scopes(), new Sequential(new ReLU(), new Scopes(), new Scopes())).forward(ones([1]));
    expect(Scopes.seen).toEqual(["scopes", "sequential/scopes", "sequential/scopes_1"]);
    expect(currentScope()).toBe("");
  });
});

describe("errors name the layer", () => {
  const inner = new Sequential(new Dense(3, 4), new Dense(4, 5));

  test("once, with the longest path, in message and stack", () => {
    const model: Layer = new Sequential(inner, new ReLU());
    expect(() => model.forward(ones([2, 7]))).toThrow(ShapeError);
    try {
      model.forward(ones([2, 7]));
    } catch (error) {
      const message = "Dense(3, 4): the input [2,7] has 7 features, not 3 (in layer sequential/dense)";
      expect(error).toHaveProperty("message", message);
      expect(String(error instanceof Error ? error.stack : "").split("\n")[0]).toBe(`ShapeError: ${message}`);
    }
    expect(() => model.forward(zeros([2, 3], { dtype: "uint8" }))).toThrow(DTypeError);
  });

  test("for operators in layers of one's own", () => {
    class Adds extends Layer {
      override forward(x: Tensor): Tensor {
        return x.add(ones([5]));
      }
    }
    expect(() => new Sequential(new ReLU(), new Adds()).forward(ones([2, 3]))).toThrow(
      "add [2,3] + [5]: axis 1: 3 and 5 differ (in layer adds)",
    );
  });

  test("and for anomalies", () => {
    const model = new Sequential(new Dense(1, 1), new Broken());
    const run = (): Tensor => detectAnomaly(() => model.forward(tensor([[1]])));
    expect(run).toThrow(/log.* in broken gave -Infinity/);
    expect(() => noGrad(run)).toThrow(/log.* in broken gave -Infinity/);
  });
});
