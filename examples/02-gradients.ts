// Lesson 2. A Variable is a tensor whose value can be assigned. `backward` walks from a result to the Variables that it was computed
// from, and leaves in each the slope of the result: what a small change of the Variable does to it.

import { grad, gradcheck, hessian, print, type Tensor, tensor, Variable } from "@gradus/core";

// A prediction w·x + b, and how wrong it is.
const x = tensor([1, 2, 3]);
const y = tensor([3, 5, 7]);
const w = new Variable(tensor(0));
const b = new Variable(tensor(0));
const loss = w.mul(x).add(b).sub(y).square().mean();
loss.backward();
print("loss", loss, "∂loss/∂w", w.grad, "∂loss/∂b", b.grad);
w.grad = null;
b.grad = null;

/** A step against the slope makes the loss smaller. */
function descend(variable: Variable, rate: number): void {
  if (variable.grad !== null) variable.assign(variable.sub(variable.grad.mul(rate)));
  variable.grad = null;
}

// Many of them find the line through the points: y = 2x + 1.
for (let step = 0; step < 500; step++) {
  w.mul(x).add(b).sub(y).square().mean().backward();
  descend(w, 0.1);
  descend(b, 0.1);
}
print("after 500 steps: w", w, "b", b);

// Derivatives of functions, and derivatives of derivatives: Newton's method finds the root of x² − 2.
const slope = grad((at) => at.square().sub(2));
let root: Tensor = tensor(1, { dtype: "float64" });
for (let step = 0; step < 6; step++) root = root.sub(root.square().sub(2).div(slope(root)));
print("√2 is", root.item());
print(
  "second derivatives of sin(x)·y",
  hessian((at) => at.slice(0).sin().mul(at.slice(1)), tensor([0, 1])),
);

// Any gradient can be held against differences of the function's values; a wrong one is an error.
const checked = gradcheck((at) => at.sigmoid().mul(at).sum(), [tensor([-1, 0.5, 2], { dtype: "float64" })]);
print("the gradient of x·σ(x) is right:", checked);

export { b, checked, loss, root, w };
