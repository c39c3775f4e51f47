// Overfitting, and what dropout, L2 and BatchNorm do against it.

import { manualSeed } from "@gradus/core";
import { ReLU } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { above, below } from "./frame/criteria.ts";
import { adam, type Laboratory, type Learned, last, type Optimizing } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { type NetworkParts, network } from "./frame/networks.ts";

const plain: NetworkParts = { hidden: [256, 256], activation: () => new ReLU() };

async function learn(
  laboratory: Laboratory,
  more: Partial<NetworkParts> = {},
  optimizer: Optimizing = adam(0.001),
): Promise<Learned> {
  manualSeed(0);
  const model = network({ ...plain, ...more });
  return laboratory.learn(model, laboratory.train(1000), { optimizer, epochs: 40, test: laboratory.test(2000) });
}

/** The lesson. */
export const overfitting: Lesson = lesson({
  name: "overfitting",
  title: "Overfitting, dropout, L2 and BatchNorm",
  lecture: `A network with more weights than samples can learn these by heart: the training loss goes to 0, while the validation loss
    reaches its least value early and rises again. Dropout, a penalty on large weights (L2) and batch normalization work against
    it.`,
  experiment: `784-256-256-10 units with relu (270,000 weights), 40 epochs of Adam on only 1,000 images, tested on 2,000: as it is, with
    dropout 0.5 after each hidden layer, with L2 (λ = 0.001), and with BatchNorm.`,
  claims: {
    byHeart: {
      says: "The network learns its 1,000 images by heart.",
      quantity: "training accuracy of the last epoch",
      criterion: above(0.999),
    },
    gap: {
      says: "On other images it is far worse.",
      quantity: "test loss ÷ training loss",
      criterion: above(10),
    },
    rises: {
      says: "The test loss reaches its least value early and rises again.",
      quantity: "last test loss ÷ least test loss",
      criterion: above(1.05),
    },
    dropout: {
      says: "Dropout helps: the test loss is smaller.",
      quantity: "last test loss, with dropout ÷ without",
      criterion: below(0.98),
    },
    l2: {
      says: "L2 helps: the test loss is smaller.",
      quantity: "last test loss, with L2 ÷ without",
      criterion: below(0.98),
    },
    batchNorm: {
      says: "BatchNorm helps: the test loss is smaller.",
      quantity: "last test loss, with BatchNorm ÷ without",
      criterion: below(0.98),
    },
    accuracy: {
      says: "The best of the three reads more digits right than the plain network.",
      quantity: "test accuracy, the best − the plain network's",
      criterion: above(0.005),
      otherwise: `The loss punishes whoever is sure and wrong; the accuracy does not. What the three mend here is mostly unfounded
        certainty: accuracies differ by less than 0.008, a standard error of 2,000 images.`,
    },
  },
  run: async (laboratory) => {
    const nothing = await learn(laboratory);
    const dropout = await learn(laboratory, { dropout: 0.5 });
    const l2 = await learn(laboratory, {}, adam(0.001, { weightDecay: 0.001 }));
    const batchNorm = await learn(laboratory, { normalize: "before" });
    const loss = ({ testLoss }: Learned): number => last(testLoss);
    const accuracy = ({ testAccuracy }: Learned): number => last(testAccuracy);
    return {
      measured: {
        byHeart: last(nothing.accuracy),
        gap: loss(nothing) / last(nothing.loss),
        rises: loss(nothing) / Math.min(...nothing.testLoss),
        dropout: loss(dropout) / loss(nothing),
        l2: loss(l2) / loss(nothing),
        batchNorm: loss(batchNorm) / loss(nothing),
        accuracy: Math.max(...[dropout, l2, batchNorm].map(accuracy)) - accuracy(nothing),
      },
      charts: [
        lines("loss of the plain network, epoch by epoch", { training: nothing.loss, test: nothing.testLoss }, "log"),
        lines(
          "test loss, epoch by epoch",
          {
            "as it is": nothing.testLoss,
            dropout: dropout.testLoss,
            L2: l2.testLoss,
            BatchNorm: batchNorm.testLoss,
          },
          "log",
        ),
        bars("test accuracy of the last epoch", {
          "as it is": accuracy(nothing),
          dropout: accuracy(dropout),
          L2: accuracy(l2),
          BatchNorm: accuracy(batchNorm),
        }),
      ],
    };
  },
});
