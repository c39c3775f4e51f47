// Lesson 8. What a model and its optimizer know is plain data by name: it can be written down, and training goes on from it as if it
// had never stopped, to the last bit.

import { CheckpointError, Generator, type Tensor, tensor, uniform } from "@gradus/core";
import { Dense, type Layer, meanSquaredError, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";

const generator = new Generator(8);
const [x, y] = [uniform([32, 4], { generator }), uniform([32, 1], { generator })];
const makeModel = (hidden = 8): Layer => new Sequential(new Dense(4, hidden), new ReLU(), new Dense(hidden, 1));

function train(model: Layer, optimizer: Adam, steps: number): number {
  let loss = 0;
  for (let step = 0; step < steps; step++) {
    const value = meanSquaredError(model.forward(x), y);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    loss = value.item();
  }
  return loss;
}

// Tensors as JSON, and back: every float32 survives the way through decimal digits.
type Saved = [name: string, shape: number[], values: number[]][];
const write = (tensors: Iterable<readonly [string, Tensor]>): Saved =>
  [...tensors].map(([name, value]) => [name, [...value.shape], [...value.toTypedArray()]]);
const read = (saved: Saved): Record<string, Tensor> =>
  Object.fromEntries(saved.map(([name, shape, values]) => [name, tensor(new Float32Array(values), { shape })]));

const model = makeModel();
const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
train(model, optimizer, 50);
const { tensors, ...numbers } = optimizer.stateDict();
const file = JSON.stringify([write(model.stateDict()), numbers, write(Object.entries(tensors))]);
console.log(`saved after 50 steps: ${file.length} characters, with ${[...model.stateDict().keys()].join(", ")}`);

// Another program, another day: a fresh model, and a fresh optimizer.
const [weights, rest, moments] = JSON.parse(file);
const copy = makeModel().loadStateDict(read(weights));
const other = new Adam(copy.parameters());
other.loadStateDict({ ...rest, tensors: read(moments) });
const [original, resumed] = [train(model, optimizer, 20), train(copy, other, 20)];
console.log(`20 steps later: loss ${original} without the break, ${resumed} with it`);

// A state that belongs to another model is refused as a whole, with everything that is wrong with it.
let complaint = "";
try {
  makeModel(9).loadStateDict(read(weights));
} catch (error) {
  if (error instanceof CheckpointError) complaint = error.message;
}
console.log(`refused: ${complaint}`);

export { complaint, original, resumed };
