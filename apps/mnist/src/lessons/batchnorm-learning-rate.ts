// BatchNorm and the learning rate: larger ones converge with it that diverge without.

import { manualSeed } from "@gradus/core";
import { ReLU } from "@gradus/layers";
import { lines } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { type Laboratory, type Learned, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { deep, network } from "./frame/networks.ts";

const rates = [0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const;

/** A training has converged if the network reads so many digits right. */
const ENOUGH = 0.8;

/** What training gives with each rate. */
async function sweep(laboratory: Laboratory, normalize?: "before"): Promise<readonly Learned[]> {
  const found: Learned[] = [];
  for (const rate of rates) {
    manualSeed(0);
    const parts = { hidden: deep(4, 64), activation: () => new ReLU() };
    const model = network(normalize === undefined ? parts : { ...parts, normalize });
    const learning = { optimizer: sgd(rate), epochs: 3, test: laboratory.test(2000) };
    found.push(await laboratory.learn(model, laboratory.train(4000), learning));
  }
  return found;
}

const accuracies = (found: readonly Learned[]): number[] => found.map(({ testAccuracy }) => last(testAccuracy));

/** The largest rate with which training converged; 0 if there is none. */
const largest = (found: readonly Learned[]): number =>
  Math.max(0, ...accuracies(found).flatMap((accuracy, index) => (accuracy > ENOUGH ? [rates[index] ?? 0] : [])));

/** The test accuracy after the first epoch, with the rate that is best for it. */
const first = (found: readonly Learned[]): number => Math.max(...found.map(({ testAccuracy }) => testAccuracy[0] ?? 0));

/** The lesson. */
export const batchnormLearningRate: Lesson = lesson({
  name: "batchnorm-learning-rate",
  title: "BatchNorm allows larger learning rates",
  lecture: `With batch normalization larger learning rates can be used: weights that become larger make features larger, but the
    normalization takes that away again. Rates at which the same network diverges without it converge with it, and training is
    faster.`,
  experiment: `Four hidden layers of 64 relus, with BatchNorm before each and without; 3 epochs of SGD on 4,000 images for each of seven
    rates from 0.01 to 10, tested on 2,000. It has converged if it reads 80 % right.`,
  claims: {
    larger: {
      says: "With BatchNorm larger learning rates converge.",
      quantity: "largest rate that converges, with ÷ without",
      criterion: above(2),
    },
    diverges: {
      says: "At the largest rate that works with it, the network without it diverges.",
      quantity: "its accuracy there (a guess is right once in ten)",
      criterion: below(0.2),
    },
    faster: {
      says: "Training is faster: with the best rate of each it is ahead after one epoch.",
      quantity: "test accuracy after the first epoch, with − without",
      criterion: above(0),
    },
  },
  run: async (laboratory) => {
    const without = await sweep(laboratory);
    const withNorm = await sweep(laboratory, "before");
    const best = rates.findIndex((rate) => rate >= largest(withNorm));
    return {
      measured: {
        larger: largest(withNorm) / largest(without),
        diverges: accuracies(without)[best] ?? Number.NaN,
        faster: first(withNorm) - first(without),
      },
      charts: [
        lines("test accuracy after 3 epochs, for the rates 0.01, 0.03, 0.1, 0.3, 1, 3 and 10", {
          "without BatchNorm": accuracies(without),
          "with BatchNorm": accuracies(withNorm),
        }),
      ],
    };
  },
});
