// Lesson 10. An epoch is one pass over all samples, a batch is what one step learns from. 1,000 images in batches of 100 are 10 steps an
// epoch, and in 10 epochs the weights are updated 100 times. The trainer tells of each step, so they can be counted.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

/** Steps of each epoch, while a small network learns the first `samples` images. */
async function countSteps(samples: number, batchSize: number, epochs: number): Promise<number[]> {
  manualSeed(10);
  const model = new Sequential(new Dense(784, 32), new ReLU(), new Dense(32, 10));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy });
  const steps = new Array<number>(epochs).fill(0);
  trainer.on("stepEnd", ({ epoch }) => {
    steps[epoch] = (steps[epoch] ?? 0) + 1;
  });
  const { history } = await trainer.fit(train.slice(0, samples), { batchSize, epochs, verbose: 0 });
  console.log(`${samples} images, batches of ${batchSize}: ${steps.join(", ")} steps`);
  console.log(`  loss, epoch by epoch: ${history.loss.map((loss) => loss.toFixed(2)).join(", ")}`);
  return steps;
}

const thousand = await countSteps(1000, 100, 10);
const updates = thousand.reduce((sum, steps) => sum + steps, 0);
console.log(`${updates} updates in all`);
const small = await countSteps(120, 20, 1);
const uneven = await countSteps(1000, 64, 1); // 15 batches of 64, and one of the 40 that are left

export { small, thousand, uneven, updates };
