// Dead relus: units that are closed for every image get no gradient, and stay closed.

import type { Tensor } from "@gradus/core";
import { heNormal, type Layer, LeakyReLU, ReLU, type Sequential } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below, exactly } from "./frame/criteria.ts";
import { asBatch, type Laboratory, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { gradients, layerOutputs, numbers } from "./frame/measures.ts";
import { network } from "./frame/networks.ts";

/** Units that never give more than 0 for these images, in the first hidden layer and in both. */
function closed(model: Sequential, x: Tensor): { readonly first: readonly number[]; readonly share: number } {
  const outputs = layerOutputs(model, x).filter(({ layer }) => layer instanceof ReLU || layer instanceof LeakyReLU);
  const units = outputs.map(({ output }) => numbers(output.max(0)).flatMap((most, unit) => (most > 0 ? [] : [unit])));
  return { first: units[0] ?? [], share: units.flat().length / 256 };
}

async function train(laboratory: Laboratory, activation: () => Layer, learningRate: number): Promise<Sequential> {
  const model = network({ hidden: [128, 128], activation, initializer: heNormal });
  await again(laboratory, model, learningRate);
  return model;
}

async function again(laboratory: Laboratory, model: Sequential, learningRate: number): Promise<void> {
  await laboratory.learn(model, laboratory.train(4000), { optimizer: sgd(learningRate), epochs: 2 });
}

/** The lesson. */
export const deadRelu: Lesson = lesson({
  name: "dead-relu",
  title: "Dead relus",
  lecture: `A relu's slope is 0 where its input is below 0. If a step that is too large pushes a unit so far that its input is below 0
    for every sample, no gradient reaches its weights any more: it is dead, and stays dead. A smaller learning rate prevents it; a
    leaky relu, with a small slope below 0, cannot die.`,
  experiment: `784-128-128-10 units, 2 epochs of SGD on 4,000 images, with a good rate (0.1) and one that is too large (1.5). A unit
    counts as dead if none of the 4,000 images opens it.`,
  claims: {
    many: {
      says: "A learning rate that is too large kills units.",
      quantity: "share of dead units, rate 1.5",
      criterion: above(0.2),
    },
    few: {
      says: "A moderate one does not.",
      quantity: "share of dead units, rate 0.1",
      criterion: below(0.02),
    },
    gradient: {
      says: "A dead unit gets no gradient.",
      quantity: "largest gradient of a weight of the first layer's dead units",
      criterion: exactly(0),
    },
    forever: {
      says: "It stays dead, also when training goes on with the good rate.",
      quantity: "units of the first layer that came back in 2 more epochs",
      criterion: exactly(0),
    },
    leaky: {
      says: "With a leaky relu every unit still gets a gradient.",
      quantity: "units of the first layer without one, leaky relu, rate 1.5",
      criterion: exactly(0),
    },
  },
  run: async (laboratory) => {
    const { x, labels } = asBatch(laboratory.train(4000));
    const good = await train(laboratory, () => new ReLU(), 0.1);
    const bad = await train(laboratory, () => new ReLU(), 1.5);
    const leaky = await train(laboratory, () => new LeakyReLU(), 1.5);
    const [few, dead] = [closed(good, x), closed(bad, x)];
    // For each unit of the first layer, the largest gradient of its weights.
    const sizes = (model: Sequential): number[] =>
      gradients(model, x, labels)
        .slice(0, 1)
        .flatMap(({ weight }) => numbers(weight.abs().max(0)));
    const deadSizes = sizes(bad);
    const largest = Math.max(0, ...dead.first.map((unit) => deadSizes[unit] ?? Number.NaN));
    const without = sizes(leaky).filter((size) => size === 0).length;
    await again(laboratory, bad, 0.1);
    const still = new Set(closed(bad, x).first);
    return {
      measured: {
        many: dead.share,
        few: few.share,
        gradient: largest,
        forever: dead.first.filter((unit) => !still.has(unit)).length,
        leaky: without,
      },
      charts: [
        bars("share of units that no image opens", {
          "relu, rate 0.1": few.share,
          "relu, rate 1.5": dead.share,
          "relu, rate 1.5, then 0.1": closed(bad, x).share,
        }),
      ],
    };
  },
});
