// The policy for what is empty or odd: tensors without elements in every operator, axes and indices that are not there. Each row holds
// eagerly and compiled.

import { describe, expect, test } from "vitest";
import * as core from "../../src/index.ts";
import { DataError, GradusError, ShapeError, type Tensor, tensor, vjp, zeros } from "../../src/index.ts";
import { engines, outcomeOf } from "./engines.ts";
import { dataOf, functionOf, isFloat, sampleOf } from "./functions.ts";
import { flat } from "./reference.ts";
import { registry } from "./registry.ts";

const { NaN: nan, NEGATIVE_INFINITY: low } = Number;

/** What a call throws, of whatever kind. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (thrown) {
    return thrown;
  }
  return null;
}

/** A sample's data with one axis of nothing. */
const emptied = (place: 0 | -1, data: readonly Tensor[]): Tensor[] =>
  data.map((x) => {
    const gone = place === 0 ? 0 : x.rank - 1;
    const shape = x.shape.map((size, axis) => (axis === gone ? 0 : size));
    return x.rank === 0 ? x : zeros(shape, { dtype: isFloat(x) ? "float32" : x.dtype });
  });

describe.each(registry)("$name without elements", (entry) => {
  const f = functionOf(entry);
  const data = dataOf(sampleOf(entry));
  test.each([0, -1] as const)(
    "along axis %d gives a result and gradients of the inputs' shapes, or says why not",
    (axis) => {
      const inputs = emptied(axis, data);
      const [eager, compiled] = [engines[1], engines[2]].map((engine) => {
        const run = (...xs: Tensor[]): Tensor[] => {
          const { value, pullback } = vjp(f, ...xs);
          return [value, ...pullback(value.cast("float32").mul(0))];
        };
        try {
          const [value, ...slopes] = engine?.call(run, ...inputs) ?? [];
          expect(slopes.map(({ shape }) => shape)).toEqual(inputs.map(({ shape }) => shape));
          return value?.shape;
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GradusError); // which of two reasons is found first may differ
          return "refused";
        }
      });
      expect(compiled).toEqual(eager);
    },
  );
});

describe("nothing", () => {
  test.each<[string, (x: Tensor) => Tensor, number]>([
    ["sum", (x) => x.sum(), 0],
    ["product", (x) => x.prod(), 1],
    ["mean", (x) => x.mean(), nan],
    ["logSumExp", (x) => x.logSumExp(), low],
    ["any", (x) => x.any(), 0],
    ["all", (x) => x.all(), 1],
    ["norm", (x) => x.norm(), 0],
  ])("its %s", (_, f, expected) => {
    for (const engine of engines) {
      const found = outcomeOf(engine, f, []);
      expect([found.value, found.slopes, found.shapes], engine.name).toEqual([[expected], [[]], [[0]]]);
    }
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ["max", (x) => x.max()],
    ["min", (x) => x.min(0)],
    ["argMax", (x) => x.argMax()],
    ["argMin", (x) => x.argMin(0)],
  ])("has no %s", (_, f) => {
    for (const { call } of engines) {
      const thrown = thrownBy(() => call(f, tensor([])));
      expect(thrown).toBeInstanceOf(ShapeError);
      expect(String(thrown)).toMatch(/\[0\]/);
    }
  });

  test("a product over nothing is zeros, and passes zeros back", () => {
    for (const engine of engines) {
      const run = (a: Tensor, b: Tensor): Tensor[] => {
        const { value, pullback } = vjp((x, y = x) => x.matmul(y), a, b);
        return [value, ...pullback(value.add(1))];
      };
      const found = engine.call(run, zeros([2, 0]), zeros([0, 3]));
      expect(found.map(({ shape }) => shape)).toEqual([
        [2, 3],
        [2, 0],
        [0, 3],
      ]);
      expect(flat(found[0] ?? zeros([1]))).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });
});

describe("axes", () => {
  type WithAxis = (x: Tensor, axis: number) => unknown;
  const calls: Readonly<Record<string, WithAxis>> = {
    sum: (x, axis) => x.sum(axis),
    prod: (x, axis) => x.prod([axis]),
    max: (x, axis) => x.max(axis),
    mean: (x, axis) => x.mean(axis),
    variance: (x, axis) => x.variance(axis),
    std: (x, axis) => x.std(axis),
    norm: (x, axis) => x.norm(axis),
    logSumExp: (x, axis) => x.logSumExp(axis),
    argMax: (x, axis) => x.argMax(axis),
    softmax: (x, axis) => x.softmax(axis),
    logSoftmax: (x, axis) => x.logSoftmax(axis),
    cumSum: (x, axis) => core.cumSum(x, axis),
    cumProd: (x, axis) => core.cumProd(x, axis),
    transpose: (x, axis) => x.transpose(0, axis),
    squeeze: (x, axis) => x.squeeze(axis),
    flip: (x, axis) => x.flip(axis),
    split: (x, axis) => x.split(1, axis),
    roll: (x, axis) => core.roll(x, 1, axis),
    concat: (x, axis) => core.concat([x, x], axis),
    gather: (x, axis) => core.gather(x, tensor([0], { dtype: "int32" }), axis),
    takeAlongAxis: (x, axis) => core.takeAlongAxis(x, zeros([2, 3], { dtype: "int32" }), axis),
    sort: (x, axis) => core.sort(x, { axis }),
    topK: (x, axis) => core.topK(x, 1, { axis }),
    layerNorm: (x, axis) => core.layerNorm(x, 1, 0, { axis }),
    batchNorm: (x, axis) => core.batchNorm(x, 1, 0, { axis }),
  };

  test.each(Object.entries(calls))("%s refuses those out of range, with the range", (_, call) => {
    for (const engine of engines) {
      for (const axis of [2, -3, 7]) {
        const thrown = thrownBy(() => engine.call((x: Tensor) => call(x, axis), zeros([2, 3])));
        expect(thrown).toBeInstanceOf(ShapeError);
        expect(String(thrown)).toMatch(new RegExp(`axis ${axis}.*-2 to 1`));
      }
    }
  });

  test.each<[string, (x: Tensor, axes: readonly number[]) => Tensor]>([
    ["sum", (x, axes) => x.sum(axes)],
    ["mean", (x, axes) => x.mean(axes)],
    ["max", (x, axes) => x.max(axes)],
    ["logSumExp", (x, axes) => x.logSumExp(axes)],
    ["std", (x, axes) => x.std(axes)],
    ["flip", (x, axes) => x.flip(axes)],
    ["permute", (x, axes) => x.permute(axes)],
  ])("%s refuses one named twice", (_, call) => {
    for (const engine of engines) {
      const thrown = thrownBy(() => engine.call((x: Tensor) => call(x, [0, -2]), zeros([2, 3])));
      expect(thrown).toBeInstanceOf(ShapeError);
    }
  });
});

describe("indices that are not there", () => {
  const table = zeros([3, 2]);
  test.each<[string, (indices: Tensor) => Tensor]>([
    ["gather", (indices) => core.gather(table, indices)],
    ["embedding", (indices) => core.embedding(table, indices)],
    ["scatterAdd", (indices) => core.scatterAdd(zeros([2, 2]), indices, [3, 2])],
    ["takeAlongAxis", (indices) => core.takeAlongAxis(table, indices.unsqueeze(1), 0)],
    ["addAlongAxis", (indices) => core.addAlongAxis(table, indices.unsqueeze(1), zeros([2, 1]), 0)],
    ["putAlongAxis", (indices) => core.putAlongAxis(table, indices.unsqueeze(1), zeros([2, 1]), 0)],
    ["oneHot", (indices) => core.oneHot(indices, 3)],
  ])("%s names value, place and range", (_, f) => {
    for (const engine of engines) {
      for (const wrong of [3, -4]) {
        const thrown = thrownBy(() => engine.call(f, tensor([0, wrong], { dtype: "int32" })));
        expect(thrown).toBeInstanceOf(DataError);
        expect(String(thrown)).toMatch(new RegExp(`${wrong}.*\\b1\\b.*\\b2\\b`));
      }
    }
  });
});
