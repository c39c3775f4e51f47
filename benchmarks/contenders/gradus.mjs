// Gradus: the built libraries, as a user's program imports them.
import { readFileSync } from "node:fs";
import * as gradus from "../../packages/core/dist/index.js";
import { mnistBatches, ramp } from "../harness/data.mjs";
import { importTypeScript } from "../harness/typescript.mjs";

const { tensor } = gradus;

export const version = JSON.parse(
  readFileSync(new URL("../../packages/core/package.json", import.meta.url), "utf8"),
).version;

export const step = async ({ batch }) => {
  const { BatchNorm, Dense, Dropout, ReLU, Sequential, crossEntropy } = await import(
    "../../packages/layers/dist/index.js"
  );
  const { Adam } = await import("../../packages/optimizers/dist/index.js");

  gradus.manualSeed(0);
  const model = new Sequential(
    ...[new Dense(784, 256), new BatchNorm(256), new ReLU()],
    ...[new Dense(256, 128), new BatchNorm(128), new ReLU(), new Dropout(0.3)],
    ...[new Dense(128, 64), new BatchNorm(64), new ReLU()],
    new Dense(64, 10),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3, epsilon: 1e-7 });
  const train = (x, labels) => {
    const loss = crossEntropy(model.forward(x), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const batches = mnistBatches(batch, 64);
  let index = 0;
  const run = () => {
    const { x, y } = batches[index++ % batches.length];
    return train(tensor(x, { shape: [batch, 784] }), tensor(y)).item();
  };
  return { step: { run } };
};

/** One eager call, from tensors to a fresh tensor. */
const call = (compute) => ({ run: () => void compute(), values: () => compute().toTypedArray() });

export const elementwise = ({ size, rows, a, b, mode }) => {
  const x = tensor(ramp(size));
  const matrix = tensor(ramp(size), { shape: [rows, size / rows] });
  const fused = gradus.elementwise({ name: "affineRelu", forward: (x) => x.mul(a).add(b).relu() });
  return {
    "relu(x·a + b)": call(mode === "fused" ? () => fused(x) : () => x.mul(a).add(b).relu()),
    "exp(x)": call(() => x.exp()),
    "tanh(x)": call(() => x.tanh()),
    "sum of rows": call(() => matrix.sum(1)),
    "sum of columns": call(() => matrix.sum(0)),
  };
};
