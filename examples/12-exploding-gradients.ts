// Lesson 12. Weights that are too large multiply the gradient, layer by layer, on its way back. The first steps are then so large that
// the network is lost. He's weights keep the gradient's size.

import { manualSeed } from "@gradus/core";
import { findMnist, mnist } from "@gradus/data";
import {
  crossEntropy,
  Dense,
  heNormal,
  type Initializer,
  initializers,
  type Layer,
  ReLU,
  Sequential,
} from "@gradus/layers";
import { SGD } from "@gradus/optimizers";
import { Trainer } from "@gradus/training";

const { train } = await mnist({ folder: findMnist(import.meta.url), shape: [784] });
const images = train.slice(0, 1920);
const first = train.batch(Array.from({ length: 200 }, (_, index) => index));

async function look(
  name: string,
  initializer: Initializer,
): Promise<{ arriving: number[]; losses: readonly number[] }> {
  manualSeed(12);
  const hidden = (inputs: number): Layer[] => [new Dense(inputs, 64, { initializer }), new ReLU()];
  const layers = [784, 64, 64, 64, 64, 64, 64, 64].flatMap(hidden);
  const model = new Sequential(...layers, new Dense(64, 10, { initializer }));

  // The gradient of a bias is the sum of what arrives at its layer's output.
  crossEntropy(model.forward(first.inputs), first.targets).backward();
  const arriving = [...model].flatMap((layer) =>
    layer instanceof Dense ? (layer.bias?.grad?.norm().item() ?? 0) : [],
  );
  console.log(`${name}\n  gradient at each layer: ${arriving.map((norm) => norm.toExponential(0)).join("  ")}`);

  const trainer = new Trainer({
    model,
    optimizer: new SGD(model.parameters(), { learningRate: 0.05 }),
    loss: crossEntropy,
  });
  trainer.on("warning", ({ message }) => console.log(`  ${message}`));
  const { history } = await trainer.fit(images, { epochs: 2, seed: 12, verbose: 0 });
  console.log(`  loss, epoch by epoch: ${history.loss.map((loss) => loss.toFixed(2)).join(", ")}`);
  return { arriving, losses: history.loss };
}

const large = await look("weights from N(0, 1)", initializers.normal({ standardDeviation: 1 }));
const he = await look("He's weights", heNormal);

export { he, large };
