// Lesson 4. An operator on numbers is a formula, written once: its loops, its gradient and the gradient's gradient follow from it,
// and compiled programs fuse it like any other. Where no formula says it well, `customOp` takes a gradient of your own.

import { customOp, elementwise, grad, gradcheck, print, type Tensor, tensor, Variable } from "@gradus/core";

// Swish, by Ramachandran, Zoph and Le: x·σ(βx), with a slope β that can be learned.
const swish = elementwise({ name: "swish", forward: (x, beta) => x.mul(x.mul(beta).sigmoid()) });

const x = tensor([-2, -1, 0, 1, 2], { dtype: "float64" });
print("swish    ", swish(x, 1));
print("its slope", grad((at) => swish(at, 1).sum())(x));

// Tensors of any shapes that broadcast, numbers, and dtypes are taken; the gradient is right to the second order.
gradcheck((at, beta) => swish(at ?? x, beta ?? 1).sum(), [x, tensor(1.5, { dtype: "float64" })], { order: 2 });

// β is a parameter like any other: it finds the swish that looks most like relu.
const beta = new Variable(tensor(1, { dtype: "float64" }));
const distance = (at: Tensor): Tensor => swish(x, at).sub(x.relu()).square().sum();
const before = distance(beta).item();
for (let step = 0; step < 200; step++) beta.assign(beta.sub(grad(distance)(beta).mul(0.5)));
const after = distance(beta).item();
print("β", beta, "distance from relu", before, "→", after);

// Rounding has no slope; passing the gradient straight through lets a network learn in spite of it.
const round = customOp({ name: "round", forward: (at) => at.round(), backward: ({ dy }) => [dy] });
const weight = new Variable(tensor([0.2, 1.7]));
round(weight).mul(3).sum().backward();
print("rounded", round(weight), "its gradient", weight.grad);

export { after, before, beta, swish, weight };
