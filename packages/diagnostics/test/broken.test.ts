// Networks that are broken on purpose, each in one way: what is wrong must be the first finding, for every architecture, one seed or another.

import { heNormal, initializers, type Layer, ReLU, Sigmoid, Tanh, xavierNormal } from "@gradus/layers";
import { describe, expect, test } from "vitest";
import type { FindingKind } from "../src/index.ts";
import { type Course, convolutional, deep, lecture, perceptron, seeded, seedsFor, train } from "./networks.ts";

const { constant } = initializers;
const normal = (standardDeviation: number): initializers.Initializer => initializers.normal({ standardDeviation });
const [relu, tanh, sigmoid] = [() => new ReLU(), () => new Tanh(), () => new Sigmoid()];
const small = [64, 64, 32, 10];
const image: Course = { shape: [8, 8, 1] };
const sgd = (learningRate: number): Course => ({ optimizer: "sgd", learningRate });

type Row = readonly [name: string, make: () => Layer, course?: Course];

const broken: Partial<Record<FindingKind, readonly Row[]>> = {
  saturated: [
    ["sigmoid, large weights", () => perceptron(small, sigmoid, normal(3))],
    ["tanh, large weights", () => perceptron(deep(4), tanh, normal(2))],
    ["tanh, inputs to 255", () => perceptron(small, tanh, xavierNormal), { prepare: (x) => x.mul(255) }],
    ["sigmoid, larger weights, SGD", () => perceptron(small, sigmoid, normal(5)), sgd(0.1)],
  ],
  dead: [
    ["biases of −5", () => perceptron(small, relu, heNormal, constant(-5))],
    ["biases of −10, deep", () => perceptron(deep(6), relu, heNormal, constant(-10)), sgd(0.01)],
    ["convolutions with biases of −9", () => convolutional(heNormal, constant(-9)), image],
  ],
  explodingActivations: [
    ["N(0, 1), four layers", () => perceptron(deep(4), relu, normal(1))],
    ["N(0, 1), four layers, SGD", () => perceptron(deep(4), relu, normal(1)), sgd(0.01)],
    ["N(0, 1), thirty layers, beyond float32", () => perceptron(deep(30), relu, normal(1))],
    ["convolutions with N(0, 4)", () => convolutional(normal(4)), image],
  ],
  identicalUnits: [
    ["all zero, relu", () => perceptron(small, relu, constant(0))],
    ["all zero, tanh", () => perceptron(deep(4), tanh, constant(0)), sgd(0.1)],
    ["all 0.1, sigmoid", () => perceptron(small, sigmoid, constant(0.1))],
    ["all zero, convolutions", () => convolutional(constant(0)), image],
  ],
  largeUpdates: [
    ["Adam, 1", () => perceptron(small, relu, heNormal), { learningRate: 1 }],
    ["Adam, 0.3, tanh", () => perceptron(small, tanh, xavierNormal), { learningRate: 0.3 }],
    ["Adam, 1, BatchNorm", lecture, { learningRate: 1 }],
    ["Adam, 1, convolutions", convolutional, { ...image, learningRate: 1 }],
    ["SGD, 3: relus die", () => perceptron(small, relu, heNormal), sgd(3)],
    ["SGD, 10,000", () => perceptron(small, tanh, xavierNormal), sgd(1e4)],
    ["Adam, 1, eager", () => perceptron(small, relu, heNormal), { learningRate: 1, compiled: false }],
  ],
  smallUpdates: [
    ["Adam, 1e-7", () => perceptron(small, relu, heNormal), { learningRate: 1e-7 }],
    ["Adam, 1e-7, BatchNorm", lecture, { learningRate: 1e-7 }],
    ["SGD, 1e-6", () => perceptron(small, tanh, xavierNormal), sgd(1e-6)],
    ["Adam, 1e-7, convolutions", convolutional, { ...image, learningRate: 1e-7 }],
  ],
  vanishingGradient: [
    ["six sigmoids", () => perceptron(deep(6), sigmoid, xavierNormal)],
    ["nine sigmoids, SGD", () => perceptron(deep(9), sigmoid, xavierNormal), sgd(0.1)],
  ],
  vanishingActivations: [["N(0, 0.01), six layers", () => perceptron(deep(6), tanh, normal(0.01)), sgd(0.1)]],
};

const rows = Object.entries(broken).flatMap(([kind, group]) =>
  group.flatMap(([name, make, course], place) => seedsFor(place).map((seed) => ({ kind, name, make, course, seed }))),
);

test.each(rows)("$kind: $name (seed $seed)", ({ kind, make, course, seed }) => {
  const { findings } = train(seeded(seed, make), { ...course, seed }).diagnostics;
  expect(findings[0]?.kind).toBe(kind);
  expect(findings[0]?.since).toBe(1);
});

describe("in words", () => {
  const first = (make: () => Layer, course?: Course): string => {
    const [finding] = train(seeded(1, make), course).diagnostics.findings;
    return `${finding?.message} ${finding?.advice}`;
  };

  test("vanishing: layer, number, cause, cure", () => {
    expect(first(() => perceptron(deep(6), sigmoid, xavierNormal))).toMatch(
      /^dense: its gradient is \d\.\d · 10⁻⁴ of the last layer's: vanishing.* The slope of sigmoid is at most ¼.* Try relu with heNormal, or a BatchNorm before the activation\.$/,
    );
  });

  test("saturated", () => {
    expect(first(() => perceptron(small, sigmoid, normal(3)))).toMatch(
      /^sigmoid: saturates in 7\d % of its outputs.*xavierUniform/,
    );
  });

  test("the learning rate, with the factor", () => {
    expect(first(() => perceptron(small, relu, heNormal), { learningRate: 1e-7 })).toMatch(
      /Try a learningRate 1000 times larger/,
    );
    expect(first(() => perceptron(small, relu, heNormal), { learningRate: 1 })).toMatch(
      /Try a learningRate 10+ times smaller/,
    );
  });
});
