// Lesson 7. `compile` runs a function once to see what it does, and makes a program of all of it: forward, backward, the optimizer and
// the random numbers of dropout become one WebAssembly module, from then on called instead. What it did can be looked at.

import { Generator, randint, type Tensor, uniform } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { BatchNorm, crossEntropy, Dense, Dropout, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

/** A model, and one step of its training; the same for the same seed. */
function makeStep(seed: number): (x: Tensor, labels: Tensor) => Tensor {
  const generator = new Generator(seed);
  const model = new Sequential(
    new Dense(64, 32, { bias: false, generator }),
    new BatchNorm(32),
    new ReLU(),
    new Dropout(0.3, { generator }),
    new Dense(32, 10, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  return (x, labels) => {
    const loss = crossEntropy(model.forward(x), labels);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
}

const generator = new Generator(7);
const [x, labels] = [uniform([128, 64], { generator }), randint([128], { high: 10, generator })];
const [eager, compiled] = [makeStep(1), compile(makeStep(1))];

// The same numbers either way, dropout included, up to the last digits.
const losses: [number, number][] = [];
for (let step = 0; step < 50; step++) losses.push([eager(x, labels).item(), compiled(x, labels).item()]);
for (const step of [0, 1, 49]) console.log(`step ${step}: loss ${losses[step]?.join(" eagerly, ")} compiled`);

// What was captured, and what shares a kernel.
const [program] = compiled.programs;
console.log(program?.explain());
console.log(program?.toString().split("\n").slice(0, 12).join("\n"));

// Another batch size is another program; toMermaid() and toDot() draw it, and profile() says what each kernel costs.
compiled(x.slice([0, 16]), labels.slice([0, 16]));
console.log(`${compiled.programs.length} programs; the first as a flow chart begins`);
console.log(program?.toMermaid().split("\n").slice(0, 4).join("\n"));

export { compiled, losses };
