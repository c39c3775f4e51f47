// Lesson 18. After the normalization each feature is scaled by γ and shifted by β, which are learned. Without them a sigmoid would only
// ever see values around 0 with variance 1, where it is nearly a straight line.

import { manualSeed, noGrad, type Tensor } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, Sequential, Sigmoid } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const images = train.slice(0, 3200);
const { inputs } = images.batch(Array.from({ length: 500 }, (_, index) => index));

/** How much of y the best straight line through x and y explains: cov² / (Var x · Var y). */
function straightness(x: Tensor, y: Tensor): number {
  const [dx, dy] = [x.sub(x.mean()), y.sub(y.mean())];
  return dx.mul(dy).mean().item() ** 2 / (dx.square().mean().item() * dy.square().mean().item());
}

async function learn(name: string, learned: boolean): Promise<{ line: number; gamma: number; beta: number }> {
  manualSeed(18);
  const norm = new BatchNorm(64, { momentum: 0.9, epsilon: 1e-5, scale: learned, center: learned });
  const dense = new Dense(784, 64);
  const model = new Sequential(dense, norm, new Sigmoid(), new Dense(64, 10));
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  await new Trainer({ model, optimizer, loss: crossEntropy }).fit(images, { epochs: 5, seed: 18, verbose: 0 });
  const x: Tensor = noGrad(() => norm.forward(dense.forward(inputs)));
  const line = straightness(x, x.sigmoid());
  const gamma = norm.gamma?.sub(1).abs().mean().item() ?? 0;
  const beta = norm.beta?.abs().mean().item() ?? 0;
  console.log(`${name}: a line explains ${(100 * line).toFixed(1)} % of the sigmoids' outputs`);
  console.log(`  |γ − 1| is ${gamma.toFixed(2)} in the mean, |β| ${beta.toFixed(2)}`);
  return { line, gamma, beta };
}

const without = await learn("without γ and β", false);
const withThem = await learn("with γ and β", true);

export { without, withThem };
