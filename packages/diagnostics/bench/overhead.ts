// What it costs to leave diagnostics on: the lecture's network at batch 64, compiled, one thread. Two equal trainings take turns, ten
// steps each, so that whatever slows the machine down slows both. Run it as
//   npx esbuild packages/diagnostics/bench/overhead.ts --bundle --platform=node --format=esm --conditions=@gradus/source --outfile=/tmp/overhead.mjs && node /tmp/overhead.mjs

import { Generator, manualSeed, randint, type Tensor, uniform } from "@gradus/core";
import { compile } from "@gradus/core/compile";
import { BatchNorm, crossEntropy, Dense, Dropout, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Diagnostics } from "../src/index.ts";

const every = 10;
const batches = Array.from({ length: 20 }, (_, index) => {
  const generator = new Generator(index);
  return { x: uniform([64, 784], { generator }), y: randint([64], { high: 10, generator }) };
});

/** Milliseconds that ten steps took: on the clock, and of the processor, which does not count what other processes took. */
interface Turn {
  readonly wall: number;
  readonly processor: number;
}

/** A training that takes ten steps at a time. */
function training(observed: boolean): { readonly turn: () => Turn; readonly model: Sequential } {
  manualSeed(1);
  const generator = new Generator(2);
  const model = new Sequential(
    new Dense(784, 256, { generator }),
    new BatchNorm(256),
    new ReLU(),
    new Dense(256, 128, { generator }),
    new BatchNorm(128),
    new ReLU(),
    new Dropout(0.3, { generator }),
    new Dense(128, 64, { generator }),
    new BatchNorm(64),
    new ReLU(),
    new Dense(64, 10, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const diagnostics = observed ? new Diagnostics(model, { every }) : null;
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  let count = 0;
  const turn = (): Turn => {
    const [start, before] = [performance.now(), process.cpuUsage()];
    for (let index = 0; index < every; index++) {
      const { x, y } = batches[count++ % batches.length] ?? batches[0] ?? { x: uniform([1]), y: uniform([1]) };
      const one = (): number => step(x, y).item();
      if (diagnostics === null) one();
      else diagnostics.step(one);
    }
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - start, processor: (user + system) / 1000 };
  };
  return { turn, model };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const [plain, watched] = [training(false), training(true)];
for (let warm = 0; warm < 30; warm++) {
  plain.turn();
  watched.turn();
}
const pairs: { readonly without: Turn; readonly with: Turn }[] = [];
for (let turn = 0; turn < 300; turn++) {
  // Either goes first every other time.
  const early = turn % 2 === 0 ? plain.turn() : null;
  const second = watched.turn();
  pairs.push({ without: early ?? plain.turn(), with: second });
}
const report = (clock: keyof Turn): string => {
  const [without, withIt] = [
    median(pairs.map((pair) => pair.without[clock])),
    median(pairs.map((pair) => pair.with[clock])),
  ];
  const paired = median(pairs.map((pair) => pair.with[clock] / pair.without[clock])) - 1;
  return `${clock}: ten steps without ${without.toFixed(2)} ms, with ${withIt.toFixed(2)} ms; pair by pair ${(100 * paired).toFixed(1)} %`;
};
const same = [...plain.model.stateDict()].every(([name, value]) => {
  const other = watched.model.stateDict().get(name)?.toTypedArray();
  return value.toTypedArray().every((number, index) => Object.is(number, other?.[index]));
});
console.log(report("wall"));
console.log(report("processor"));
console.log(`the same weights, bit for bit: ${same}`);
