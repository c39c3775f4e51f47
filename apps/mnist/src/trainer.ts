// What training and testing share: the loss, the metric, and how the result is reported.

import type { Dataset } from "@gradus/data";
import { crossEntropy, type Layer } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";
import { print } from "./terminal.ts";
import { weightsHash } from "./weights-hash.ts";

/** Images per step of a test; the result does not depend on it. */
const TEST_BATCH = 200;

/** The rate that training has if nothing is said; a test takes no steps. */
const RATE = 1e-3;

/** A trainer of the network: sparse cross-entropy from logits, accuracy, and Adam as in the lecture. */
export function trainerOf(model: Layer, learningRate: number = RATE, compile = true): Trainer<readonly ["accuracy"]> {
  const optimizer = new Adam(model.parameters(), { learningRate, epsilon: 1e-7 });
  return new Trainer({ model, optimizer, loss: crossEntropy, metrics: ["accuracy"], compile });
}

/** Tests the network, and prints the accuracy and the fingerprint of the weights as the last two lines. */
export async function report(
  model: Layer,
  trainer: Trainer<readonly ["accuracy"]>,
  test: Dataset,
  signal: AbortSignal,
): Promise<void> {
  print(`Testing on ${count(test.length)} images`);
  const { accuracy } = await trainer.evaluate(test, { batchSize: TEST_BATCH, signal });
  print(`\nTest Accuracy: ${accuracy.toFixed(4)}\nWeights: ${weightsHash(model)}`);
}

/** `48,000`. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}
