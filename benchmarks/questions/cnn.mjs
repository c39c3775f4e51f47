// How long does a training step of a small convolutional network take?
//   Conv 3×3×16 same, ReLU, maxPool 2 · Conv 3×3×32 same, ReLU, maxPool 2 · Dense 10; cross-entropy from logits; Adam, rate 1e-3.
// As in `step`, everything is in it, from a batch of MNIST in a typed array to the loss as a number, and the loss must fall.
import { mnistFolder } from "../harness/data.mjs";
import { race } from "../harness/race.mjs";

export const contenders = [
  { name: "gradus eager", contender: "gradus", settings: { mode: "eager" } },
  { name: "gradus compiled", contender: "gradus", settings: { mode: "compiled" } },
  { name: "jax-js jit", contender: "jax-js" },
  { name: "tensorflow.js cpu", contender: "tensorflow", settings: { backend: "cpu" } },
  { name: "pytorch", contender: "pytorch", settings: { layout: "contiguous" } },
  { name: "pytorch channels last", contender: "pytorch", settings: { layout: "channels last" } },
];

export const ask = async ({ entries, batch, threads, steps = 40, python, progress }) => {
  const calls = 10;
  const measured = await race(entries, {
    question: "cnn",
    settings: { batch, threads, python, data: mnistFolder() },
    rounds: Math.ceil(steps / calls),
    warmUpMs: 1500,
    turn: { calls: Math.min(calls, steps), atMostMs: 300 },
    progress,
  });
  const rows = measured.map(({ case: _, firstValue, lastValue, ...row }) => {
    if (row.error !== undefined) return { ...row, batch };
    if (!(lastValue < firstValue))
      return { name: row.name, batch, error: `its loss went from ${firstValue} to ${lastValue}: it does not learn` };
    return { ...row, batch, firstLoss: firstValue, lastLoss: lastValue };
  });
  return {
    title: `A training step of a small convolutional network, batch ${batch}`,
    rows,
    extra: {
      threads: (row) => String(row.threads),
      "loss at the start": (row) => row.firstLoss.toFixed(2),
      "at the end": (row) => row.lastLoss.toFixed(3),
    },
    remark: "The peers have one thread each. Who is slow has taken fewer steps, and its loss has fallen less.",
  };
};
