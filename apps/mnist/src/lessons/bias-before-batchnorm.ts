// A bias before BatchNorm: subtracted with the mean, it does nothing and learns nothing.

import { manualSeed } from "@gradus/core";
import { BatchNorm, crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { below } from "./frame/criteria.ts";
import { asBatch, type Laboratory, type Learned, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { statistics } from "./frame/networks.ts";

interface Made {
  readonly model: Sequential;
  readonly dense: Dense;
}

/** The network, with a bias before its BatchNorm or without; the weights are the same. */
function make(bias: boolean): Made {
  manualSeed(0);
  const dense: Dense = new Dense(784, 128, { bias });
  return { dense, model: new Sequential(dense, new BatchNorm(128, statistics), new ReLU(), new Dense(128, 10)) };
}

const learn = (laboratory: Laboratory, { model }: Made): Promise<Learned> =>
  laboratory.learn(model, laboratory.train(4000), { optimizer: sgd(0.1), epochs: 3, test: laboratory.test(2000) });

/** The lesson. */
export const biasBeforeBatchnorm: Lesson = lesson({
  name: "bias-before-batchnorm",
  title: "A bias before BatchNorm",
  lecture: `What a bias adds to a feature, BatchNorm subtracts again with the batch's mean. So the bias of the layer before it has no
    effect, gets no gradient, and can be left out: β does its work.`,
  experiment: `784-128-10 units, BatchNorm between Dense and relu, with the Dense layer's bias and without it, from the same weights; 3
    epochs of SGD (rate 0.1) on 4,000 images, tested on 2,000.`,
  claims: {
    gradient: {
      says: "The bias gets no gradient (but what rounding leaves).",
      quantity: "norm of the bias's gradient ÷ norm of the weight's",
      criterion: below(1e-5),
    },
    moves: {
      says: "So it does not learn.",
      quantity: "largest bias after training (all start at 0)",
      criterion: below(1e-5),
    },
    effect: {
      says: "It has no effect either.",
      quantity: "change of the loss of 512 images when each bias becomes 5",
      criterion: below(1e-4),
    },
    same: {
      says: "Without it, training goes the same way.",
      quantity: "largest difference of the two losses, of all epochs",
      criterion: below(0.001),
    },
  },
  run: async (laboratory) => {
    const [withBias, without] = [make(true), make(false)];
    const { x, labels } = asBatch(laboratory.train(512));
    const loss = crossEntropy(withBias.model.forward(x), labels);
    loss.backward();
    const { weight, bias } = withBias.dense;
    const norms = [bias?.grad?.norm().item() ?? Number.NaN, weight.grad?.norm().item() ?? Number.NaN] as const;
    bias?.assign(bias.add(5));
    const effect = Math.abs(crossEntropy(withBias.model.forward(x), labels).item() - loss.item());
    const fresh = make(true);
    const learned = await learn(laboratory, fresh);
    const learnedWithout = await learn(laboratory, without);
    return {
      measured: {
        gradient: norms[0] / norms[1],
        moves: fresh.dense.bias?.abs().max().item() ?? Number.NaN,
        effect,
        same: Math.max(
          ...learned.loss.map((value, epoch) => Math.abs(value - (learnedWithout.loss[epoch] ?? Number.NaN))),
        ),
      },
      charts: [
        bars("norm of the gradient", { "the weight's": norms[1], "the bias's": norms[0] }, "log"),
        lines("loss, step by step", { "with the bias": learned.steps, "without it": learnedWithout.steps }),
        bars("test accuracy", {
          "with the bias": last(learned.testAccuracy),
          "without it": last(learnedWithout.testAccuracy),
        }),
      ],
    };
  },
});
