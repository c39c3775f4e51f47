// Lesson 22. With BatchNorm it matters less how the weights start: each layer's features are normalized anew, however small the weights
// before them are.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import {
  BatchNorm,
  crossEntropy,
  Dense,
  heNormal,
  type Initializer,
  initializers,
  type Layer,
  ReLU,
  Sequential,
} from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

async function learn(initializer: Initializer, normalized: boolean): Promise<number> {
  manualSeed(22);
  const block = (inputs: number): Layer[] => {
    const dense = new Dense(inputs, 64, { initializer });
    return normalized ? [dense, new BatchNorm(64, { momentum: 0.9 }), new ReLU()] : [dense, new ReLU()];
  };
  const model = new Sequential(...[784, 64, 64, 64].flatMap(block), new Dense(64, 10, { initializer }));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"] });
  await trainer.fit(train.slice(0, 3200), { batchSize: 64, epochs: 3, seed: 22, verbose: 0 });
  return (await trainer.evaluate(test.slice(0, 960), { verbose: 0 })).accuracy;
}

const starts = { "N(0, 0.01²)": initializers.normal({ standardDeviation: 0.01 }), He: heNormal };
const without: number[] = [];
const withNorm: number[] = [];
for (const [name, initializer] of Object.entries(starts)) {
  without.push(await learn(initializer, false));
  withNorm.push(await learn(initializer, true));
  console.log(
    `${name}: accuracy ${without.at(-1)?.toFixed(3)} without BatchNorm, ${withNorm.at(-1)?.toFixed(3)} with it`,
  );
}

export { withNorm, without };
