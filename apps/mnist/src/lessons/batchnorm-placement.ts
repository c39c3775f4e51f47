// BatchNorm before or after the activation: both, measured.

import { manualSeed } from "@gradus/core";
import { type Layer, ReLU, Sigmoid } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, between } from "./frame/criteria.ts";
import { type Laboratory, last, mean, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { deep, network } from "./frame/networks.ts";

/** The mean test accuracy over three seeds. */
async function accuracy(
  laboratory: Laboratory,
  activation: () => Layer,
  normalize?: "before" | "after",
): Promise<number> {
  const found: number[] = [];
  for (const seed of [0, 1, 2]) {
    manualSeed(seed);
    const parts = { hidden: deep(4, 64), activation };
    const model = network(normalize === undefined ? parts : { ...parts, normalize });
    const learning = { optimizer: sgd(0.1), epochs: 4, test: laboratory.test(2000) };
    found.push(last((await laboratory.learn(model, laboratory.train(4000), learning)).testAccuracy));
  }
  return mean(found);
}

/** The lesson. */
export const batchnormPlacement: Lesson = lesson({
  name: "batchnorm-placement",
  title: "BatchNorm before or after the activation",
  lecture: `Batch normalization is mostly placed before the activation, as in the paper that introduced it; some place it after. Either
    way the network learns better than without it; which place is the better one has to be tried.`,
  experiment: `Four hidden layers of 64 units, sigmoid or relu; 4 epochs of SGD (rate 0.1) on 4,000 images, tested on 2,000. Means over
    three seeds. Accuracies count as equal within 0.02, about three standard errors of 2,000 images.`,
  claims: {
    sigmoidBefore: {
      says: "Sigmoid: before the activation it helps,",
      quantity: "test accuracy, before − without",
      criterion: above(0.02),
    },
    sigmoidAfter: {
      says: "and after the activation, too.",
      quantity: "test accuracy, after − without",
      criterion: above(0.02),
    },
    reluBefore: {
      says: "Relu: before the activation it helps,",
      quantity: "test accuracy, before − without",
      criterion: above(0.02),
    },
    reluAfter: {
      says: "and after the activation, too.",
      quantity: "test accuracy, after − without",
      criterion: above(0.02),
    },
    sigmoidPlace: {
      says: "Sigmoid: the two places give equal results.",
      quantity: "test accuracy, after − before",
      criterion: between(-0.02, 0.02),
      otherwise:
        "Here the place matters: a sigmoid's outputs, all positive and close together, gain most from being normalized themselves.",
    },
    reluPlace: {
      says: "Relu: the two places give equal results.",
      quantity: "test accuracy, after − before",
      criterion: between(-0.02, 0.02),
    },
  },
  run: async (laboratory) => {
    const [sigmoid, relu] = [(): Layer => new Sigmoid(), (): Layer => new ReLU()];
    const places = {
      "sigmoid, without": await accuracy(laboratory, sigmoid),
      "sigmoid, before": await accuracy(laboratory, sigmoid, "before"),
      "sigmoid, after": await accuracy(laboratory, sigmoid, "after"),
      "relu, without": await accuracy(laboratory, relu),
      "relu, before": await accuracy(laboratory, relu, "before"),
      "relu, after": await accuracy(laboratory, relu, "after"),
    };
    return {
      measured: {
        sigmoidBefore: places["sigmoid, before"] - places["sigmoid, without"],
        sigmoidAfter: places["sigmoid, after"] - places["sigmoid, without"],
        reluBefore: places["relu, before"] - places["relu, without"],
        reluAfter: places["relu, after"] - places["relu, without"],
        sigmoidPlace: places["sigmoid, after"] - places["sigmoid, before"],
        reluPlace: places["relu, after"] - places["relu, before"],
      },
      charts: [bars("test accuracy after 4 epochs", places)],
    };
  },
});
