// Lesson 11. Why sigmoids shrink gradients: the slope of a sigmoid is at most ¼, that of tanh at most 1, that of relu 0 or 1. Here are
// all of them by backpropagation, on a line and at what images of digits really give to a layer.

import { Generator, linspace, type Tensor, Variable } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { Dense, type Layer, ReLU, Sigmoid, Tanh } from "@gradus/layers";

/** The derivative of an activation at every element of `at`. */
function slopes(activation: Layer, at: Tensor): Tensor {
  const x = new Variable(at);
  activation.forward(x).sum().backward();
  return x.grad ?? at;
}

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const { inputs } = train.batch(Array.from({ length: 500 }, (_, index) => index));
const layer = new Dense(784, 64, { generator: new Generator(11) });

const line = linspace(-10, 10, 2001);
const digits = layer.forward(inputs).detach();

const found = [new Sigmoid(), new Tanh(), new ReLU()].map((activation) => {
  const [onLine, onDigits] = [slopes(activation, line), slopes(activation, digits)];
  const [least, most, mean] = [onLine.min().item(), onLine.max().item(), onDigits.mean().item()];
  console.log(
    `${activation}: slopes from ${least.toExponential(1)} to ${most}, for digits ${mean.toFixed(3)} in the mean`,
  );
  return { least, most, mean };
});

// A row for each activation: its slope from x = −4 to x = 4.
for (const activation of [new Sigmoid(), new Tanh(), new ReLU()]) {
  const row = Array.from(slopes(activation, linspace(-4, 4, 65)).toTypedArray(), Number);
  console.log(row.map((slope) => "▁▂▃▄▅▆▇█"[Math.round(slope * 7)]).join(""));
}

export { found };
