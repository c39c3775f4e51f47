// Lesson 14. If all weights of a layer start alike, all its units compute the same, get the same gradient, and stay alike: the layer is
// as good as one unit. With zeros not even that learns. Random numbers break the symmetry.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { crossEntropy, Dense, type Initializer, initializers, ReLU, Sequential, xavierNormal } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const first = train.batch(Array.from({ length: 200 }, (_, index) => index));

async function look(name: string, initializer: Initializer): Promise<{ accuracy: number; apart: number }> {
  manualSeed(14);
  const hidden: Dense = new Dense(784, 64, { initializer });
  const model = new Sequential(hidden, new ReLU(), new Dense(64, 10, { initializer }));

  // The largest difference between two units' gradients for the same pixel, before the first step.
  crossEntropy(model.forward(first.inputs), first.targets).backward();
  const gradient = hidden.weight.grad;
  const apart = gradient === null ? Number.NaN : gradient.max(1).sub(gradient.min(1)).max().item();

  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"] });
  await trainer.fit(train.slice(0, 3200), { epochs: 5, seed: 14, verbose: 0 });
  const { accuracy } = await trainer.evaluate(test.slice(0, 960), { verbose: 0 });
  console.log(`${name}: units' gradients are ${apart.toExponential(1)} apart; test accuracy ${accuracy}`);
  return { accuracy, apart };
}

const zero = await look("all 0", initializers.zeros);
const constant = await look("all 0.01", initializers.constant(0.01));
const random = await look("random", xavierNormal);

export { constant, random, zero };
