// Lesson 21. With BatchNorm larger learning rates converge: weights that grow make features larger, but the normalization takes that
// away again.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, type Layer, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

async function learn(learningRate: number, normalized: boolean): Promise<number> {
  manualSeed(21);
  const block = (inputs: number): Layer[] =>
    normalized
      ? [new Dense(inputs, 64), new BatchNorm(64, { momentum: 0.9 }), new ReLU()]
      : [new Dense(inputs, 64), new ReLU()];
  const model = new Sequential(...[784, 64, 64].flatMap(block), new Dense(64, 10));
  const optimizer = new SGD(model.parameters(), { learningRate });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"] });
  trainer.on("warning", ({ message }) => console.log(message));
  await trainer.fit(train.slice(0, 1920), { batchSize: 64, epochs: 3, seed: 21, verbose: 0 });
  return (await trainer.evaluate(test.slice(0, 960), { verbose: 0 })).accuracy;
}

const rates = [0.03, 0.3, 3];
const without: number[] = [];
const withNorm: number[] = [];
for (const rate of rates) {
  without.push(await learn(rate, false));
  withNorm.push(await learn(rate, true));
  console.log(
    `rate ${rate}: accuracy ${without.at(-1)?.toFixed(3)} without BatchNorm, ${withNorm.at(-1)?.toFixed(3)} with it`,
  );
}

export { withNorm, without };
