// Lesson 9. In a deep network the gradient passes through every layer on its way back. The slope of a sigmoid is at most ¼, so layer by
// layer less of it is left: the first layers hardly learn. A relu's slope is 1 wherever it is open.

import { Generator, randint, uniform } from "@gradus/core";
import {
  crossEntropy,
  Dense,
  heNormal,
  type Initializer,
  type Layer,
  ReLU,
  Sequential,
  Sigmoid,
  xavierNormal,
} from "@gradus/layers";

const depth = 10;
const generator = new Generator(9);
const [x, labels] = [uniform([64, 32], { low: -1, generator }), randint([64], { high: 10, generator })];

/** The norm of the gradient of each layer's weight, from the first layer to the last. */
function gradientNorms(activation: () => Layer, initializer: Initializer): number[] {
  const random = { initializer, generator: new Generator(90) };
  const hidden = Array.from({ length: depth }, () => [new Dense(32, 32, random), activation()]);
  const layers: Layer[] = [...hidden.flat(), new Dense(32, 10, random)];
  const model = new Sequential(...layers);
  crossEntropy(model.forward(x), labels).backward();
  return layers.flatMap((layer) => (layer instanceof Dense ? (layer.weight.grad?.norm().item() ?? 0) : []));
}

/** A bar for each layer, on a scale of powers of ten. */
function draw(title: string, norms: readonly number[]): void {
  console.log(title);
  for (const [index, value] of norms.entries()) {
    const bar = "█".repeat(Math.max(0, Math.round(3 * (Math.log10(value) + 10))));
    console.log(`  layer ${String(index + 1).padStart(2)} ${value.toExponential(1)} ${bar}`);
  }
}

const sigmoid = gradientNorms(() => new Sigmoid(), xavierNormal);
const relu = gradientNorms(() => new ReLU(), heNormal);
draw("sigmoid, Xavier weights: norms of the gradients", sigmoid);
draw("relu, He weights: norms of the gradients", relu);

export { relu, sigmoid };
