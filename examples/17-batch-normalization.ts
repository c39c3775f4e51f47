// Lesson 17. Batch normalization subtracts a batch's mean from each feature and divides by the root of its variance: whatever comes in,
// each feature goes on with mean 0 and variance 1.

import { Generator, noGrad, type Tensor } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, Dense } from "@gradus/layers";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const { inputs } = train.batch(Array.from({ length: 256 }, (_, index) => index));

const dense = new Dense(784, 8, { generator: new Generator(17) });
const norm = new BatchNorm(8, { epsilon: 1e-5 });
const before: Tensor = noGrad(() => dense.forward(inputs));
const after: Tensor = noGrad(() => norm.forward(before)); // a new layer is in the mode of training

const show = (values: Tensor): string =>
  Array.from(values.toTypedArray(), (value) => Number(value).toFixed(2).replace("-0.00", "0.00").padStart(6)).join(" ");
console.log(`mean before      ${show(before.mean(0))}`);
console.log(`mean after       ${show(after.mean(0))}`);
console.log(`variance before  ${show(before.variance(0))}`);
console.log(`variance after   ${show(after.variance(0))}`);

// The formula by hand: x̂ = (x − μ) / √(σ² + ε)
const byHand = before.sub(before.mean(0)).div(before.variance(0).add(1e-5).sqrt());
const difference = after.sub(byHand).abs().max().item();
console.log(`largest difference from the formula: ${difference.toExponential(1)}`);

const mean = after.mean(0).abs().max().item();
const variance = after.variance(0).sub(1).abs().max().item();

export { difference, mean, variance };
