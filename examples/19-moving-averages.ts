// Lesson 19. In evaluation BatchNorm uses moving averages, μ̂ ← α·μ̂ + (1 − α)·μ_B, kept in training. The batch's own statistics would
// fail: a batch of one digit is normalized until nothing tells it from others.

import { manualSeed, noGrad, type Tensor } from "@gradus/core";
import { type ArrayDataset, findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const batchOf = (rows: readonly number[]): ReturnType<ArrayDataset["batch"]> => test.batch(rows);

manualSeed(19);
const norm = new BatchNorm(128, { momentum: 0.9, epsilon: 1e-5 }); // α = 0.9
const model = new Sequential(new Dense(784, 128), norm, new ReLU(), new Dense(128, 10));
const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
await new Trainer({ model, optimizer, loss: crossEntropy }).fit(train.slice(0, 3200), {
  epochs: 2,
  seed: 19,
  verbose: 0,
});

const mixed = batchOf(Array.from({ length: 500 }, (_, index) => index));
const labels = Array.from(mixed.targets.toTypedArray(), Number);
const sevens = batchOf(labels.flatMap((label, row) => (label === 7 ? [row] : [])));

/** The share of right answers. */
function accuracy({ inputs, targets }: { inputs: Tensor; targets: Tensor }): number {
  return noGrad(() => model.forward(inputs).argMax(-1).eq(targets).cast("float32").mean().item());
}

model.eval(); // moving averages
const [mixedAverages, sevensAverages] = [accuracy(mixed), accuracy(sevens)];
const alone: Tensor = noGrad(() => model.forward(mixed.inputs.slice([0, 1])));
const among: Tensor = noGrad(() => model.forward(mixed.inputs).slice([0, 1]));
const change = alone.sub(among).abs().max().item();

model.train(); // the batch's own statistics
const [mixedOwn, sevensOwn] = [accuracy(mixed), accuracy(sevens)];

console.log(
  `mixed digits: ${mixedAverages.toFixed(3)} with moving averages, ${mixedOwn.toFixed(3)} with the batch's statistics`,
);
console.log(
  `only sevens:  ${sevensAverages.toFixed(3)} with moving averages, ${sevensOwn.toFixed(3)} with the batch's`,
);
console.log(`in evaluation a result changes by ${change.toExponential(0)} when 499 other images are beside it`);

export { change, mixedAverages, mixedOwn, sevensAverages, sevensOwn };
