// BatchNorm and the initialization: how a network starts matters less.

import { manualSeed } from "@gradus/core";
import { heNormal, type Initializer, initializers, ReLU, xavierNormal } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { type Laboratory, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { deep, network } from "./frame/networks.ts";

const starts: Readonly<Record<string, Initializer>> = {
  "N(0, 0.001²)": initializers.normal({ standardDeviation: 0.001 }),
  "N(0, 0.01²)": initializers.normal({ standardDeviation: 0.01 }),
  Xavier: xavierNormal,
  He: heNormal,
  "N(0, 1)": initializers.normal({ standardDeviation: 1 }),
};

/** The test accuracy for each start. */
async function sweep(laboratory: Laboratory, normalize?: "before"): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [name, initializer] of Object.entries(starts)) {
    manualSeed(0);
    const parts = { hidden: deep(4, 64), activation: () => new ReLU(), initializer };
    const model = network(normalize === undefined ? parts : { ...parts, normalize });
    const learning = { optimizer: sgd(0.1), epochs: 3, test: laboratory.test(2000) };
    found[name] = last((await laboratory.learn(model, laboratory.train(4000), learning)).testAccuracy);
  }
  return found;
}

const least = (found: Readonly<Record<string, number>>): number => Math.min(...Object.values(found));
const range = (found: Readonly<Record<string, number>>): number => Math.max(...Object.values(found)) - least(found);

/** The lesson. */
export const batchnormInitialization: Lesson = lesson({
  name: "batchnorm-initialization",
  title: "BatchNorm depends less on the initialization",
  lecture: `Since each layer's features are normalized anew, it matters little whether the weights before them started too small or too
    large: with batch normalization training depends less on the initialization.`,
  experiment: `Four hidden layers of 64 relus, with BatchNorm before each and without, from five initializations; 3 epochs of SGD (rate
    0.1) on 4,000 images, tested on 2,000.`,
  claims: {
    without: {
      says: "Without BatchNorm the result depends on the initialization.",
      quantity: "best − worst accuracy, of five initializations",
      criterion: above(0.3),
    },
    less: {
      says: "With BatchNorm it depends less on it.",
      quantity: "best − worst accuracy, with ÷ without",
      criterion: below(0.5),
    },
    all: {
      says: "With it the network learns from each of them.",
      quantity: "worst accuracy of the five",
      criterion: above(0.8),
      otherwise: `The larger the weights before a BatchNorm, the smaller their gradients, and the output layer has no BatchNorm behind it:
        from weights that are much too large the network does learn, but slowly.`,
    },
  },
  run: async (laboratory) => {
    const without = await sweep(laboratory);
    const withNorm = await sweep(laboratory, "before");
    return {
      measured: { without: range(without), less: range(withNorm) / range(without), all: least(withNorm) },
      charts: [bars("test accuracy after 3 epochs, without BatchNorm", without), bars("with BatchNorm", withNorm)],
    };
  },
});
