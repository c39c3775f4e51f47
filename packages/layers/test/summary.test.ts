// The table of a model.

import { ShapeError, type Tensor, Variable, zeros } from "@gradus/core";
import { expect, test, vi } from "vitest";
import { BatchNorm, Dense, Dropout, Flatten, Layer, ReLU, Sequential } from "../src/index.ts";

const lecture = (): Sequential =>
  new Sequential(new Dense(784, 256), new BatchNorm(256), new ReLU(), new Dropout(0.3), new Dense(256, 10));

test("is printed as in Keras, and returned", () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const text = lecture().summary();
  expect(log.mock.calls).toEqual([[text]]);
  log.mockRestore();
  expect(text).toBe(
    [
      'Model: "sequential"',
      "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┓",
      "┃ Layer (type)                 ┃ Output Shape         ┃      Param # ┃",
      "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━┩",
      "│ dense (Dense)                │ [?,256]              │      200,960 │",
      "├──────────────────────────────┼──────────────────────┼──────────────┤",
      "│ batch_norm (BatchNorm)       │ [?,256]              │        1,024 │",
      "├──────────────────────────────┼──────────────────────┼──────────────┤",
      "│ relu (ReLU)                  │ [?,256]              │            0 │",
      "├──────────────────────────────┼──────────────────────┼──────────────┤",
      "│ dropout (Dropout)            │ [?,256]              │            0 │",
      "├──────────────────────────────┼──────────────────────┼──────────────┤",
      "│ dense_1 (Dense)              │ [?,10]               │        2,570 │",
      "└──────────────────────────────┴──────────────────────┴──────────────┘",
      " Total params: 204,554 (799.04 KB)",
      " Trainable params: 204,042 (797.04 KB)",
      " Non-trainable params: 512 (2.00 KB)",
    ].join("\n"),
  );
});

test("changes nothing: modes, statistics, forward", () => {
  const model = lecture();
  model.at(1).eval();
  const state = [...model.stateDict().values()].map(String);
  model.summary({ print: false });
  expect([...model].map(({ training }) => training)).toEqual([true, false, true, true, true]);
  expect([...model.stateDict().values()].map(String)).toEqual(state);
  expect([...model].some((layer) => Object.hasOwn(layer, "forward"))).toBe(false);
});

test("takes the shape of a sample where the first layer does not tell it", () => {
  const model = new Sequential(new Flatten(), new Dense(784, 10));
  expect(model.summary({ print: false })).toMatch(/flatten \(Flatten\) +│ \? +│/);
  const text = model.summary({ print: false, inputShape: [28, 28] });
  expect(text).toMatch(/flatten \(Flatten\) +│ \[\?,784\] +│ +0 │/);
  expect(() => model.summary({ print: false, inputShape: [28, 27] })).toThrow(ShapeError);
});

test("counts frozen parameters as non-trainable, and shared ones once", () => {
  const shared = new Dense(3, 3);
  const model = new Sequential(shared, new Dense(3, 2).freeze(), shared as Layer);
  expect(model.summary({ print: false })).toContain(
    " Total params: 20 (80 B)\n Trainable params: 12 (48 B)\n Non-trainable params: 8 (32 B)",
  );
});

test("of a layer of one's own has a row for each layer in it, and one for its own variables", () => {
  class Residual extends Layer {
    readonly block = new Sequential(new Dense(4, 4), new ReLU());
    readonly scale = new Variable(zeros([4]));

    override get inputShape(): readonly number[] {
      return [4];
    }

    override forward(x: Tensor): Tensor {
      return (this.block as Layer).forward(x).mul(this.scale).add(x);
    }
  }
  const printed: string[] = [];
  new Residual().summary({ print: (text) => printed.push(text) });
  expect(printed[0]).toContain('Model: "residual"');
  expect(printed[0]).toMatch(/block \(Sequential\) +│ \[\?,4\] +│ +20 │/);
  expect(printed[0]).toMatch(/residual \(Residual\) +│ \[\?,4\] +│ +4 │/);
  expect(new Dense(2, 3).summary({ print: false })).toMatch(/dense \(Dense\) +│ \[\?,3\] +│ +9 │/);
});
