// The training step of a small convolutional network, kernel by kernel: conv 3×3×16, relu, maximum, conv 3×3×32, relu, maximum, and a
// dense layer of 10, on 64 gray images of 28 × 28, with Adam. Bundle it and run it with Node; cnn.py is the same step in PyTorch.

import { Adam } from "../../optimizers/src/index.ts";
import { compile } from "../src/compile.ts";
import { conv2d, maxPool2d } from "../src/convolution.ts";
import { crossEntropy, Generator, randint, type Tensor, uniform, Variable, zeros } from "../src/index.ts";

const [batch, steps] = [Number(process.argv[2] ?? 64), Number(process.argv[3] ?? 150)];
const generator = new Generator(1);

/** A kernel or weight that starts small, and the bias beside it. */
function layer(shape: readonly number[]): { weight: Variable; bias: Variable } {
  const fan = shape.slice(0, -1).reduce((size, axis) => size * axis, 1);
  const limit = Math.sqrt(3 / fan);
  const initial: Tensor = uniform(shape, { low: -limit, high: limit, generator });
  const start: Tensor = zeros([shape.at(-1) ?? 1]);
  return { weight: new Variable(initial), bias: new Variable(start) };
}

const [first, second, last] = [layer([3, 3, 1, 16]), layer([3, 3, 16, 32]), layer([7 * 7 * 32, 10])];
const optimizer = new Adam([first, second, last].flatMap(({ weight, bias }) => [weight, bias]));

const step = compile((x: Tensor, labels: Tensor): Tensor => {
  const one: Tensor = maxPool2d(conv2d(x, first.weight, { padding: "same" }).add(first.bias).relu());
  const two: Tensor = maxPool2d(conv2d(one, second.weight, { padding: "same" }).add(second.bias).relu());
  const flat: Tensor = two.reshape([batch, 7 * 7 * 32]);
  const loss: Tensor = crossEntropy(flat.matmul(last.weight).add(last.bias), labels);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss;
});

const images: Tensor = uniform([batch, 28, 28, 1], { generator });
const labels: Tensor = randint([batch], { high: 10, generator });
const times: number[] = [];
let loss = 0;
for (let index = 0; index < steps; index++) {
  const start = performance.now();
  loss = step(images, labels).item();
  times.push(performance.now() - start);
}
const settled = times.slice(Math.min(30, steps >> 1)).sort((a, b) => a - b);
console.log(
  `Node ${process.versions.node}, batch ${batch}: first call ${times[0]?.toFixed(1)} ms, loss ${loss.toFixed(5)}`,
);
console.log(`step: best ${settled[0]?.toFixed(2)} ms, median ${settled[settled.length >> 1]?.toFixed(2)} ms`);
const [program] = step.programs;
if (process.argv[4] === "profile") console.log(String(program?.profile(() => void step(images, labels))));
