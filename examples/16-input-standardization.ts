// Lesson 16. Pixels with mean 0 and variance 1 are learned faster than pixels from 0 to 1, with the same network and learning rate; with
// pixels from 0 to 255 that rate is far too large.

import { manualSeed } from "@gradus/core";
import { type ArrayDataset, findMnist, fromArrays, mnist } from "@gradus/data";
import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const whole = (data: ArrayDataset): ReturnType<ArrayDataset["batch"]> =>
  data.batch(Array.from({ length: data.length }, (_, index) => index));
const [learned, tested] = [whole(train.slice(0, 3200)), whole(test.slice(0, 960))];

async function learn(name: string, scale: number, offset: number): Promise<number> {
  manualSeed(16); // the same weights each time
  const model = new Sequential(new Dense(784, 64), new ReLU(), new Dense(64, 10));
  const optimizer = new SGD(model.parameters(), { learningRate: 0.05 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"] });
  const [data, validationData] = [learned, tested].map(({ inputs, targets }) =>
    fromArrays({ inputs: inputs.mul(scale).add(offset), targets }),
  );
  if (data === undefined || validationData === undefined) throw new Error("no images");
  const { history } = await trainer.fit(data, { epochs: 3, seed: 16, validationData, verbose: 0 });
  const accuracies = history.val_accuracy ?? [];
  console.log(`${name.padEnd(14)} accuracy, epoch by epoch: ${accuracies.map((value) => value.toFixed(3)).join(", ")}`);
  return accuracies.at(-1) ?? Number.NaN;
}

const [mean, deviation] = [learned.inputs.mean().item(), learned.inputs.std().item()];
console.log(`pixels have mean ${mean.toFixed(3)} and standard deviation ${deviation.toFixed(3)}`);
const raw = await learn("from 0 to 255", 255, 0);
const unit = await learn("from 0 to 1", 1, 0);
const standardized = await learn("standardized", 1 / deviation, -mean / deviation);

export { raw, standardized, unit };
