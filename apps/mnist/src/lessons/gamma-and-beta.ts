// γ and β: what batch normalization learns, and what a sigmoid would be without them.

import { manualSeed, noGrad, type Tensor } from "@gradus/core";
import { BatchNorm, Dense, Sequential, Sigmoid } from "@gradus/layers";
import { bars } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { adam, asBatch, type Laboratory, last } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { layerOutputs } from "./frame/measures.ts";
import { statistics } from "./frame/networks.ts";

interface Looked {
  /** The means of |γ − 1| and |β|; 0 without them. */
  readonly gamma: number;
  readonly beta: number;
  /** How well a straight line describes what the sigmoids did: 1 is a line. */
  readonly straightness: number;
  readonly accuracy: number;
}

async function look(laboratory: Laboratory, learned: boolean): Promise<Looked> {
  manualSeed(0); // the same weights with and without
  const norm = new BatchNorm(64, { ...statistics, scale: learned, center: learned });
  const model = new Sequential(new Dense(784, 64), norm, new Sigmoid(), new Dense(64, 10));
  const learning = { optimizer: adam(0.01), epochs: 10, test: laboratory.test(2000) };
  const { testAccuracy } = await laboratory.learn(model, laboratory.train(4000), learning);
  const outputs = layerOutputs(model, asBatch(laboratory.train(1000)).x).map(({ output }) => output);
  const [, into, out] = outputs;
  if (into === undefined || out === undefined) throw new Error("no outputs");
  return {
    gamma: norm.gamma?.sub(1).abs().mean().item() ?? 0,
    beta: norm.beta?.abs().mean().item() ?? 0,
    straightness: straightness(into, out),
    accuracy: last(testAccuracy),
  };
}

/** The square of the correlation between x and y, over all elements: cov(x, y)²/(Var x · Var y). */
function straightness(x: Tensor, y: Tensor): number {
  const [dx, dy] = [x.sub(x.mean()), y.sub(y.mean())];
  const covariance = dx.mul(dy).mean().item();
  return covariance ** 2 / (dx.square().mean().item() * dy.square().mean().item());
}

/** How well γ = √(σ² + ε), β = μ undo the normalization: the largest error as a share of the largest value. */
function undone(laboratory: Laboratory): number {
  const dense = new Dense(784, 64);
  const norm = new BatchNorm(64, statistics);
  return noGrad(() => {
    const x: Tensor = dense.forward(asBatch(laboratory.train(256)).x);
    const variance: Tensor = x.variance(0);
    norm.gamma?.assign(variance.add(norm.epsilon).sqrt());
    norm.beta?.assign(x.mean(0));
    return norm.forward(x).sub(x).abs().max().item() / x.abs().max().item();
  });
}

/** The lesson. */
export const gammaAndBeta: Lesson = lesson({
  name: "gamma-and-beta",
  title: "γ and β are learned",
  lecture: `After the normalization each feature is scaled and shifted, y = γ·x̂ + β, by numbers that are learned like weights. Without
    them, a sigmoid after it would only see values around 0 with variance 1, where it is nearly a straight line, and the network
    would lose what makes it more than linear. With γ = √(σ² + ε) and β = μ the layer can even undo the normalization.`,
  experiment: `784-64-10 units, BatchNorm before a sigmoid, with γ and β and without; 10 epochs of Adam (rate 0.01) on 4,000 images,
    tested on 2,000. A line's share: how much of the sigmoids' outputs the best straight line through them explains, for 1,000
    images.`,
  claims: {
    gamma: {
      says: "γ is learned: it moves away from 1,",
      quantity: "mean |γ − 1| after training",
      criterion: above(0.05),
    },
    beta: { says: "and β away from 0.", quantity: "mean |β| after training", criterion: above(0.05) },
    linear: {
      says: "Without γ and β a sigmoid stays in its nearly linear part.",
      quantity: "a line's share of the sigmoids' outputs, without",
      criterion: above(0.95),
    },
    leaves: {
      says: "With them it can leave it.",
      quantity: "what a line does not explain, with ÷ without",
      criterion: above(1.2),
    },
    better: {
      says: "So the network with γ and β is the better one.",
      quantity: "test accuracy, with − without",
      criterion: above(0),
      otherwise: `For digits a hidden layer this close to linear is curved enough: what the layer may learn more, it does not need here.`,
    },
    undo: {
      says: "γ = √(σ² + ε) and β = μ undo the normalization.",
      quantity: "largest error, as a share of the largest value",
      criterion: below(1e-5),
    },
  },
  run: async (laboratory) => {
    const withThem = await look(laboratory, true);
    const without = await look(laboratory, false);
    return {
      measured: {
        gamma: withThem.gamma,
        beta: withThem.beta,
        linear: without.straightness,
        leaves: (1 - withThem.straightness) / (1 - without.straightness),
        better: withThem.accuracy - without.accuracy,
        undo: undone(laboratory),
      },
      charts: [
        bars("a line's share of the sigmoids' outputs", {
          "without γ and β": without.straightness,
          "with γ and β": withThem.straightness,
        }),
        bars("test accuracy after 10 epochs", {
          "without γ and β": without.accuracy,
          "with γ and β": withThem.accuracy,
        }),
      ],
    };
  },
});
