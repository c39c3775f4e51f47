// The questions about a training step: everything is in it, from copying a batch of MNIST in to reading the loss, which forces the
// lazy ones to finish. The loss must fall, or the row is refused.
import { mnistFolder } from "./data.mjs";
import { race } from "./race.mjs";

/**
 * How `question` is asked.
 * @param network what is trained, for the title
 * @param defaultSteps timed steps, unless `--steps` says otherwise, of which a turn has `calls`
 * @param learns whether a loss that went from the first value to the second has fallen enough
 */
export const askForSteps =
  (question, { network, defaultSteps, calls, learns, remark }) =>
  async ({ entries, batch, threads, steps = defaultSteps, warmUp: warmUpMs = 1500, python, progress }) => {
    const measured = await race(entries, {
      question,
      settings: { batch, threads, python, data: mnistFolder() },
      rounds: Math.ceil(steps / calls),
      warmUpMs,
      turn: { calls: Math.min(calls, steps), atMostMs: 300 },
      progress,
    });
    const rows = measured.map(({ case: _, firstValue, lastValue, ...row }) => {
      if (row.error !== undefined) return { ...row, batch };
      if (!learns(firstValue, lastValue))
        return { name: row.name, batch, error: `its loss went from ${firstValue} to ${lastValue}: it does not learn` };
      return { ...row, batch, firstLoss: firstValue, lastLoss: lastValue };
    });
    return {
      title: `A training step of ${network}, batch ${batch}`,
      rows,
      extra: {
        threads: (row) => String(row.threads),
        "loss at the start": (row) => row.firstLoss.toFixed(2),
        "at the end": (row) => row.lastLoss.toFixed(3),
      },
      remark,
    };
  };
