// What the tests of the deterministic mode hash, in Node and in browsers: the elementary functions run eagerly, and a small network
// trained eagerly and compiled. Everything that could differ between machines takes part: products large and small, sums, random
// numbers, every elementary function.

import { compile } from "../../src/compile.ts";
import type { ElementaryFunction } from "../../src/expr/elementary.ts";
import {
  batchNorm,
  crossEntropy,
  dropout,
  manualSeed,
  normal,
  randint,
  shareMemory,
  stepScalar,
  type Tensor,
  tensor,
  truncatedNormal,
  uniform,
  update,
  Variable,
  zeros,
} from "../../src/index.ts";

/** The bits of tensors as a number of 64 bits in hexadecimal: two FNV-1a hashes, from two beginnings. */
function hashOf(tensors: readonly Tensor[]): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  for (const values of tensors.map((each) => each.toTypedArray())) {
    for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x01000193);
    }
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}

/** In the order of the recorded hash. */
const elementaryFunctions = [
  "exp",
  "expm1",
  "log",
  "log1p",
  "log2",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "atan2",
  "sinh",
  "cosh",
  "tanh",
  "pow",
  "erf",
  "sigmoid",
] as const satisfies ElementaryFunction[];

/** Every elementary function, eagerly, in both precisions. */
export function functionsHash(): string {
  manualSeed(1);
  const x = uniform([200], { low: -3, high: 3, dtype: "float64" });
  const positive = x.abs().add(0.01);
  const binary = { pow: positive.pow(x), atan2: x.atan2(positive) };
  const results = elementaryFunctions.map((fn): Tensor => {
    if (fn === "pow" || fn === "atan2") return binary[fn];
    return (fn.startsWith("log") ? positive : fn === "asin" || fn === "acos" ? x.div(3) : x)[fn]();
  });
  const drawn = [normal([100], { dtype: "float64" }), truncatedNormal([100]), normal([101])];
  return hashOf([...results, ...results.map((each) => each.cast("float32")), ...drawn]);
}

const adam = update({
  name: "Adam",
  forward: (w, m, v, g, rate, correction) => {
    const first = m.mul(0.9).add(g.mul(0.1));
    const second = v.mul(0.999).add(g.square().mul(0.001));
    return [w.sub(first.mul(rate).div(second.sqrt().mul(correction).add(1e-8))), first, second];
  },
});

const BATCH = 128;
const STEPS = 12;

/** A few steps of dense layers, batch normalization, dropout and Adam; the hash of all weights, averages and losses. */
function train(prepare: <R>(step: (x: Tensor, labels: Tensor) => R) => (x: Tensor, labels: Tensor) => R): string {
  manualSeed(2);
  const own = (initial: Tensor): Variable => new Variable(initial);
  const weights = [
    [40, 48],
    [48, 48],
    [48, 6],
  ].map((shape) => own(normal(shape, { standardDeviation: 0.2 })));
  const scales = [48, 48].map((width) => own(truncatedNormal([width], { mean: 1, standardDeviation: 0.2 })));
  const shifts = [48, 48, 6].map((width) => own(zeros([width])));
  const means = [48, 48].map((width) => new Variable(zeros([width]), { requiresGrad: false }));
  const trained = [...weights, ...scales, ...shifts];
  const state = trained.map((w) => ({ w, m: own(zeros(w.shape)), v: own(zeros(w.shape)) }));
  shareMemory(state.flatMap(({ w, m, v }) => [w, m, v]));
  let [decay1, decay2] = [1, 1];

  const forward = (x: Tensor): Tensor => {
    let y = x;
    for (const [index, w] of weights.entries()) {
      y = y.matmul(w);
      const [gamma, beta, mean] = [scales[index], shifts[index], means[index]];
      if (gamma === undefined || beta === undefined || mean === undefined) return y.add(shifts.at(-1) ?? 0);
      const normalized = batchNorm(y, gamma, beta);
      mean.assign(mean.mul(0.9).add(normalized.mean.mul(0.1)));
      y = normalized.output;
      y = index === 0 ? y.sigmoid().mul(y).add(y.sin().mul(0.1)) : y.erf().add(y.tanh());
      y = dropout(y, 0.2);
    }
    return y;
  };
  const step = prepare((x, labels) => {
    const logits = forward(x);
    const penalty = weights.reduce<Tensor>(
      (sum, w) => sum.add(w.abs().add(0.1).pow(1.3).add(w.atan()).add(w.cosh().log1p()).mean()),
      tensor(0),
    );
    const loss = crossEntropy(logits, labels).add(penalty.mul(0.01));
    loss.backward();
    for (const { w, m, v } of state) {
      const rate = stepScalar(() => 0.01 / (1 - decay1));
      if (w.grad !== null) adam([w, m, v], [w.grad, rate, stepScalar(() => 1 / Math.sqrt(1 - decay2))]);
      w.grad = null;
    }
    return loss;
  });

  const losses: Tensor[] = [];
  for (let index = 0; index < STEPS; index++) {
    decay1 *= 0.9;
    decay2 *= 0.999;
    losses.push(step(normal([BATCH, 40]), randint([BATCH], { high: 6 })));
  }
  if (losses.some((loss) => !Number.isFinite(loss.item())))
    throw new Error(`losses ${losses.map((loss) => loss.item())}`);
  return hashOf([...state.flatMap(({ w, m, v }) => [w, m, v]), ...means, ...losses]);
}

/** The network trained without compiling. */
const eagerHash = (): string => train((step) => step);

/** The network trained by one program. */
export const compiledHash = (): string => train((step) => compile(step));

/** The hashes of everything. */
export const hashes = (): Record<"functions" | "eager" | "compiled", string> => ({
  functions: functionsHash(),
  eager: eagerHash(),
  compiled: compiledHash(),
});
