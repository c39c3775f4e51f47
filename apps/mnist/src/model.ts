// The network: three hidden layers with batch normalization, as in the lecture whose program the demo repeats.

import { BatchNorm, Dense, Dropout, ReLU, Sequential } from "@gradus/layers";

/** How many digits there are. */
const classes = 10;

/**
 * A fresh network from 784 pixels (0 to 1) to the logits of ten digits. Weights are drawn by xavierUniform (Glorot and
 * Bengio, 2010), biases are 0.
 */
export function createModel(): Sequential {
  return new Sequential(
    new Dense(784, 256),
    new BatchNorm(256),
    new ReLU(),

    new Dense(256, 128),
    new BatchNorm(128),
    new ReLU(),
    new Dropout(0.3),

    new Dense(128, 64),
    new BatchNorm(64),
    new ReLU(),

    new Dense(64, classes),
  );
}
