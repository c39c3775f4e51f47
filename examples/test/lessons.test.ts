// Every lesson runs, quickly, and shows what it says.

import { readdirSync, readFileSync } from "node:fs";
import type { Tensor } from "@gradus/core";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from "vitest";

const folder = new URL("../", import.meta.url);
const lessons = readdirSync(folder).filter((name) => /^\d\d-.*\.ts$/.test(name));
const printed: string[] = [];

beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(values.join(" ")));
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A list without holes, for arithmetic. */
const at = (values: readonly number[], index: number): number => values.at(index) ?? Number.NaN;

describe("lessons", () => {
  test("are numbered without gaps, and short", () => {
    expect(lessons.map((name) => Number(name.slice(0, 2)))).toEqual(lessons.map((_, index) => index + 1));
    for (const name of lessons) {
      const lines = readFileSync(new URL(name, folder), "utf8").split("\n");
      expect(lines.length, name).toBeLessThanOrEqual(60);
      expect(lines[0]).toMatch(new RegExp(`^// Lesson ${Number(name.slice(0, 2))}\\. `));
    }
  });

  test("01: tensors and shapes", async () => {
    const { complaint, covariance, means } = await import("../01-tensors-and-shapes.ts");
    expectTypeOf(means).toEqualTypeOf<Tensor<readonly [2]>>();
    expectTypeOf(covariance).toEqualTypeOf<Tensor<readonly [2, 2]>>();
    expect(complaint).toBe("matmul [3,2] × [3,2]: inner dimensions 2 and 3 differ");
    expect(at([...covariance.toTypedArray()], 0)).toBeCloseTo(0.0081, 6);
    expect(printed.join("\n")).toContain("tensor([[0., 3.],\n        [1., 4.],\n        [2., 5.]])");
  });

  test("02: gradients", async () => {
    const { b, checked, loss, root, w } = await import("../02-gradients.ts");
    expect(loss.item()).toBeCloseTo(83 / 3, 4);
    expect([w.item(), b.item()]).toEqual([expect.closeTo(2, 4), expect.closeTo(1, 4)]);
    expect(root.item()).toBeCloseTo(Math.SQRT2, 12);
    expect(checked).toBe(true);
  });

  test("03: a layer", async () => {
    const { losses, output, paths } = await import("../03-a-layer-of-your-own.ts");
    expectTypeOf(output).toEqualTypeOf<Tensor<readonly [64, 1]>>();
    expect(paths).toContain("residual_1.inner.dense.weight");
    expect(paths).toContain("residual_1.gate");
    expect(at(losses, -1)).toBeLessThan(at(losses, 0) / 100);
  });

  test("04: an operator", async () => {
    const { after, before, beta, swish, weight } = await import("../04-an-operator-of-your-own.ts");
    expectTypeOf(swish(weight, 1)).toEqualTypeOf<Tensor<readonly [2]>>();
    expect(after).toBeLessThan(before / 10);
    expect(beta.item()).toBeGreaterThan(3);
    expect(weight.grad?.toArray()).toEqual([3, 3]);
  });

  test("05: a training loop", async () => {
    const { losses } = await import("../05-a-training-loop.ts");
    expect(at(losses, -1)).toBeLessThan(0.003);
    expect(printed.join("\n")).toContain("●");
  });

  test("06: the trainer", async () => {
    const { accuracy, answers, history } = await import("../06-the-trainer.ts");
    expect(accuracy).toBeGreaterThan(0.98);
    expect(answers).toEqual([0, 1]);
    expect(history.val_accuracy?.length).toBe(10);
    expect(printed.join("\n")).toContain("val_accuracy");
  });

  test("07: the step compiled", async () => {
    const { compiled, losses } = await import("../07-the-whole-step-compiled.ts");
    for (const [eager, program] of losses) expect(program).toBeCloseTo(eager, 5);
    expect(losses.at(-1)?.[1]).toBeLessThan(1);
    expect(compiled.programs.length).toBe(2);
    expect(printed.join("\n")).toMatch(/operations run in \d+ kernels/);
  });

  test("08: saving and loading", async () => {
    const { complaint, original, resumed } = await import("../08-saving-and-loading.ts");
    expect(resumed).toBe(original);
    expect(complaint).toContain("nothing was loaded: 3 differences");
  });

  test("09: vanishing gradients", async () => {
    const { relu, sigmoid } = await import("../09-vanishing-gradients.ts");
    expect(at(sigmoid, 0)).toBeLessThan(at(sigmoid, -1) / 1e5);
    expect(at(relu, 0)).toBeGreaterThan(at(relu, -1) / 10);
    for (const [index, norm] of sigmoid.entries()) if (index > 0) expect(norm).toBeGreaterThan(at(sigmoid, index - 1));
  });
});
