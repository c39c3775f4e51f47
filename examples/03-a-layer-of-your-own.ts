// Lesson 3. A layer is a class with `forward`. The Variables in its fields are its parameters: nothing is registered, and saving,
// freezing and training find them. With a rule for shapes, the compiler follows them through it, too.

import { Generator, type Shape, type Tensor, tensor, typed, uniform, Variable, zeros } from "@gradus/core";
import { Dense, Layer, meanSquaredError, ReLU, type SameShapeRule, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

/** Adds to its input what an inner network makes of it, weighed by a gate that begins nearly closed. */
class Residual extends Layer {
  declare readonly rule: SameShapeRule;
  readonly inner: Layer;
  readonly gate = new Variable(tensor(0.1));

  constructor(inner: Layer) {
    super();
    this.inner = inner;
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return typed(x.add(this.inner.forward(x).mul(this.gate)));
  }
}

const generator = new Generator(3);
const block = (): Residual => new Residual(new Sequential(new Dense(8, 8, { generator }), new ReLU()));
const model = new Sequential(new Dense(2, 8, { generator }), block(), block(), new Dense(8, 1, { generator }));

const paths = [...model.namedParameters().keys()];
console.log("parameters that were found:");
for (const path of paths) console.log(`  ${path}`);

// Inferred: the model makes [64, 1] of [64, 2].
const output = model.forward(zeros([64, 2]));

// It learns the product of two numbers.
const points = uniform([256, 2], { low: -1, generator });
const product = points.slice(null, [0, 1]).mul(points.slice(null, [1, 2]));
const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
const losses: number[] = [];
for (let step = 0; step < 300; step++) {
  const loss = meanSquaredError(model.forward(points), product);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  losses.push(loss.item());
}
console.log(`the loss fell from ${losses[0]?.toFixed(4)} to ${losses.at(-1)?.toFixed(4)}`);

export { losses, output, paths };
