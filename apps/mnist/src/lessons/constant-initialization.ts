// All-zero and constant initialization: units that start alike stay alike.

import type { Tensor } from "@gradus/core";
import { type Initializer, initializers, ReLU, type Sequential, xavierNormal } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below, exactly } from "./frame/criteria.ts";
import { asBatch, type Laboratory, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { denseLayers, gradients, numbers } from "./frame/measures.ts";
import { network } from "./frame/networks.ts";

/** How far the units (columns) of a weight or of its gradient are from one another, as a share of the largest element. */
function difference(weight: Tensor): number {
  const apart = weight.max(1).sub(weight.min(1)).max().item();
  return apart === 0 ? 0 : apart / weight.abs().max().item();
}

interface Looked {
  readonly model: Sequential;
  /** How far the first hidden layer's units' gradients are from one another before the first step. */
  readonly gradientDifference: number;
  /** The largest gradient of a weight of the hidden layers. */
  readonly largest: number;
  readonly accuracy: number;
}

async function look(laboratory: Laboratory, initializer: Initializer): Promise<Looked> {
  const model = network({ hidden: [64, 64], activation: () => new ReLU(), initializer });
  const { x, labels } = asBatch(laboratory.train(512));
  const hidden = gradients(model, x, labels).slice(0, 2);
  const [first] = hidden;
  const learning = { optimizer: sgd(0.1), epochs: 10, test: laboratory.test(2000) };
  const learned = await laboratory.learn(model, laboratory.train(4000), learning);
  return {
    model,
    gradientDifference: first === undefined ? Number.NaN : difference(first.weight),
    largest: Math.max(...hidden.flatMap(({ weight }) => numbers(weight.abs().max()))),
    accuracy: last(learned.testAccuracy),
  };
}

/** How far the first hidden layer's units are from one another. */
const unitDifference = (model: Sequential): number =>
  denseLayers(model)
    .slice(0, 1)
    .reduce((_, { weight }) => difference(weight), Number.NaN);

/** The lesson. */
export const constantInitialization: Lesson = lesson({
  name: "constant-initialization",
  title: "All-zero and constant initialization",
  lecture: `If all weights of a layer start with the same value, all its units compute the same, get the same gradient, and stay the
    same: the layer is as good as a single unit, and the network learns nothing. With zeros, no gradient reaches the hidden
    layers at all. Only random numbers break the symmetry.`,
  experiment: `784-64-64-10 units with relu, weights all 0, all 0.01, or random (Xavier); 10 epochs of SGD (rate 0.1) on 4,000 images,
    tested on 2,000.`,
  claims: {
    same: {
      says: "With constant weights, all units of a layer get the same gradient.",
      quantity: "difference of the units' gradients, all 0.01, as a share of the largest",
      criterion: below(1e-6),
    },
    stay: {
      says: "They are still the same after training.",
      quantity: "difference of the units' weights after 10 epochs, as a share of the largest",
      criterion: below(1e-3),
    },
    differ: {
      says: "With random weights, each gets its own.",
      quantity: "the same difference of gradients, Xavier",
      criterion: above(0.1),
    },
    zero: {
      says: "With zeros no gradient reaches the hidden layers,",
      quantity: "largest gradient of a hidden weight, all 0",
      criterion: exactly(0),
    },
    zeroLearns: {
      says: "and the network learns nothing.",
      quantity: "its accuracy (a guess is right once in ten)",
      criterion: below(0.2),
    },
    constantLearns: {
      says: "With another constant the network learns nothing either.",
      quantity: "its accuracy, all 0.01",
      criterion: below(0.2),
      otherwise: `It does learn a little: layers that are as good as one unit each still tell some digits apart by a single number.
        "Learns nothing" is true of zeros; of other constants the truth is "learns no more than one unit a layer could".`,
    },
    random: {
      says: "With random weights the same network learns.",
      quantity: "its accuracy, Xavier",
      criterion: above(0.85),
    },
  },
  run: async (laboratory) => {
    const zero = await look(laboratory, initializers.zeros);
    const constant = await look(laboratory, initializers.constant(0.01));
    const random = await look(laboratory, xavierNormal);
    return {
      measured: {
        same: constant.gradientDifference,
        stay: unitDifference(constant.model),
        differ: random.gradientDifference,
        zero: zero.largest,
        zeroLearns: zero.accuracy,
        constantLearns: constant.accuracy,
        random: random.accuracy,
      },
      charts: [
        bars("test accuracy after 10 epochs", {
          "all 0": zero.accuracy,
          "all 0.01": constant.accuracy,
          "random (Xavier)": random.accuracy,
        }),
      ],
    };
  },
});
