// A training loop in one synchronous run, for memory.test.ts, which starts it as a process of its own: no turn of the event loop,
// no finalizers, nothing disposed. Prints the resident memory as it went, in MB, one number for each hundred steps.

import {
  batchNorm,
  crossEntropy,
  dropout,
  normal,
  randint,
  type Tensor,
  update,
  Variable,
  zeros,
} from "../../src/index.ts";

const [steps = 1000, batch = 8, ...widths] = process.argv.slice(2).map(Number);

const descend = update({
  name: "descend",
  forward: (w, velocity, gradient) => {
    const next = velocity.mul(0.9).add(gradient);
    return [w.sub(next.mul(0.01)), next];
  },
});

const layers = widths.slice(1).map((width, index) => {
  const parameters: Tensor[] = [
    normal([widths[index] ?? 1, width], { standardDeviation: 0.1 }),
    zeros([width]).add(1),
    zeros([width]),
  ];
  return parameters.map((initial) => ({ weight: new Variable(initial), velocity: new Variable(zeros(initial.shape)) }));
});

function forward(x: Tensor): Tensor {
  let y = x;
  for (const [index, [w, gamma, beta]] of layers.entries()) {
    if (w === undefined || gamma === undefined || beta === undefined) break;
    y = y.matmul(w.weight);
    if (index < layers.length - 1) y = dropout(batchNorm(y, gamma.weight, beta.weight).output.relu(), 0.3);
  }
  return y;
}

const resident: number[] = [];
for (let step = 1; step <= steps; step++) {
  const x = normal([batch, widths[0] ?? 1]);
  const labels = randint([batch], { high: widths.at(-1) ?? 1 });
  const loss = crossEntropy(forward(x), labels);
  loss.backward();
  for (const { weight, velocity } of layers.flat()) {
    if (weight.grad !== null) descend([weight, velocity], [weight.grad]);
    weight.grad = null;
  }
  if (step % 100 === 0) resident.push(process.memoryUsage().rss / 2 ** 20);
  if (!Number.isFinite(loss.item())) throw new Error(`step ${step}: the loss is ${loss.item()}`);
}
console.log(JSON.stringify(resident));
