// Lesson 24. BatchNorm before the activation, as in the paper, or after it? Either way a deep network of sigmoids learns that does not
// without it; which place is the better one has to be tried.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, type Layer, Sequential, Sigmoid } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

async function learn(place: "without" | "before" | "after"): Promise<number> {
  manualSeed(24);
  const norm = (): Layer => new BatchNorm(64, { momentum: 0.9, epsilon: 1e-5 });
  const blocks = {
    without: (dense: Layer): Layer[] => [dense, new Sigmoid()],
    before: (dense: Layer): Layer[] => [dense, norm(), new Sigmoid()],
    after: (dense: Layer): Layer[] => [dense, new Sigmoid(), norm()],
  };
  const layers = [784, 64, 64, 64].flatMap((inputs) => blocks[place](new Dense(inputs, 64)));
  const model = new Sequential(...layers, new Dense(64, 10));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"] });
  await trainer.fit(train.slice(0, 3200), { epochs: 3, seed: 24, verbose: 0 });
  const { accuracy } = await trainer.evaluate(test.slice(0, 960), { verbose: 0 });
  console.log(`${place.padEnd(8)} ${accuracy.toFixed(3)} ${"█".repeat(Math.round(accuracy * 40))}`);
  return accuracy;
}

console.log("Three hidden layers of sigmoids, BatchNorm …");
const without = await learn("without");
const before = await learn("before");
const after = await learn("after");

export { after, before, without };
