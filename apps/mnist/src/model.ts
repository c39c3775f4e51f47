// The network: three hidden layers with batch normalization, as in the lecture whose program the demo repeats.

import { BatchNorm, Dense, Dropout, ReLU, Sequential } from "@gradus/layers";

/** How many digits there are. */
const classes = 10;

/**
 * Running statistics as PyTorch keeps them, over the last ten batches or so, instead of Keras's hundred: a test then sees the
 * statistics of the weights as they are, and the accuracy varies less between seeds.
 */
const statistics = { momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true };

/**
 * A fresh network from 784 pixels (0 to 1) to the logits of ten digits. Weights are drawn by xavierUniform (Glorot and
 * Bengio, 2010), biases are 0.
 */
export function createModel(): Sequential {
  return new Sequential(
    new Dense(784, 256),
    new BatchNorm(256, statistics),
    new ReLU(),

    new Dense(256, 128),
    new BatchNorm(128, statistics),
    new ReLU(),
    new Dropout(0.3),

    new Dense(128, 64),
    new BatchNorm(64, statistics),
    new ReLU(),

    new Dense(64, classes),
  );
}
