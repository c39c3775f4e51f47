// The networks: three hidden layers with batch normalization, as in the lecture whose program the demo repeats, and a small
// convolutional one.

import type { Shape } from "@gradus/core";
import { BatchNorm, Conv2D, Dense, Dropout, Flatten, heNormal, MaxPool2D, ReLU, Sequential } from "@gradus/layers";

/** The networks by name: a multilayer perceptron and a convolutional network. */
export const modelNames = ["mlp", "cnn"] as const;
export type ModelName = (typeof modelNames)[number];

/** Whether a network has this name. */
export const isModelName = (name: string): name is ModelName => modelNames.some((known) => known === name);

/** The shape of an image as a network takes it, 784 pixels in all. */
export const pixels: Readonly<Record<ModelName, Shape>> = { mlp: [784], cnn: [28, 28, 1] };

/** How many digits there are. */
const classes = 10;

/**
 * Running statistics as PyTorch keeps them, over the last ten batches or so, instead of Keras's hundred: a test then sees the
 * statistics of the weights as they are, and the accuracy varies less between seeds.
 */
const statistics = { momentum: 0.9, epsilon: 1e-5, unbiasedVariance: true };

/**
 * A fresh network from pixels (0 to 1) to the logits of ten digits. Weights are drawn by xavierUniform (Glorot and Bengio, 2010),
 * those of convolutions by heNormal (He et al., 2015); biases are 0.
 */
export function createModel(name: ModelName = "mlp"): Sequential {
  return name === "mlp" ? perceptron() : convolutional();
}

function perceptron(): Sequential {
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

function convolutional(): Sequential {
  return new Sequential(
    new Conv2D(1, 16, 3, { padding: "same", initializer: heNormal }),
    new ReLU(),
    new MaxPool2D(2),

    new Conv2D(16, 32, 3, { padding: "same", initializer: heNormal }),
    new ReLU(),
    new MaxPool2D(2),

    new Flatten(),
    new Dense(7 * 7 * 32, classes),
  );
}
