// How long does a training step of a small convolutional network take?
//   Conv 3×3×16 same, ReLU, maxPool 2 · Conv 3×3×32 same, ReLU, maxPool 2 · Dense 10; cross-entropy from logits; Adam, rate 1e-3.
import { askForSteps } from "../harness/training.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus compiled", contender: "gradus", settings: { mode: "compiled" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js cpu", contender: "tensorflow", settings: { backend: "cpu" } },
  { name: "pytorch", contender: "pytorch", settings: { layout: "contiguous" } },
  { name: "pytorch channels last", contender: "pytorch", settings: { layout: "channels last" } },
];

export const ask = askForSteps("cnn", {
  network: "a small convolutional network",
  defaultSteps: 40,
  calls: 10,
  learns: (first, last) => last < first,
  remark: "The peers have one thread each. Who is slow has taken fewer steps, and its loss has fallen less.",
});
