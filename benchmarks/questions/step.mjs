// How long does a training step of the lecture's network take?
//   Dense 784→256, BatchNorm, ReLU · Dense 256→128, BatchNorm, ReLU, Dropout 0.3 · Dense 128→64, BatchNorm, ReLU · Dense 64→10;
//   cross-entropy from logits; Adam, rate 1e-3, ε 1e-7; BatchNorm with momentum 0.99 and ε 1e-3.
import { askForSteps } from "../harness/training.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus compiled", contender: "gradus", settings: { mode: "compiled" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js wasm", contender: "tensorflow", settings: { backend: "wasm" } },
  { name: "tensorflow.js layers", contender: "tensorflow", settings: { backend: "wasm", api: "layers" } },
  { name: "pytorch", contender: "pytorch" },
];

export const ask = askForSteps("step", {
  network: "the lecture's network",
  defaultSteps: 300,
  calls: 20,
  learns: (first, last) => last < first / 2,
  remark:
    "The peers have one thread each. tensorflow.js layers is its Keras-like API; the row above it is written by hand in its core API.",
});
