// Batch normalization: every feature of a batch brought to mean 0 and variance 1.

import type { Tensor } from "@gradus/core";
import { BatchNorm, Dense, ReLU, Sequential } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { asBatch, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { layerOutputs } from "./frame/measures.ts";
import { statistics } from "./frame/networks.ts";

/** How far the worst feature's mean and variance over a batch are from 0 and 1. */
interface Worst {
  readonly mean: number;
  readonly variance: number;
}

function worst(values: Tensor): Worst {
  return { mean: values.mean(0).abs().max().item(), variance: values.variance(0).sub(1).abs().max().item() };
}

/** The lesson. */
export const batchNormalization: Lesson = lesson({
  name: "batch-normalization",
  title: "Batch normalization",
  lecture: `Batch normalization subtracts the batch's mean μ_B from each feature and divides by the root of its variance:
    x̂ = (x − μ_B)/√(σ_B² + ε). So in training each feature has mean 0 and variance 1 over the batch, whatever the weights before it
    do, at the start and later.`,
  experiment: `784-128-10 units, the BatchNorm between Dense and relu; one batch of 256 images, before training and after 2 epochs of
    SGD (rate 0.5) on 4,000. Of 128 features the worst is shown.`,
  claims: {
    without: {
      says: "Without it, the features differ from mean 0 and variance 1.",
      quantity: "worst |mean| of a feature before the BatchNorm",
      criterion: above(0.1),
    },
    mean: {
      says: "With it, each feature has mean 0,",
      quantity: "worst |mean| of a feature",
      criterion: below(1e-5),
    },
    variance: {
      says: "and variance 1.",
      quantity: "worst |variance − 1| of a feature",
      criterion: below(0.01),
    },
    drift: {
      says: "Training moves what comes in,",
      quantity: "largest change of a feature's mean, before the BatchNorm",
      criterion: above(0.1),
    },
    later: {
      says: "but not the mean,",
      quantity: "worst |mean| of a feature of x̂ after training",
      criterion: below(1e-5),
    },
    laterVariance: {
      says: "and not the variance of what goes on.",
      quantity: "worst |variance − 1| of a feature of x̂ after training",
      criterion: below(0.01),
    },
  },
  run: async (laboratory) => {
    // Without γ and β, so that x̂ itself comes out.
    const norm = new BatchNorm(128, { ...statistics, scale: false, center: false });
    const model = new Sequential(new Dense(784, 128), norm, new ReLU(), new Dense(128, 10));
    const { x } = asBatch(laboratory.train(256));
    const look = (): readonly [Tensor, Tensor] => {
      const [before, after] = layerOutputs(model, x);
      if (before === undefined || after === undefined) throw new Error("the network has no BatchNorm");
      return [before.output, after.output];
    };
    const [inBefore, outBefore] = look();
    await laboratory.learn(model, laboratory.train(4000), { optimizer: sgd(0.5), epochs: 2 });
    const [inAfter, outAfter] = look();
    return {
      measured: {
        without: worst(inBefore).mean,
        mean: worst(outBefore).mean,
        variance: worst(outBefore).variance,
        drift: inAfter.mean(0).sub(inBefore.mean(0)).abs().max().item(),
        later: worst(outAfter).mean,
        laterVariance: worst(outAfter).variance,
      },
      charts: [
        bars("worst |mean| of 128 features", {
          "into BatchNorm, before training": worst(inBefore).mean,
          "out of it": worst(outBefore).mean,
          "into BatchNorm, after training": worst(inAfter).mean,
          "out of it then": worst(outAfter).mean,
        }),
      ],
    };
  },
});
