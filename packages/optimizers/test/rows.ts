// What is particular to each optimizer in the exam. The types hold the table complete: an optimizer that the package exports and that has
// no row here does not compile.

import type { OptimizerName, Options } from "./all.ts";

/** What the exam asks of an optimizer. */
export interface Row {
  readonly defaults: Options;
  /** Options with which it has a state for each parameter and no weight decay, and the names of that. */
  readonly options: Options;
  readonly states: readonly string[];
  /** Options out of range, and what the message says. */
  readonly refused: readonly (readonly [Options, RegExp])[];
}

/** Values of an option that are refused. */
export const outside = (option: string, ...values: readonly number[]): [Options, RegExp][] =>
  values.map((value) => [{ [option]: value }, new RegExp(`${option} must be .*, got ${value}$`)]);
const shares = (...options: readonly string[]): [Options, RegExp][] =>
  options.flatMap((option) => outside(option, -0.1, 1, Number.NaN));
const sizes = (...options: readonly string[]): [Options, RegExp][] =>
  options.flatMap((option) => outside(option, -1e-8, Number.POSITIVE_INFINITY, Number.NaN));

const moments = ["firstMoment", "secondMoment"];
const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const adamRefused = [...shares("beta1", "beta2"), ...sizes("epsilon", "weightDecay")];

/** The rows of the exam. */
export const rows: Readonly<Record<OptimizerName, Row>> = {
  SGD: {
    defaults: { learningRate: 0.01, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 },
    options: { learningRate: 0.05, momentum: 0.9 },
    states: ["velocity"],
    refused: [
      ...shares("momentum"),
      ...outside("dampening", -0.1, 1.1, Number.NaN),
      ...sizes("weightDecay"),
      [{ nesterov: true }, /nesterov must be used with a momentum and no dampening, got true/],
      [{ nesterov: true, momentum: 0.9, dampening: 0.1 }, /nesterov must be used with a momentum and no dampening/],
    ],
  },
  Adam: {
    defaults: { ...adam, amsgrad: false },
    options: { learningRate: 0.1 },
    states: moments,
    refused: adamRefused,
  },
  AdamW: {
    defaults: { ...adam, weightDecay: 0.01, amsgrad: false },
    options: { learningRate: 0.1, weightDecay: 0, amsgrad: true },
    states: [...moments, "largestSecondMoment"],
    refused: adamRefused,
  },
  NAdam: {
    defaults: { ...adam, learningRate: 2e-3, momentumDecay: 0.004 },
    options: { learningRate: 0.1 },
    states: moments,
    refused: [...adamRefused, ...sizes("momentumDecay")],
  },
  RAdam: { defaults: adam, options: { learningRate: 0.1, beta2: 0.9 }, states: moments, refused: adamRefused },
  Adamax: {
    defaults: { ...adam, learningRate: 2e-3 },
    options: { learningRate: 0.1 },
    states: ["firstMoment", "largest"],
    refused: adamRefused,
  },
  RMSprop: {
    defaults: { learningRate: 0.01, alpha: 0.99, epsilon: 1e-8, weightDecay: 0, momentum: 0, centered: false },
    options: { learningRate: 0.01, centered: true, momentum: 0.5, epsilon: 0.1 },
    states: ["square", "mean", "velocity"],
    refused: [...shares("alpha", "momentum"), ...sizes("epsilon", "weightDecay")],
  },
  Adagrad: {
    defaults: { learningRate: 0.01, learningRateDecay: 0, weightDecay: 0, initialAccumulator: 0, epsilon: 1e-10 },
    options: { learningRate: 0.1, initialAccumulator: 0.5 },
    states: ["accumulator"],
    refused: sizes("learningRateDecay", "weightDecay", "initialAccumulator", "epsilon"),
  },
  Adadelta: {
    defaults: { learningRate: 1, rho: 0.9, epsilon: 1e-6, weightDecay: 0 },
    options: { learningRate: 1, epsilon: 1e-3 },
    states: ["square", "delta"],
    refused: [...shares("rho"), ...sizes("epsilon", "weightDecay")],
  },
  Lion: {
    defaults: { learningRate: 1e-4, beta1: 0.9, beta2: 0.99, weightDecay: 0 },
    options: { learningRate: 0.01 },
    states: ["mean"],
    refused: [...shares("beta1", "beta2"), ...sizes("weightDecay")],
  },
  Muon: {
    defaults: {
      learningRate: 0.02,
      momentum: 0.95,
      nesterov: true,
      iterations: 5,
      weightDecay: 0,
      adamW: false,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-10,
    },
    options: { learningRate: 0.01 },
    states: ["momentum"],
    refused: [
      ...shares("momentum", "beta1", "beta2"),
      ...sizes("weightDecay", "epsilon"),
      ...outside("iterations", 0, 1.5),
    ],
  },
};
