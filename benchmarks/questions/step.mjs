// How long does a training step of the lecture's network take?
//   Dense 784→256, BatchNorm, ReLU · Dense 256→128, BatchNorm, ReLU, Dropout 0.3 · Dense 128→64, BatchNorm, ReLU · Dense 64→10;
//   cross-entropy from logits; Adam, rate 1e-3, ε 1e-7; BatchNorm with momentum 0.99 and ε 1e-3.
// Everything is in it: copying a batch of MNIST in, forward, backward, optimizer, running statistics, fresh dropout, and
// reading the loss, which forces the lazy ones to finish. The loss must fall, or the row is refused.
import { mnistFolder } from "../harness/data.mjs";
import { race } from "../harness/race.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus compiled", contender: "gradus", settings: { mode: "compiled" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js wasm", contender: "tensorflow", settings: { backend: "wasm" } },
  { name: "tensorflow.js layers", contender: "tensorflow", settings: { backend: "wasm", api: "layers" } },
  { name: "pytorch", contender: "pytorch" },
];

export const ask = async ({ entries, batch, threads, steps = 300, python, progress }) => {
  const calls = 20;
  const measured = await race(entries, {
    question: "step",
    settings: { batch, threads, python, data: mnistFolder() },
    rounds: Math.ceil(steps / calls),
    warmUpMs: 1500,
    turn: { calls: Math.min(calls, steps), atMostMs: 300 },
    progress,
  });
  const rows = measured.map(({ case: _, firstValue, lastValue, ...row }) => {
    if (row.error !== undefined) return { ...row, batch };
    const learned = lastValue < firstValue / 2;
    if (!learned)
      return { name: row.name, batch, error: `its loss went from ${firstValue} to ${lastValue}: it does not learn` };
    return { ...row, batch, firstLoss: firstValue, lastLoss: lastValue };
  });
  return {
    title: `A training step of the lecture's network, batch ${batch}`,
    rows,
    extra: {
      threads: (row) => String(row.threads),
      "loss at the start": (row) => row.firstLoss.toFixed(2),
      "at the end": (row) => row.lastLoss.toFixed(3),
    },
    remark:
      "The peers have one thread each. tensorflow.js layers is its Keras-like API; the row above it is written by hand in its core API.",
  };
};
