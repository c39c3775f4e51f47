// BatchNorm as a regularizer: the statistics of a batch are noise to each of its images.

import { concat, manualSeed, noGrad, type Tensor } from "@gradus/core";
import { ReLU, type Sequential } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { adam, asBatch, type Laboratory, last, mean } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { network } from "./frame/networks.ts";

const seeds = [0, 1, 2] as const;

interface Trained {
  readonly model: Sequential;
  readonly accuracy: number;
  readonly testLoss: number;
  readonly gap: number;
}

async function train(laboratory: Laboratory, seed: number, normalize?: "before"): Promise<Trained> {
  manualSeed(seed);
  const parts = { hidden: [128, 128], activation: () => new ReLU() };
  const model = network(normalize === undefined ? parts : { ...parts, normalize });
  const learning = { optimizer: adam(0.001), epochs: 30, test: laboratory.test(2000) };
  const { testAccuracy, testLoss, loss } = await laboratory.learn(model, laboratory.train(1000), learning);
  return { model, accuracy: last(testAccuracy), testLoss: last(testLoss), gap: last(testLoss) - last(loss) };
}

/** The spread of a logit of the first images, each among 5 different sets of 31 others, beside the spread of all logits. */
function noise(laboratory: Laboratory, model: Sequential): number {
  const { x } = asBatch(laboratory.train(160));
  const own = x.slice([0, 1]);
  const logits: Tensor[] = noGrad(() =>
    Array.from({ length: 5 }, (_, set) => {
      const others = x.slice([1 + 31 * set, 32 + 31 * set]);
      return model.forward(concat([own, others])).slice([0, 1]);
    }),
  );
  const all = concat(logits);
  return all.std(0).mean().item() / all.mean(0).std().item();
}

/** The lesson. */
export const batchnormRegularizes: Lesson = lesson({
  name: "batchnorm-regularizes",
  title: "BatchNorm regularizes",
  lecture: `In training, an image's normalized features depend on the others of its batch, which are drawn at random. This noise, a
    little like dropout's, has a regularizing effect: the network generalizes better, and needs less of other regularization.`,
  experiment: `784-128-128-10 units with relu, with BatchNorm and without; 30 epochs of Adam on only 1,000 images, so that it can
    overfit, tested on 2,000. Means over three seeds.`,
  claims: {
    noise: {
      says: "In training an image's result depends on the others of its batch.",
      quantity: "spread of its logits among other images ÷ spread between its logits",
      criterion: above(0.01),
    },
    none: {
      says: "In evaluation it does not.",
      quantity: "the same in evaluation",
      criterion: below(1e-5),
    },
    gap: {
      says: "With BatchNorm the gap between test loss and training loss is smaller.",
      quantity: "test loss − training loss, with ÷ without",
      criterion: below(1),
    },
    loss: {
      says: "The test loss is smaller.",
      quantity: "test loss, with ÷ without",
      criterion: below(1),
    },
    accuracy: {
      says: "The network generalizes better.",
      quantity: "test accuracy, with − without",
      criterion: above(0),
    },
  },
  run: async (laboratory) => {
    const [without, withNorm]: [Trained[], Trained[]] = [[], []];
    for (const seed of seeds) {
      without.push(await train(laboratory, seed));
      withNorm.push(await train(laboratory, seed, "before"));
    }
    const average = (all: readonly Trained[], key: "accuracy" | "testLoss" | "gap"): number =>
      mean(all.map((one) => one[key]));
    const [one] = withNorm;
    if (one === undefined) throw new Error("nothing was trained");
    const quiet = noise(laboratory, one.model.eval());
    const loud = noise(laboratory, one.model.train());
    return {
      measured: {
        noise: loud,
        none: quiet,
        gap: average(withNorm, "gap") / average(without, "gap"),
        loss: average(withNorm, "testLoss") / average(without, "testLoss"),
        accuracy: average(withNorm, "accuracy") - average(without, "accuracy"),
      },
      charts: [
        bars("test loss after 30 epochs", {
          "without BatchNorm": average(without, "testLoss"),
          "with BatchNorm": average(withNorm, "testLoss"),
        }),
        bars("test accuracy", {
          "without BatchNorm": average(without, "accuracy"),
          "with BatchNorm": average(withNorm, "accuracy"),
        }),
      ],
    };
  },
});
