// Lesson 13. A relu is closed where its input is below 0. A step that is too large can close it for every image: then no gradient
// reaches its weights, and it stays closed. Such a unit is dead.

import { manualSeed, noGrad, type Tensor } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { crossEntropy, Dense, heNormal, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const images = train.slice(0, 1920);
const { inputs, targets } = images.batch(Array.from({ length: images.length }, (_, index) => index));

/** A network after two epochs with this learning rate, and which of its 128 hidden units no image opens. */
async function learn(learningRate: number): Promise<{ dead: Tensor; hidden: Dense; model: Sequential }> {
  manualSeed(13);
  const hidden: Dense = new Dense(784, 128, { initializer: heNormal });
  const model = new Sequential(hidden, new ReLU(), new Dense(128, 10));
  const optimizer = new SGD(model.parameters(), { learningRate });
  await new Trainer({ model, optimizer, loss: crossEntropy }).fit(images, { epochs: 2, seed: 13, verbose: 0 });
  const dead = noGrad(() => hidden.forward(inputs).max(0).le(0));
  return { dead, hidden, model };
}

const moderate = await learn(0.1);
const large = await learn(1.5);
const [few, many] = [moderate, large].map(({ dead }) => dead.cast("float32").mean().item());
console.log(`dead units with rate 0.1: ${few}, with rate 1.5: ${many}`);

// Their gradients: exactly 0, so nothing will ever bring them back.
const { dead, hidden, model } = large;
crossEntropy(model.forward(inputs), targets).backward();
const sizes: Tensor = hidden.weight.grad?.abs().max(0) ?? dead;
const largest = sizes.mul(dead.cast("float32")).max().item();
console.log(`largest gradient of a dead unit's weight: ${largest}`);

export { few, largest, many };
