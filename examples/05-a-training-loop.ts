// Lesson 5. Training is a loop of five lines: predict, measure, forget the old gradients, find the new ones, take a step. Here a small
// network learns the sine.

import { Generator, linspace, noGrad } from "@gradus/core";
import { Dense, meanSquaredError, Sequential, Tanh } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

const generator = new Generator(5);
const model = new Sequential(new Dense(1, 32, { generator }), new Tanh(), new Dense(32, 1, { generator }));
const optimizer = new Adam(model.parameters(), { learningRate: 0.02 });

const x = linspace(-Math.PI, Math.PI, 64).reshape([64, 1]);
const y = x.sin();

const losses: number[] = [];
for (let step = 0; step < 500; step++) {
  const loss = meanSquaredError(model.forward(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  losses.push(loss.item());
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.item().toFixed(5)}`);
}

// What it learned, as a picture: ● is the network, · the sine.
const learned = noGrad(() => model.forward(x)).toTypedArray();
for (let row = 0; row < 64; row += 4) {
  const column = (value: number): number => Math.round(20 + 18 * value);
  const cells = new Array<string>(41).fill(" ");
  cells[column(y.toTypedArray()[row] ?? 0)] = "·";
  cells[column(learned[row] ?? 0)] = "●";
  console.log(cells.join("").trimEnd());
}

export { losses };
