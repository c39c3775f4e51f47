// Gradients of elementwise operators against difference quotients, first and second order, wherever the value is finite and smooth.

import { describe, expect, test } from "vitest";
import { gradcheck, type Tensor, tensor, vjp, zeros } from "../../src/index.ts";
import { flat, identical } from "./reference.ts";
import { apply, arityOf, type Entry, operatorsOf } from "./registry.ts";

/** Away from whole and half numbers, where rounding jumps, and no two at the same distance from 0, where maxima tie. */
const points = [-2.64, -0.77, -0.42, -0.13, 0.17, 0.38, 0.57, 0.71, 0.91, 1.73, 2.31];

/** Inputs that pair the points with one another, without those at which the operator has no finite value. */
function smoothInputs(entry: Entry): Tensor[] {
  const size = points.length;
  const combinations = Array.from({ length: size ** arityOf(entry) }, (_, k) =>
    Array.from(
      { length: arityOf(entry) },
      (_unused, input) => (points[Math.floor(k / size ** input) % size] ?? 0) + input * 0.031,
    ),
  );
  const finite = combinations.filter((values) => Number.isFinite(apply(entry, ...values).item()));
  const kept = finite.filter((_, index) => finite.length < 100 || index % Math.ceil(finite.length / 60) === 0);
  return Array.from({ length: arityOf(entry) }, (_, input) =>
    tensor(Float64Array.from(kept.map((values) => values[input] ?? 0))),
  );
}

const operators = operatorsOf("elementwise", "activations", "gated-activations");
const differentiable = operators.filter((entry) => apply(entry, ...smoothInputs(entry)).dtype !== "bool");

test("conditions are the only ones without gradient", () => {
  expect(operators.length - differentiable.length).toBeGreaterThanOrEqual(12);
});

test.each(differentiable)("$name", (entry) => {
  const inputs = smoothInputs(entry);
  expect(inputs[0]?.size).toBeGreaterThan(3);
  gradcheck((...xs) => apply(entry, ...xs), inputs, { order: 2 });
});

describe("a gradient of zero", () => {
  test.each(differentiable)("$name: moves nothing", (entry) => {
    const inputs = smoothInputs(entry);
    const { value, pullback } = vjp((...xs) => apply(entry, ...xs), ...inputs);
    const none = zeros(value.shape, { dtype: "float64" });
    for (const gradient of pullback(none)) expect(flat(gradient).every((g) => g === 0)).toBe(true);
  });
});

describe("gradients of float32", () => {
  test.each(differentiable)("$name: keep the dtype and are those of float64", (entry) => {
    const inputs = smoothInputs(entry).map((x) => x.cast("float32"));
    const { value, pullback } = vjp((...xs) => apply(entry, ...xs), ...inputs);
    const double = vjp((...xs) => apply(entry, ...xs), ...inputs.map((x) => x.cast("float64")));
    const wanted = double.pullback(zeros(value.shape, { dtype: "float64" }).add(1));
    for (const [index, gradient] of pullback(zeros(value.shape).add(1)).entries()) {
      expect(gradient.dtype).toBe("float32");
      const scale = Math.max(1, ...flat(wanted[index] ?? gradient).map(Math.abs));
      const distance = gradient
        .cast("float64")
        .sub(wanted[index] ?? gradient)
        .abs()
        .max()
        .item();
      expect(distance).toBeLessThanOrEqual(2e-6 * scale);
    }
  });
});

test("a tensor used as every input collects all gradients", () => {
  const twoOrMore = differentiable.filter(
    (entry) => arityOf(entry) === 2 && entry.name !== "maximum" && entry.name !== "minimum",
  );
  for (const entry of twoOrMore) {
    const x = tensor([0.7, 1.3], { dtype: "float64" });
    const once = vjp((a) => apply(entry, a, a), x).pullback(x)[0] ?? x;
    const [a = x, b = x] = vjp((left, right) => apply(entry, left, right), x, x).pullback(x);
    expect(identical(once, a.add(b)), entry.name).toBe(true);
  }
});
