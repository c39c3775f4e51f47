// Initialization: which spread of weights keeps the spread of activations, layer by layer.

import type { Tensor } from "@gradus/core";
import { Dense, heNormal, type Initializer, initializers, type Layer, ReLU, Tanh, xavierNormal } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { above, below, between } from "./frame/criteria.ts";
import { type Laboratory, last, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { spreads } from "./frame/measures.ts";
import { deep, network } from "./frame/networks.ts";

const hidden = deep(10, 128);
const small = initializers.normal({ standardDeviation: 0.01 });

/** Pixels with mean 0 and variance 1, over all of them. */
const standardized = (x: Tensor): Tensor => x.sub(x.mean()).div(x.std());

/** The spread of each hidden layer's activations before the first step. */
function spread(laboratory: Laboratory, activation: (() => Layer) | null, initializer: Initializer): number[] {
  const kind = activation === null ? Dense : activation().constructor;
  const model = network({ hidden, activation, initializer });
  const found = spreads(model, standardized(laboratory.batch(512).x), (layer) => layer.constructor === kind);
  return found.slice(0, hidden.length);
}

/** The last layer's spread as a share of the first's. */
const kept = (spreads: readonly number[]): number => last(spreads) / (spreads[0] ?? Number.NaN);

async function accuracy(laboratory: Laboratory, activation: () => Layer, initializer: Initializer): Promise<number> {
  const model = network({ hidden, activation, initializer });
  const learning = { optimizer: sgd(0.1), epochs: 4, test: laboratory.test(2000) };
  return last((await laboratory.learn(model, laboratory.train(6000), learning)).testAccuracy);
}

/** The lesson. */
export const initialization: Lesson = lesson({
  name: "initialization",
  title: "N(0, 0.01), Xavier and He",
  lecture: `The spread of a layer's outputs is that of its inputs times √(inputs · Var w). Weights from N(0, 0.01²) make activations
    shrink towards 0 in a deep network, and the gradients with them. Xavier's Var w = 2/(in + out) keeps the spread through linear
    layers and tanh; relu, which cuts off half, needs He's Var w = 2/in.`,
  experiment: `Ten hidden layers of 128 units, 512 standardized images: the standard deviation of each layer's activations before the
    first step. Then 4 epochs of SGD (rate 0.1) on 6,000 images, tested on 2,000.`,
  claims: {
    small: {
      says: "With N(0, 0.01²) the activations of a deep network shrink to nothing.",
      quantity: "last layer's spread ÷ first layer's, tanh",
      criterion: below(1e-3),
    },
    linear: {
      says: "Xavier's weights keep the spread through linear layers.",
      quantity: "last layer's spread ÷ first layer's",
      criterion: between(0.5, 2),
    },
    tanh: {
      says: "Xavier's weights keep the spread through tanh, too.",
      quantity: "last layer's spread ÷ first layer's",
      criterion: between(0.5, 2),
      otherwise: `tanh bends every value a little towards 0, and ten layers do so ten times: the spread sinks slowly, like 1/√depth,
        instead of collapsing. A gain of 5/3 would hold it.`,
    },
    xavierRelu: {
      says: "With relu they do not: each layer loses a part.",
      quantity: "last layer's spread ÷ first layer's, relu, Xavier",
      criterion: below(0.1),
    },
    heRelu: {
      says: "He's weights keep it there.",
      quantity: "last layer's spread ÷ first layer's, relu, He",
      criterion: between(0.5, 2),
    },
    smallFails: {
      says: "Started with N(0, 0.01²), the network of tanh does not learn;",
      quantity: "its accuracy (a guess is right once in ten)",
      criterion: below(0.2),
    },
    xavierLearns: { says: "with Xavier's weights it does,", quantity: "its accuracy", criterion: above(0.8) },
    heLearns: { says: "and that of relu with He's.", quantity: "its accuracy", criterion: above(0.8) },
  },
  run: async (laboratory) => {
    const tanh = (): Layer => new Tanh();
    const relu = (): Layer => new ReLU();
    const shrinking = spread(laboratory, tanh, small);
    const layers = {
      "linear, Xavier": spread(laboratory, null, xavierNormal),
      "tanh, Xavier": spread(laboratory, tanh, xavierNormal),
      "relu, Xavier": spread(laboratory, relu, xavierNormal),
      "relu, He": spread(laboratory, relu, heNormal),
    };
    const accuracies = {
      "tanh, N(0, 0.01²)": await accuracy(laboratory, tanh, small),
      "tanh, Xavier": await accuracy(laboratory, tanh, xavierNormal),
      "relu, He": await accuracy(laboratory, relu, heNormal),
    };
    return {
      measured: {
        small: kept(shrinking),
        linear: kept(layers["linear, Xavier"]),
        tanh: kept(layers["tanh, Xavier"]),
        xavierRelu: kept(layers["relu, Xavier"]),
        heRelu: kept(layers["relu, He"]),
        smallFails: accuracies["tanh, N(0, 0.01²)"],
        xavierLearns: accuracies["tanh, Xavier"],
        heLearns: accuracies["relu, He"],
      },
      charts: [
        lines("spread of the activations, from the first layer to the last", { "tanh, N(0, 0.01²)": shrinking }, "log"),
        lines("the same", layers, "log"),
        bars("test accuracy after 4 epochs", accuracies),
      ],
    };
  },
});
