// The exploding gradient: weights that are too large multiply it, layer by layer.

import { heNormal, type Initializer, initializers, ReLU } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { type Laboratory, type Learned, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { gradients } from "./frame/measures.ts";
import { deep, network } from "./frame/networks.ts";

interface Looked {
  /** The norm of what reaches each layer's output on the way back. */
  readonly arriving: readonly number[];
  /** The norm of all gradients of weights as one vector. */
  readonly norm: number;
  readonly learned: Learned;
}

async function look(laboratory: Laboratory, initializer: Initializer, clipNorm?: number): Promise<Looked> {
  const model = network({ hidden: deep(10, 64), activation: () => new ReLU(), initializer });
  const { x, labels } = laboratory.batch(512);
  const found = gradients(model, x, labels);
  const learned = await laboratory.learn(model, laboratory.train(4000), {
    optimizer: sgd(0.05),
    epochs: 3,
    batchSize: 32,
    test: laboratory.test(2000),
    ...(clipNorm === undefined ? {} : { clipNorm }),
  });
  return {
    arriving: found.map(({ bias }) => bias.norm().item()),
    norm: Math.hypot(...found.map(({ weight }) => weight.norm().item())),
    learned,
  };
}

/** The lesson. */
export const explodingGradient: Lesson = lesson({
  name: "exploding-gradient",
  title: "The exploding gradient",
  lecture: `Each layer also multiplies the gradient by its weights. If they start too large, it grows from layer to layer on its way
    back; the first steps then are so large that the loss becomes infinite or not a number. Smaller weights (He's), or a bound on
    the gradient's norm, help.`,
  experiment: `Ten hidden layers of 64 relus, weights from N(0, 1) beside He's, which here are N(0, 0.18²). Gradients of 512 images
    before the first step; then 3 epochs of SGD (rate 0.05) on 4,000 images, tested on 2,000.`,
  claims: {
    grows: {
      says: "With weights too large the gradient grows on its way back.",
      quantity: "what arrives at the first layer ÷ at the last, N(0, 1)",
      criterion: above(1000),
    },
    explodes: {
      says: "The whole gradient is larger by many powers of ten.",
      quantity: "norm of all gradients, N(0, 1) ÷ He",
      criterion: above(1e6),
    },
    fails: {
      says: "Training fails:",
      quantity: "its accuracy (a guess is right once in ten)",
      criterion: below(0.2),
    },
    remedy: {
      says: "With He's weights the same network learns.",
      quantity: "its accuracy",
      criterion: above(0.8),
    },
    clipping: {
      says: "With the gradient's norm clipped to 1 the loss falls in spite of the weights.",
      quantity: "loss of the last epoch ÷ of the first, N(0, 1), clipped",
      criterion: below(0.9),
    },
  },
  run: async (laboratory) => {
    const large = await look(laboratory, initializers.normal({ standardDeviation: 1 }));
    const he = await look(laboratory, heNormal);
    const clipped = await look(laboratory, initializers.normal({ standardDeviation: 1 }), 1);
    const accuracy = ({ learned }: Looked): number => last(learned.testAccuracy);
    return {
      measured: {
        grows: (large.arriving[0] ?? Number.NaN) / last(large.arriving),
        explodes: large.norm / he.norm,
        fails: accuracy(large),
        remedy: accuracy(he),
        clipping: last(clipped.learned.loss) / (clipped.learned.loss[0] ?? Number.NaN),
      },
      charts: [
        lines(
          "norm of the gradient that arrives at a layer's output, from the first layer to the last",
          { "N(0, 1)": large.arriving, He: he.arriving },
          "log",
        ),
        bars("test accuracy after 3 epochs", {
          "N(0, 1)": accuracy(large),
          "N(0, 1), clipped": accuracy(clipped),
          He: accuracy(he),
        }),
      ],
    };
  },
});
