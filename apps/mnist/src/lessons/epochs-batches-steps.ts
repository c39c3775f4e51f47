// Epochs, batches and steps: counted where they happen.

import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";
import { lines } from "./frame/chart.ts";
import { exactly } from "./frame/criteria.ts";
import { type Images, last, mean } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";

/** What was counted during a training. */
interface Counts {
  /** The steps of each epoch. */
  readonly steps: readonly number[];
  /** The images of each epoch. */
  readonly images: readonly number[];
  /** How often a weight was another after a step than before. */
  readonly updates: number;
  /** The mean loss of each epoch. */
  readonly loss: readonly number[];
}

async function count(data: Images, batchSize: number, epochs: number): Promise<Counts> {
  const [hidden, output] = [new Dense(784, 32), new Dense(32, 10)];
  const model = new Sequential(hidden, new ReLU(), output);
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const trainer = new Trainer({ model, optimizer, loss: crossEntropy });
  const steps = Array.from({ length: epochs }, () => 0);
  const images = [...steps];
  let updates = 0;
  let before = String(output.bias?.toTypedArray());
  trainer.on("stepEnd", ({ epoch, samples }) => {
    steps[epoch] = (steps[epoch] ?? 0) + 1;
    images[epoch] = (images[epoch] ?? 0) + samples;
    const after = String(output.bias?.toTypedArray());
    if (after !== before) updates += 1;
    before = after;
  });
  const { history } = await trainer.fit(data, { batchSize, epochs, seed: 1, verbose: 0 });
  return { steps, images, updates, loss: history.loss };
}

/** The lesson. */
export const epochsBatchesSteps: Lesson = lesson({
  name: "epochs-batches-steps",
  title: "Epochs, batches and steps",
  lecture: `An epoch is one pass over all training samples. They are taken in batches; for each batch the gradient is computed and
    the weights are updated once: that is a step. 1,000 samples in batches of 100 make 10 steps an epoch, and 10 epochs make 100
    updates. 120 samples in batches of 20 make 6 steps.`,
  experiment: "784-32-10 units, SGD. Steps, images and changes of the weights are counted while it learns.",
  claims: {
    steps: {
      says: "1,000 samples in batches of 100 are 10 steps an epoch.",
      quantity: "steps of an epoch, the mean of 10",
      criterion: exactly(10),
    },
    updates: {
      says: "In 10 epochs the weights are updated 100 times.",
      quantity: "steps after which the weights were others than before",
      criterion: exactly(100),
    },
    samples: {
      says: "An epoch sees every sample once.",
      quantity: "images of an epoch, the mean of 10",
      criterion: exactly(1000),
    },
    small: {
      says: "120 samples in batches of 20 are 6 steps.",
      quantity: "steps of the epoch",
      criterion: exactly(6),
    },
    rest: {
      says: "1,000 samples in batches of 64 are 16 steps: the last batch has what is left, 40.",
      quantity: "steps of the epoch",
      criterion: exactly(16),
    },
  },
  run: async (laboratory) => {
    const thousand = laboratory.exactly(1000);
    const ten = await count(thousand, 100, 10);
    const small = await count(laboratory.exactly(120), 20, 1);
    const rest = await count(thousand, 64, 1);
    return {
      measured: {
        steps: mean(ten.steps),
        updates: ten.updates,
        samples: mean(ten.images),
        small: last(small.steps),
        rest: last(rest.steps),
      },
      charts: [lines("loss, epoch by epoch", { "10 epochs": ten.loss })],
    };
  },
});
