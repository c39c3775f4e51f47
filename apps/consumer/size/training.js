// What .size-limit.json weighs: a program that builds and trains a multilayer perceptron, and uses nothing else.
import { tensor } from "@gradus/core";
import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

const model = new Sequential(new Dense(784, 64), new ReLU(), new Dense(64, 10));
const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });

export const step = (pixels, labels) => {
  const loss = crossEntropy(model.forward(tensor(pixels)), tensor(labels, { dtype: "int32" }));
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.item();
};
