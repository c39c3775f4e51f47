// What .size-limit.json weighs: the multilayer perceptron whose training step is compiled, on several threads.
import { tensor } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { setThreads } from "@gradus/core/threads";
import { crossEntropy, Dense, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

const model = new Sequential(new Dense(784, 64), new ReLU(), new Dense(64, 10));
const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });

export const ready = setThreads("auto");
const train = compile((pixels, labels) => {
  const loss = crossEntropy(model.forward(pixels), labels);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});

export const step = (pixels, labels) => train(tensor(pixels), tensor(labels, { dtype: "int32" })).item();
