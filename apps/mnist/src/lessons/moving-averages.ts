// Moving averages: what batch normalization uses in evaluation, and why the batch's own statistics fail there.

import { noGrad, ShapeError, type Tensor, tensor, zeros } from "@gradus/core";
import { BatchNorm, Dense, ReLU, Sequential } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below, exactly } from "./frame/criteria.ts";
import { asBatch, type Laboratory, mean, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { accuracyOf } from "./frame/measures.ts";
import { statistics } from "./frame/networks.ts";

/** α, the weight of the old average. */
const alpha = 0.9;

/** How far the layer's moving mean is from the lecture's formula after 20 batches. */
function formulaError(laboratory: Laboratory): number {
  const norm = new BatchNorm(784, { ...statistics, momentum: alpha });
  const { x } = asBatch(laboratory.train(200));
  let expected: Tensor = zeros([784]);
  for (let start = 0; start < 200; start += 10) {
    const batch = x.slice([start, start + 10]);
    noGrad(() => norm.forward(batch));
    expected = expected.mul(alpha).add(batch.mean(0).mul(1 - alpha));
  }
  return norm.runningMean.sub(expected).abs().max().item();
}

/** Whether a single image is refused as a training batch. */
function refusesOne(model: Sequential, image: Tensor): boolean {
  try {
    noGrad(() => model.forward(image));
    return false;
  } catch (error) {
    return error instanceof ShapeError;
  }
}

/** The accuracy over batches of up to 50 images of one digit each, in the mode that the model is in. */
function digitByDigit(model: Sequential, x: Tensor, labels: Tensor): number {
  const digits = Array.from(labels.toTypedArray(), Number);
  const accuracies: number[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const rows = digits.flatMap((label, row) => (label === digit ? [row] : [])).slice(0, 50);
    if (rows.length < 2) continue;
    const pixels = rows.map((row) => Array.from(x.slice([row, row + 1]).toTypedArray(), Number));
    accuracies.push(
      accuracyOf(
        model,
        tensor(pixels),
        tensor(
          rows.map(() => digit),
          { dtype: "int32" },
        ),
      ),
    );
  }
  return mean(accuracies);
}

/** The lesson. */
export const movingAverages: Lesson = lesson({
  name: "moving-averages",
  title: "Moving averages in evaluation",
  lecture: `In training BatchNorm keeps moving averages of the batches' statistics, μ̂ ← α·μ̂ + (1 − α)·μ_B and likewise σ̂², and uses
    them in evaluation. The batch's own statistics would fail there: a result would depend on the images that happen to be beside
    it, a batch of one digit would be normalized until nothing tells it from others, and a single image has no variance at all.`,
  experiment: `784-128-10 units with BatchNorm and relu, α = 0.9, 2 epochs of SGD (rate 0.1) on 4,000 images. Tested on 1,000 images, and
    on batches that hold up to 50 images of one digit.`,
  claims: {
    formula: {
      says: "μ̂ ← α·μ̂ + (1 − α)·μ_B.",
      quantity: "largest difference from the formula after 20 batches",
      criterion: below(1e-6),
    },
    independent: {
      says: "In evaluation a result does not depend on the other images of the batch.",
      quantity: "largest change of a logit, an image alone or among 999 others",
      criterion: below(1e-4),
    },
    dependent: {
      says: "With the batch's statistics it does.",
      quantity: "largest change of a logit, an image among 9 or 999 others",
      criterion: above(0.5),
    },
    fails: {
      says: "On batches of one digit the batch's statistics fail.",
      quantity: "accuracy, moving averages − batch statistics",
      criterion: above(0.2),
    },
    single: {
      says: "A single image has no variance at all:",
      quantity: "largest variance of a feature over a batch of one image",
      criterion: exactly(0),
    },
    refused: {
      says: "BatchNorm cannot be used with it in the mode of training.",
      quantity: "single images that are refused, of 1",
      criterion: exactly(1),
    },
  },
  run: async (laboratory) => {
    const norm = new BatchNorm(128, { ...statistics, momentum: alpha });
    const model = new Sequential(new Dense(784, 128), norm, new ReLU(), new Dense(128, 10));
    await laboratory.learn(model, laboratory.train(4000), { optimizer: sgd(0.1), epochs: 2 });
    const { x, labels } = asBatch(laboratory.test(1000));
    const change = (few: number): number =>
      noGrad(() =>
        model
          .forward(x)
          .slice([0, few])
          .sub(model.forward(x.slice([0, few])))
          .abs()
          .max()
          .item(),
      );
    model.eval();
    const independent = change(1);
    const [averages, mixed] = [digitByDigit(model, x, labels), accuracyOf(model, x, labels)];
    // From here on the moving averages are spoilt, but nobody reads them any more.
    model.train();
    const dependent = change(10);
    const own = digitByDigit(model, x, labels);
    return {
      measured: {
        formula: formulaError(laboratory),
        independent,
        dependent,
        fails: averages - own,
        single: x.slice([0, 1]).variance(0).max().item(),
        refused: refusesOne(model, x.slice([0, 1])) ? 1 : 0,
      },
      charts: [
        bars("test accuracy", {
          "mixed digits, moving averages": mixed,
          "mixed digits, batch statistics": accuracyOf(model, x, labels),
          "one digit a batch, moving averages": averages,
          "one digit a batch, batch statistics": own,
        }),
      ],
    };
  },
});
