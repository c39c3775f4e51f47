// Lesson 23. In training, BatchNorm makes an image's result depend on the others of its batch, which are drawn at random. This noise, a
// little like dropout's, keeps a network from learning its images by heart.

import { concat, manualSeed, noGrad, type Tensor } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, type Layer, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const few = train.slice(0, 480); // few enough to be learned by heart

async function learn(normalized: boolean): Promise<{ model: Sequential; loss: number; testLoss: number }> {
  manualSeed(23);
  const block = (inputs: number): Layer[] =>
    normalized
      ? [new Dense(inputs, 128), new BatchNorm(128, { momentum: 0.9, epsilon: 1e-5 }), new ReLU()]
      : [new Dense(inputs, 128), new ReLU()];
  const model = new Sequential(...[784, 128].flatMap(block), new Dense(128, 10));
  const trainer = new Trainer({ model, optimizer: new Adam(model.parameters()), loss: crossEntropy });
  const { history } = await trainer.fit(few, { epochs: 30, seed: 23, verbose: 0 });
  const { loss: testLoss } = await trainer.evaluate(test.slice(0, 960), { verbose: 0 });
  return { model, loss: history.loss.at(-1) ?? Number.NaN, testLoss };
}

const without = await learn(false);
const withNorm = await learn(true);
for (const [name, { loss, testLoss }] of Object.entries({ "without BatchNorm": without, "with BatchNorm": withNorm })) {
  console.log(`${name}: loss ${loss.toFixed(4)} on the images learned, ${testLoss.toFixed(3)} on others`);
}

// The logits of one image among five sets of others, and how far they are spread.
const { inputs } = few.batch(Array.from({ length: 156 }, (_, index) => index));
const logits: Tensor[] = noGrad(() =>
  [0, 1, 2, 3, 4].map((set) => {
    const others = inputs.slice([1 + 31 * set, 32 + 31 * set]);
    return withNorm.model.forward(concat([inputs.slice([0, 1]), others])).slice([0, 1]);
  }),
);
const noise = concat(logits).std(0).mean().item();
console.log(`in training, the other images of a batch move a logit by ${noise.toFixed(2)}`);

export { noise, withNorm, without };
