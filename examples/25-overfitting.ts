// Lesson 25. A network with more weights than samples learns these by heart: its training loss goes to 0, while the loss on other images
// rises again. Dropout, a penalty on large weights (L2) and BatchNorm work against it.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import { BatchNorm, crossEntropy, Dense, Dropout, type Layer, ReLU, Sequential } from "@gradus/layers";
import { Adam } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train, test } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });

interface Remedy {
  readonly before?: () => Layer;
  readonly after?: () => Layer;
  readonly weightDecay?: number;
}

async function learn(
  name: string,
  { before, after, weightDecay = 0 }: Remedy,
): Promise<{ loss: number; test: number[] }> {
  manualSeed(25);
  const block = (inputs: number): Layer[] => [
    new Dense(inputs, 128),
    ...(before === undefined ? [] : [before()]),
    new ReLU(),
    ...(after === undefined ? [] : [after()]),
  ];
  const model = new Sequential(...[784, 128].flatMap(block), new Dense(128, 10));
  const trainer = new Trainer({ model, optimizer: new Adam(model.parameters(), { weightDecay }), loss: crossEntropy });
  const validationData = test.slice(0, 500);
  const options = { epochs: 40, validationData, validationBatchSize: 250, seed: 25, verbose: 0 } as const;
  const { history } = await trainer.fit(train.slice(0, 384), options);
  const losses = [...(history.val_loss ?? [])];
  const [least, last, loss] = [Math.min(...losses), losses.at(-1) ?? Number.NaN, history.loss.at(-1) ?? Number.NaN];
  console.log(
    `${name.padEnd(12)} training loss ${loss.toFixed(4)}; test loss ${least.toFixed(3)} at best, ${last.toFixed(3)} at last`,
  );
  return { loss, test: losses };
}

const plain = await learn("as it is", {});
const dropout = await learn("dropout", { after: () => new Dropout(0.5) });
const l2 = await learn("L2", { weightDecay: 0.002 });
const batchNorm = await learn("BatchNorm", { before: () => new BatchNorm(128, { momentum: 0.9, epsilon: 1e-5 }) });

export { batchNorm, dropout, l2, plain };
