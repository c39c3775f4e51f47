// What a layer finds in its fields, what it calls it, and how its state is saved and restored.

import { CheckpointError, OptionError, ones, type Tensor, tensor, Variable, zeros } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { BatchNorm, Dense, Dropout, Layer, Sequential } from "../src/index.ts";

class Everything extends Layer {
  readonly direct = new Variable(ones([1]));
  readonly statistic = new Variable(zeros([2]), { requiresGrad: false });
  readonly count = new Variable(tensor(0, { dtype: "int32" }));
  readonly constant = ones([9]);
  readonly inner = new Dense(2, 3);
  readonly list = [new Dense(3, 4, { bias: false }), [new Variable(ones([5]))]];
  readonly record = { left: new Dense(1, 1, { bias: false }), nothing: null };
  readonly map = new Map([["query", new Dense(2, 2, { bias: false })]]);
  readonly again = this.inner;
  readonly owner: { self?: unknown } = {};

  constructor() {
    super();
    this.owner.self = this;
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

describe("walking the fields", () => {
  test("finds Variables in layers, arrays, objects and Maps, each once, in order", () => {
    const layer = new Everything();
    expect([...layer.namedParameters().keys()]).toEqual([
      "direct",
      "inner.weight",
      "inner.bias",
      "list.0.weight",
      "list.1.0",
      "record.left.weight",
      "map.query.weight",
    ]);
    expect([...layer.namedBuffers().keys()]).toEqual(["statistic", "count"]);
    expect([...layer.namedLayers().keys()]).toEqual(["inner", "list.0", "record.left", "map.query"]);
    expect([...layer.stateDict().keys()].slice(0, 4)).toEqual(["direct", "statistic", "count", "inner.weight"]);
  });

  test("train, eval and freeze reach all layers and return the layer", () => {
    const layer = new Everything();
    const inner = [...layer.namedLayers().values()];
    expect(layer.eval()).toBe(layer);
    expect([layer, ...inner].some(({ training }) => training)).toBe(false);
    expect(layer.train()).toBe(layer);
    expect([layer, ...inner].every(({ training }) => training)).toBe(true);
    expect(layer.freeze()).toBe(layer);
    expect([layer, ...inner].every(({ frozen }) => frozen)).toBe(true);
    expect(layer.parameters()).toHaveLength(7);
    expect(layer.parameters().some(({ requiresGrad }) => requiresGrad)).toBe(false);
    expect(layer.unfreeze()).toBe(layer);
    expect(layer.buffers().some(({ requiresGrad }) => requiresGrad)).toBe(false);
  });

  test("a parameter that was frozen by hand stays one", () => {
    const layer = new Dense(2, 3);
    layer.weight.requiresGrad = false;
    expect([...layer.namedParameters().keys()]).toEqual(["weight", "bias"]);
    expect(layer.buffers()).toEqual([]);
  });

  test("two parameters at one path are refused: one of them would not be trained", () => {
    class Doubled extends Sequential {
      readonly dense = new Dense(2, 2);
    }
    const model = new Doubled(new Dense(2, 2));
    expect(() => model.parameters()).toThrow(OptionError);
    expect(() => model.parameters()).toThrow("sequential: two Variables are at dense.weight: rename one of the fields");
  });

  test("Node prints a layer as it is written", async () => {
    const { inspect } = await import("node:util");
    expect(inspect({ layer: new Dense(2, 3) })).toBe("{ layer: Dense(2, 3) }");
  });
});

describe("names of Variables", () => {
  test("come from the longest path, and stay when an inner layer is asked", () => {
    const dense = new Dense(2, 3);
    expect(dense.weight.name).toBe("dense.weight");
    const model = new Sequential(new Dense(4, 2), dense);
    expect(dense.weight.name).toBe("dense_1.weight");
    dense.parameters();
    expect(dense.weight.name).toBe("dense_1.weight");
    const outer = new Sequential(model);
    expect(dense.weight.name).toBe("sequential.dense_1.weight");
    expect([...outer.namedParameters().keys()]).toContain("sequential.dense_1.bias");
  });

  test("that a user gave stay", () => {
    const layer = new Everything();
    layer.direct.name = "mine";
    new Sequential(layer);
    expect(layer.direct.name).toBe("mine");
    expect(layer.statistic.name).toBe("everything.statistic");
  });

  test("stand in messages", () => {
    const model = new Sequential(new Dense(2, 3), new Dense(3, 4));
    expect(() => model.at(1).weight.assign([1])).toThrow(/Variable dense_1\.weight has 12 elements \(shape \[3,4\]\)/);
  });
});

describe("state", () => {
  const make = (): Sequential => new Sequential(new Dense(2, 3), new BatchNorm(3), new Dropout(0.5), new Dense(3, 1));

  test("holds copies", () => {
    const model = make();
    const state = model.stateDict();
    const [weight] = model.parameters();
    const before = weight?.toArray();
    weight?.assign(zeros([2, 3]));
    expect(state.get("dense.weight")?.toArray()).toEqual(before);
    model.loadStateDict(state);
    expect(weight?.toArray()).toEqual(before);
  });

  test("of another model: every difference in one message, and nothing is loaded", () => {
    const model = make();
    const before = [...model.stateDict().values()].map(String);
    const state = model.stateDict();
    state.set("dense.weight", zeros([3, 2]));
    state.set("dense.bias", zeros([3], { dtype: "float64" }));
    state.delete("batch_norm.gamma");
    state.set("dense_1.weight", zeros([3, 1]));
    state.set("head.weight", zeros([1]));
    const attempt = (): Layer => model.loadStateDict(state);
    expect(attempt).toThrow(CheckpointError);
    expect(attempt).toThrow(
      "loadStateDict: the state is another model's, nothing was loaded: 4 differences: " +
        "dense.weight is [2,3] float32 in the model, [3,2] float32 in the state; " +
        "dense.bias is [3] float32 in the model, [3] float64 in the state; " +
        "batch_norm.gamma [3] float32 is missing; " +
        "head.weight [1] float32 is unknown to the model",
    );
    expect([...model.stateDict().values()].map(String)).toEqual(before);
  });

  test("values that are no tensors are refused", () => {
    const state: Record<string, Tensor> = Object.fromEntries(new Dense(1, 1).stateDict());
    Object.assign(state, { bias: [0] });
    expect(() => new Dense(1, 1).loadStateDict(state)).toThrow("1 difference: bias is [0], not a tensor");
  });

  test("values that can no longer be read leave the model as it was", () => {
    const other = new Dense(1, 2);
    const state = { weight: ones([1, 2]), bias: other.namedParameters().get("bias")?.detach() ?? ones([2]) };
    other.loadStateDict({ weight: ones([1, 2]), bias: ones([2]) });
    const layer = new Dense(1, 2, { initializer: zeros });
    expect(() => layer.loadStateDict(state)).toThrow("was assigned since");
    expect(layer.weight.toArray()).toEqual([[0, 0]]);
  });
});
