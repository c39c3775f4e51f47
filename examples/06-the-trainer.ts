// Lesson 6. `Trainer` is that loop with all that belongs to it: batches in a new order each epoch, validation, metrics, a history and a
// progress bar. It compiles the step. Here a network tells two interleaved half-moons apart.

import { Generator, manualSeed, normal, randint, stack, type Tensor, tensor, uniform } from "@gradus/core";
import { fromArrays } from "@gradus/data";
import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

/** Points on two half circles, with noise, and which of the two each belongs to. */
function halfMoons(count: number, generator: Generator): { readonly inputs: Tensor; readonly targets: Tensor } {
  const targets = randint([count], { high: 2, generator });
  const angle = uniform([count], { high: Math.PI, generator });
  const [moon, side] = [targets.cast("float32"), targets.mul(-2).add(1)]; // the second moon is turned and moved
  const circle = stack([angle.cos().mul(side).add(moon), angle.sin().mul(side).add(moon.mul(0.5))], 1);
  return { inputs: circle.add(normal([count, 2], { standardDeviation: 0.1, generator })), targets };
}

manualSeed(6); // rules initial weights, the order of the samples, and dropout where there is one
const generator = new Generator(60);
const train = fromArrays(halfMoons(1000, generator));
const test = fromArrays(halfMoons(500, generator));

const model = new Sequential(new Dense(2, 16), new ReLU(), new Dense(16, 16), new ReLU(), new Dense(16, 2));
model.summary();

const trainer = new Trainer({
  model,
  optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
  loss: crossEntropy,
  metrics: ["accuracy"],
});
const { history } = await trainer.fit(train, { epochs: 10, validationSplit: 0.2 });
const { accuracy } = await trainer.evaluate(test);
console.log(`test accuracy ${accuracy}`);

// Two new points: the top of the first moon, the bottom of the second.
const logits = await trainer.predict(
  tensor([
    [0, 1],
    [1, -0.5],
  ]),
);
const answers = logits.argMax(-1).toArray();
console.log(`they belong to ${answers}`);

export { accuracy, answers, history };
