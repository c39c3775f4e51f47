// The lessons that try a lecture's claims on MNIST: each runs, quickly, and shows what it says.

import files from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

// The files of MNIST are read once for all of them.
const { readFile } = files;
const known = new Map<string, ReturnType<typeof readFile>>();
const readOnce = (path: string): ReturnType<typeof readFile> => {
  const bytes = known.get(path) ?? readFile(path);
  known.set(path, bytes);
  return bytes;
};

beforeEach(() => {
  vi.spyOn(files, "readFile").mockImplementation((path, options) => {
    return options === undefined ? readOnce(String(path)) : readFile(path, options);
  });
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The element at a place, for arithmetic; negative places count from the end. */
const at = (values: readonly number[], index: number): number => values.at(index) ?? Number.NaN;

test("10: epochs, batches and steps", async () => {
  const { small, thousand, uneven, updates } = await import("../10-epochs-batches-steps.ts");
  expect(thousand).toEqual(Array.from({ length: 10 }, () => 10));
  expect([updates, ...small, ...uneven]).toEqual([100, 6, 16]);
});

test("11: the ranges of derivatives", async () => {
  const { found } = await import("../11-derivative-ranges.ts");
  expect(found.map(({ most }) => most)).toEqual([0.25, 1, 1]);
  expect(found[0]?.least).toBeCloseTo(4.54e-5, 7);
  for (const { mean, most } of found) expect(mean).toBeLessThan(most);
});

test("12: exploding gradients", async () => {
  const { he, large } = await import("../12-exploding-gradients.ts");
  expect(at(large.arriving, 0)).toBeGreaterThan(1e4 * at(large.arriving, -1));
  expect(at(he.arriving, 0)).toBeLessThan(10 * at(he.arriving, -1));
  expect(large.losses).toEqual([Number.NaN, Number.NaN]);
  expect(at(he.losses, 1)).toBeLessThan(at(he.losses, 0));
});

test("13: dead relus", async () => {
  const { few, largest, many } = await import("../13-dead-relus.ts");
  expect(few).toBeLessThan(0.05);
  expect(many).toBeGreaterThan(0.2);
  expect(largest).toBe(0);
});

test("14: constant initialization", async () => {
  const { constant, random, zero } = await import("../14-constant-initialization.ts");
  expect([zero.apart, constant.apart]).toEqual([0, 0]);
  expect(random.apart).toBeGreaterThan(0.001);
  expect(zero.accuracy).toBeLessThan(0.2);
  expect(constant.accuracy).toBeLessThan(0.5);
  expect(random.accuracy).toBeGreaterThan(0.85);
});

test("15: N(0, 0.01²), Xavier and He", async () => {
  const { linear, reluHe, reluXavier, small, tanh } = await import("../15-initialization.ts");
  const kept = (spreads: readonly number[]): number => at(spreads, -1) / at(spreads, 0);
  expect(kept(small)).toBeLessThan(1e-6);
  expect(kept(linear)).toBeGreaterThan(0.5);
  expect(kept(linear)).toBeLessThan(2);
  expect(kept(tanh)).toBeGreaterThan(0.2);
  expect(kept(reluXavier)).toBeLessThan(0.1);
  expect(kept(reluHe)).toBeGreaterThan(0.5);
});

test("16: input standardization", async () => {
  const { raw, standardized, unit } = await import("../16-input-standardization.ts");
  expect(standardized).toBeGreaterThan(unit);
  expect(raw).toBeLessThan(0.3);
});

test("17: batch normalization", async () => {
  const { difference, mean, variance } = await import("../17-batch-normalization.ts");
  expect(difference).toBeLessThan(1e-5);
  expect(mean).toBeLessThan(1e-5);
  expect(variance).toBeLessThan(1e-3);
});

test("18: γ and β", async () => {
  const { without, withThem } = await import("../18-gamma-and-beta.ts");
  expect(without).toMatchObject({ gamma: 0, beta: 0 });
  expect(without.line).toBeGreaterThan(0.97);
  expect(withThem.line).toBeLessThan(0.95);
  expect(Math.min(withThem.gamma, withThem.beta)).toBeGreaterThan(0.05);
});

test("19: moving averages", async () => {
  const found = await import("../19-moving-averages.ts");
  expect(found.change).toBeLessThan(1e-5);
  expect(Math.abs(found.mixedAverages - found.mixedOwn)).toBeLessThan(0.05);
  expect(found.sevensAverages - found.sevensOwn).toBeGreaterThan(0.3);
});

test("20: a bias before BatchNorm", async () => {
  const { after, before, biasNorm, change, weightNorm } = await import("../20-bias-before-batchnorm.ts");
  expect(biasNorm / weightNorm).toBeLessThan(1e-5);
  expect(change).toBeLessThan(1e-4);
  expect(before - after).toBe(128);
});

test("21: BatchNorm and the learning rate", async () => {
  const { withNorm, without } = await import("../21-batchnorm-learning-rate.ts");
  expect(at(without, 2)).toBeLessThan(0.2);
  expect(at(withNorm, 2)).toBeGreaterThan(0.6);
});

test("22: BatchNorm and the initialization", async () => {
  const { withNorm, without } = await import("../22-batchnorm-initialization.ts");
  expect(at(without, 1) - at(without, 0)).toBeGreaterThan(0.4);
  expect(Math.abs(at(withNorm, 1) - at(withNorm, 0))).toBeLessThan(0.1);
});

test("23: BatchNorm regularizes", async () => {
  const { noise, withNorm, without } = await import("../23-batchnorm-regularizes.ts");
  expect(noise).toBeGreaterThan(0.05);
  expect(withNorm.testLoss).toBeLessThan(without.testLoss);
});

test("24: BatchNorm before or after the activation", async () => {
  const { after, before, without } = await import("../24-batchnorm-placement.ts");
  expect(without).toBeLessThan(0.2);
  expect(Math.min(after, before)).toBeGreaterThan(0.75);
});

test("25: overfitting", async () => {
  const { batchNorm, dropout, l2, plain } = await import("../25-overfitting.ts");
  expect(plain.loss).toBeLessThan(0.01);
  expect(at(plain.test, -1)).toBeGreaterThan(1.05 * Math.min(...plain.test));
  for (const remedy of [batchNorm, dropout, l2]) expect(at(remedy.test, -1)).toBeLessThan(at(plain.test, -1));
});

test("26: the final network", async () => {
  const { accuracy } = await import("../26-the-final-network.ts");
  expect(accuracy).toBeGreaterThan(0.955);
});
