// The order in which einsum multiplies its operands: those that share labels first, whatever order they are given in.

import { expect, test } from "vitest";
import { einsum, grad, matmul, type Tensor, uniform } from "../../src/index.ts";
import { firstDifference, flat } from "./reference.ts";

test("operands that share no label are not laid out against each other", () => {
  // a and c alone make 400⁴ products.
  const [a, b, c] = [0, 1, 2].map(() => uniform([400, 400], { dtype: "float64" }));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three were made");
  const wanted = matmul(matmul(a, b), c);
  expect(firstDifference(flat(einsum("ab,cd,bc->ad", a, c, b)), flat(wanted), 1e-12)).toBeNull();
});

test("the gradient does not depend on the order of the operands", () => {
  const [a, b, c] = [0, 1, 2].map(() => uniform([3, 3], { dtype: "float64" }));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three were made");
  const forward = grad((x: Tensor) => einsum("ab,bc,cd->ad", x, b, c).square().sum())(a);
  const apart = grad((x: Tensor) => einsum("ab,cd,bc->ad", x, c, b).square().sum())(a);
  expect(firstDifference(flat(apart), flat(forward), 1e-12)).toBeNull();
});
