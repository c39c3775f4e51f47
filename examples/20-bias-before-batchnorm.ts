// Lesson 20. What a bias adds to a feature, BatchNorm subtracts again with the batch's mean. So a bias before it has no effect and gets
// no gradient: leave it out with `{ bias: false }`.

import { Generator } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, type Layer, ReLU, Sequential } from "@gradus/layers";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const { inputs, targets } = train.batch(Array.from({ length: 256 }, (_, index) => index));

const generator = new Generator(20);
const dense = new Dense(784, 128, { generator });
const model = new Sequential(dense, new BatchNorm(128), new ReLU(), new Dense(128, 10, { generator }));

const loss = crossEntropy(model.forward(inputs), targets);
loss.backward();
const weightNorm = dense.weight.grad?.norm().item() ?? Number.NaN;
const biasNorm = dense.bias?.grad?.norm().item() ?? Number.NaN;
console.log(`norms of gradients: the weight's ${weightNorm.toFixed(2)}, the bias's ${biasNorm.toExponential(1)}`);

dense.bias?.assign(dense.bias.add(5));
const change = Math.abs(crossEntropy(model.forward(inputs), targets).item() - loss.item());
console.log(`every bias 5 larger: the loss changes by ${change.toExponential(1)}`);

const lean = new Sequential(new Dense(784, 128, { bias: false }), new BatchNorm(128), new ReLU(), new Dense(128, 10));
const count = (network: Layer): number => network.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
const [before, after] = [count(model), count(lean)] as const;
console.log(`${before} parameters with it, ${after} without`);

export { after, before, biasNorm, change, weightNorm };
