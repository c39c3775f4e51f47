// The vanishing gradient: a slope of at most ¼, ten times over.

import { heNormal, type Initializer, type Layer, ReLU, Sigmoid, Tanh, xavierNormal } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { type Laboratory, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { gradientNorms } from "./frame/measures.ts";
import { deep, network } from "./frame/networks.ts";

async function look(
  laboratory: Laboratory,
  activation: () => Layer,
  initializer: Initializer,
): Promise<{ readonly norms: readonly number[]; readonly ratio: number; readonly accuracy: number }> {
  const model = network({ hidden: deep(10, 64), activation, initializer });
  const { x, labels } = laboratory.batch(512);
  const norms = gradientNorms(model, x, labels);
  const learned = await laboratory.learn(model, laboratory.train(6000), {
    optimizer: sgd(0.05),
    epochs: 4,
    batchSize: 32,
    test: laboratory.test(2000),
  });
  return { norms, ratio: (norms[0] ?? Number.NaN) / last(norms), accuracy: last(learned.testAccuracy) };
}

/** The lesson. */
export const vanishingGradient: Lesson = lesson({
  name: "vanishing-gradient",
  title: "The vanishing gradient",
  lecture: `Backpropagation multiplies the slopes of all activations between a layer and the loss. A sigmoid's slope is at most ¼, so
    in a deep network little of the gradient is left for the first layers, and they hardly learn. tanh, whose slope reaches 1, is
    better off; relu, whose slope is 1 wherever it is open, does not shrink the gradient at all.`,
  experiment: `Ten hidden layers of 64 units. Gradients of 512 images before the first step; then 4 epochs of SGD (rate 0.05) on 6,000
    images, tested on 2,000. Xavier weights for sigmoid and tanh, He weights for relu.`,
  claims: {
    sigmoid: {
      says: "With sigmoid, the gradient vanishes on its way to the first layer.",
      quantity: "first layer's gradient ÷ last layer's, sigmoid",
      criterion: below(1e-3),
    },
    tanh: {
      says: "With tanh it is better off.",
      quantity: "the ratio with tanh ÷ the ratio with sigmoid",
      criterion: above(100),
    },
    relu: {
      says: "With relu it does not vanish.",
      quantity: "first layer's gradient ÷ last layer's, relu",
      criterion: above(0.1),
    },
    stuck: {
      says: "So the deep network of sigmoids hardly learns,",
      quantity: "its accuracy (a guess is right once in ten)",
      criterion: below(0.2),
    },
    learns: {
      says: "and that of relus does.",
      quantity: "its accuracy",
      criterion: above(0.8),
    },
  },
  run: async (laboratory) => {
    const sigmoid = await look(laboratory, () => new Sigmoid(), xavierNormal);
    const tanh = await look(laboratory, () => new Tanh(), xavierNormal);
    const relu = await look(laboratory, () => new ReLU(), heNormal);
    return {
      measured: {
        sigmoid: sigmoid.ratio,
        tanh: tanh.ratio / sigmoid.ratio,
        relu: relu.ratio,
        stuck: sigmoid.accuracy,
        learns: relu.accuracy,
      },
      charts: [
        lines(
          "norm of the weights' gradient, from the first layer to the last",
          { sigmoid: sigmoid.norms, tanh: tanh.norms, relu: relu.norms },
          "log",
        ),
        bars("test accuracy after 4 epochs", {
          sigmoid: sigmoid.accuracy,
          tanh: tanh.accuracy,
          relu: relu.accuracy,
        }),
      ],
    };
  },
});
