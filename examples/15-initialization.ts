// Lesson 15. Each layer multiplies the spread of what comes in by √(inputs · Var w). Weights from N(0, 0.01²) let it shrink to nothing in
// a deep network; Xavier's keep it through linear layers, and nearly through tanh; relu, which cuts off half, needs He's.

import { Generator, noGrad, type Tensor } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { Dense, heNormal, type Initializer, initializers, type Layer, ReLU, Tanh, xavierNormal } from "@gradus/layers";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const { inputs } = train.batch(Array.from({ length: 500 }, (_, index) => index));
const standardized = inputs.sub(inputs.mean()).div(inputs.std());

/** The standard deviation of the activations of ten layers of 128 units, one after the other. */
function spreads(name: string, initializer: Initializer, activation: Layer | null): number[] {
  const generator = new Generator(15);
  const found: number[] = [];
  noGrad(() => {
    let x: Tensor = standardized;
    for (let layer = 0; layer < 10; layer++) {
      const dense: Layer = new Dense(x.shape[1] ?? 0, 128, { initializer, generator });
      const y = dense.forward(x);
      x = activation === null ? y : activation.forward(y);
      found.push(x.std().item());
    }
  });
  console.log(`${name.padEnd(20)} ${found.map((spread) => spread.toPrecision(2).padStart(9)).join("")}`);
  return found;
}

const small = spreads("tanh, N(0, 0.01²)", initializers.normal({ standardDeviation: 0.01 }), new Tanh());
const linear = spreads("linear, Xavier", xavierNormal, null);
const tanh = spreads("tanh, Xavier", xavierNormal, new Tanh());
const reluXavier = spreads("relu, Xavier", xavierNormal, new ReLU());
const reluHe = spreads("relu, He", heNormal, new ReLU());

export { linear, reluHe, reluXavier, small, tanh };
