// The progress display: what stands on the screen of a terminal, in a file, and after an interruption.

import { describe, expect, test } from "vitest";
import {
  finalLines,
  formatRemaining,
  formatStepTime,
  formatValue,
  plainLine,
  runningLine,
} from "../src/display/layout.ts";
import { type Display, progressDisplay } from "../src/display/progress.ts";
import type { Output, Verbosity } from "../src/index.ts";
import { line, network, quadrants, still } from "./models.ts";
import { file, terminal } from "./terminal.ts";

const logs = { accuracy: 0.9572, loss: 0.1401 };
const all = { ...logs, val_accuracy: 0.9723, val_loss: 0.0907 };
const lecture = { step: 750, steps: 750, elapsed: 2.3, stepTime: 0.0031, logs: all };
const sentence =
  "750/750 ━━━━━━━━━━━━━━━━━━━━ 2s 3ms/step - accuracy: 0.9572 - loss: 0.1401 - val_accuracy: 0.9723 - val_loss: 0.0907";

/** A display with a clock that is set by hand. */
function clocked(output: Output, verbose: Verbosity): { display: Display; at(seconds: number): Display["listeners"] } {
  let now = 0;
  const display = progressDisplay(output, verbose, () => now);
  return {
    display,
    at: (seconds) => {
      now = seconds;
      return display.listeners;
    },
  };
}

/** An epoch of 750 steps of 3 ms, then validation up to 2.3 s. */
function epoch({ at }: ReturnType<typeof clocked>, number: number, steps = 750): void {
  const start = number * 10;
  at(start).epochStart?.({ epoch: number, epochs: 5, steps: 750, step: 0 });
  for (let step = 1; step <= steps; step++) {
    at(start + step * 0.003).stepEnd?.({
      epoch: number,
      step,
      steps: 750,
      totalSteps: step,
      samples: 64,
      loss: 1,
      logs,
      updated: true,
    });
  }
  if (steps === 750) at(start + 2.3).epochEnd?.({ epoch: number, epochs: 5, logs: all });
}

describe("numbers", () => {
  test.each([
    [0.95716, "0.9572"],
    [-12.5, "-12.5000"],
    [0.000031, "3.1000e-05"],
    [0, "0.0000e+00"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ])("the value %d is written %s", (value, text) => expect(formatValue(value)).toBe(text));

  test.each([
    [0, "0s/step"],
    [0.00042, "420us/step"],
    [0.0031, "3ms/step"],
    [2.4, "2s/step"],
  ])("%d s a step is written %s", (seconds, text) => expect(formatStepTime(seconds)).toBe(text));

  test.each([
    [5.9, "5s"],
    [65, "1:05"],
    [7207, "2:00:07"],
  ])("%d s to go are written %s", (seconds, text) => expect(formatRemaining(seconds)).toBe(text));
});

describe("lines", () => {
  test("the lecture's", () => {
    expect(finalLines(lecture, 120, false)).toEqual([sentence]);
    expect(plainLine(lecture)).toBe(
      "750/750 - 2s - 3ms/step - accuracy: 0.9572 - loss: 0.1401 - val_accuracy: 0.9723 - val_loss: 0.0907",
    );
  });

  test("the final one loses nothing in a narrow terminal", () => {
    expect(finalLines(lecture, 79, false)).toEqual([
      "750/750 ━━━━━━━━━━━━━━━━━━━━ 2s 3ms/step - accuracy: 0.9572 - loss: 0.1401",
      "  val_accuracy: 0.9723 - val_loss: 0.0907",
    ]);
  });

  test("a running one shortens its bar, then leaves out the last values", () => {
    const progress = { ...lecture, step: 100, logs };
    expect(runningLine(progress, 79, false)).toBe(
      "100/750 ━━────────────────── 2s 3ms/step - accuracy: 0.9572 - loss: 0.1401",
    );
    expect(runningLine(progress, 64, false)).toBe("100/750 ━───────── 2s 3ms/step - accuracy: 0.9572 - loss: 0.1401");
    expect(runningLine(progress, 50, false)).toBe("100/750 ━────────── 2s 3ms/step - accuracy: 0.9572");
    expect(runningLine(progress, 30, false)).toBe("100/750 ━───────── 2s 3ms/step");
    for (let width = 1; width < 130; width++)
      expect(runningLine(progress, width, false).length).toBeLessThanOrEqual(width);
  });

  test("in colour: the same characters", () => {
    const colored = runningLine({ ...lecture, step: 375, logs }, 100, true);
    expect(colored).toContain(`\x1b[32m${"━".repeat(10)}\x1b[0m\x1b[2m${"━".repeat(10)}\x1b[0m`);
  });
});

describe("a terminal", () => {
  test("shows each epoch on one line, redrawn in place", () => {
    const screen = terminal(120);
    const run = clocked(screen, "auto");
    epoch(run, 0);
    epoch(run, 1);
    expect(screen.screen()).toEqual(["Epoch 1/5", sentence, "Epoch 2/5", sentence, ""]);
    expect(screen.written.length).toBeGreaterThan(50);
    expect(screen.written.length).toBeLessThan(120); // not at every step
  });

  test("shows the running epoch with the time that is left", () => {
    const screen = terminal(100);
    epoch(clocked(screen, 1), 2, 375);
    const bar = "━".repeat(10) + "─".repeat(10);
    expect(screen.screen()).toEqual(["Epoch 3/5", `375/750 ${bar} 1s 3ms/step - accuracy: 0.9572 - loss: 0.1401`]);
  });

  test.each([20, 40, 60, 75, 80, 100, 117])("of %d columns never wraps a running line", (columns) => {
    const screen = terminal(columns);
    const run = clocked(screen, 1);
    epoch(run, 0, 749);
    expect(screen.screen()).toHaveLength(2);
    epoch(run, 1);
  });

  test("shows warnings above the line", () => {
    const screen = terminal(100);
    const run = clocked(screen, 1);
    epoch(run, 0, 10);
    run.at(0.04).warning?.({ message: "the loss is NaN", epoch: 0, step: 10 });
    const [title, warning, running] = screen.screen();
    expect([title, warning]).toEqual(["Epoch 1/5", "Warning: the loss is NaN"]);
    expect(running).toMatch(/^ 10\/750 ─{20} 2s 3ms\/step/);
  });

  test("is left clean after an interruption: the cursor on a line of its own, and never hidden", async () => {
    const screen = terminal(100);
    const controller = new AbortController();
    const { trainer } = still(screen);
    trainer.on("stepEnd", ({ step }) => {
      if (step === 3) controller.abort();
    });
    await expect(trainer.fit(line(10), { batchSize: 2, epochs: 2, signal: controller.signal })).rejects.toThrow();
    expect(screen.screen()[1]).toMatch(/^3\/5 ━{12}─{8} \d+s .*loss/);
    expect(screen.atLineStart()).toBe(true);
    expect(screen.written.join("")).not.toContain("\x1b[?25");
  });

  test("of real training", async () => {
    const screen = terminal(120);
    const trainer = network(0, screen);
    await trainer.fit(quadrants(100), { epochs: 2, validationSplit: 0.2 });
    await trainer.evaluate(quadrants(40));
    const number = "\\d\\.\\d{4}";
    const values = `accuracy: ${number} - loss: ${number}`;
    const validated = new RegExp(
      `^3/3 ━{20} \\d+s \\d+(ms|us)/step - ${values} - val_accuracy: ${number} - val_loss: ${number}$`,
    );
    const lines = screen.screen();
    expect([lines[0], lines[2], lines[5]]).toEqual(["Epoch 1/2", "Epoch 2/2", ""]);
    expect(lines[1]).toMatch(validated);
    expect(lines[3]).toMatch(validated);
    expect(lines[4]).toMatch(new RegExp(`^2/2 ━{20} \\d+s \\d+(ms|us)/step - ${values}$`));
  });
});

describe("a file", () => {
  test("gets each line once, when it is final", () => {
    const text = file();
    const run = clocked(text, "auto");
    epoch(run, 0);
    epoch(run, 1);
    expect(text.text()).toBe(`Epoch 1/5\n${sentence}\nEpoch 2/5\n${sentence}\n`);
  });

  test("gets no half lines after an interruption", () => {
    const text = file();
    const run = clocked(text, 1);
    epoch(run, 0, 100);
    run.display.close();
    expect(text.text()).toBe("Epoch 1/5\n");
  });
});

describe("verbose", () => {
  test("2 gives a plain line per epoch, in a terminal too", () => {
    for (const output of [terminal(200), file()]) {
      const run = clocked(output, 2);
      epoch(run, 0);
      run.display.close();
      const text = "screen" in output ? output.screen().join("\n") : output.text();
      expect(text).toBe(`Epoch 1/5\n${plainLine(lecture)}\n`);
    }
  });

  test("0 shows nothing", async () => {
    const text = file();
    const { trainer } = still(text);
    await trainer.fit(line(4), { epochs: 2, verbose: 0 });
    await trainer.evaluate(line(4), { verbose: 0 });
    expect(text.text()).toBe("");
  });

  test("a single epoch has no title", async () => {
    const text = file();
    await still(text).trainer.fit(line(4));
    expect(text.text()).toMatch(/^1\/1 ━{20} \d+s \S+\/step - loss: 14\.0000\n$/);
  });
});
