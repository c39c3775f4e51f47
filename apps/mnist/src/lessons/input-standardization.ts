// Input standardization: pixels with mean 0 and variance 1.

import { manualSeed } from "@gradus/core";
import { type Dataset, fromArrays } from "@gradus/data";
import { ReLU } from "@gradus/layers";
import { lines } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { asBatch, type Images, type Laboratory, type Learned, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { network } from "./frame/networks.ts";

/** The images with pixels x·scale + offset. */
function changed(images: Images, scale: number, offset: number): Dataset {
  const { x, labels } = asBatch(images);
  return fromArrays({ inputs: x.mul(scale).add(offset), targets: labels, shape: [784] });
}

async function learn(laboratory: Laboratory, scale: number, offset: number): Promise<Learned> {
  manualSeed(0); // the same weights for each kind of input
  const model = network({ hidden: [64], activation: () => new ReLU() });
  const [data, test] = [laboratory.train(4000), laboratory.test(2000)].map((part) => changed(part, scale, offset));
  if (data === undefined || test === undefined) throw new Error("no images");
  return laboratory.learn(model, data, { optimizer: sgd(0.05), epochs: 5, test });
}

/** The lesson. */
export const inputStandardization: Lesson = lesson({
  name: "input-standardization",
  title: "Input standardization",
  lecture: `Inputs are brought to mean 0 and variance 1, (x − μ)/σ, with the μ and σ of the training samples. Otherwise the gradients of
    the first layer are as large or as one-sided as the inputs are, and no learning rate suits all weights: training is slow, or
    fails.`,
  experiment: `784-64-10 units with relu, the same initial weights, 5 epochs of SGD (rate 0.05) on 4,000 images, tested on 2,000: pixels
    from 0 to 255, from 0 to 1, and standardized.`,
  claims: {
    faster: {
      says: "With standardized inputs the network learns faster than with pixels from 0 to 1.",
      quantity: "loss of the first epoch, standardized ÷ from 0 to 1",
      criterion: below(0.9),
    },
    better: {
      says: "It is better after the same number of epochs.",
      quantity: "test accuracy, standardized − from 0 to 1",
      criterion: above(0.005),
    },
    raw: {
      says: "With pixels from 0 to 255, the same rate fails.",
      quantity: "test accuracy, standardized − from 0 to 255",
      criterion: above(0.1),
    },
  },
  run: async (laboratory) => {
    const { x } = asBatch(laboratory.train(4000));
    const [mean, deviation] = [x.mean().item(), x.std().item()];
    const raw = await learn(laboratory, 255, 0);
    const unit = await learn(laboratory, 1, 0);
    const standardized = await learn(laboratory, 1 / deviation, -mean / deviation);
    const accuracy = ({ testAccuracy }: Learned): number => last(testAccuracy);
    return {
      measured: {
        faster: (standardized.loss[0] ?? Number.NaN) / (unit.loss[0] ?? Number.NaN),
        better: accuracy(standardized) - accuracy(unit),
        raw: accuracy(standardized) - accuracy(raw),
      },
      charts: [
        lines("test accuracy, epoch by epoch", {
          "from 0 to 255": raw.testAccuracy,
          "from 0 to 1": unit.testAccuracy,
          standardized: standardized.testAccuracy,
        }),
      ],
    };
  },
});
