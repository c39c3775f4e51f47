// The derivatives of sigmoid, tanh and relu: their ranges, and where a network that has learned really stands in them.

import { linspace, type Tensor, Variable } from "@gradus/core";
import { Dense, heNormal, type Initializer, type Layer, ReLU, Sigmoid, Tanh, xavierNormal } from "@gradus/layers";
import { bars, lines } from "./frame/chart.ts";
import { above, between, exactly } from "./frame/criteria.ts";
import { type Laboratory, mean, sgd } from "./frame/laboratory.ts";
import { type Lesson, lesson } from "./frame/lesson.ts";
import { layerOutputs, numbers } from "./frame/measures.ts";
import { deep, network } from "./frame/networks.ts";

/** The derivative of an activation at every element, as backpropagation has it. */
function slopes(activation: Layer, at: Tensor): number[] {
  const x = new Variable(at);
  activation.forward(x).sum().backward();
  return numbers(x.grad ?? at);
}

/** The mean slope of each hidden layer's activations in a trained network. */
async function trained(laboratory: Laboratory, make: () => Layer, initializer: Initializer): Promise<number[]> {
  const model = network({ hidden: deep(3, 64), activation: make, initializer });
  await laboratory.learn(model, laboratory.train(4000), { optimizer: sgd(0.5), epochs: 3 });
  const outputs = layerOutputs(model, laboratory.batch(512).x).filter(({ layer }) => layer instanceof Dense);
  return outputs.slice(0, -1).map(({ output }) => mean(slopes(make(), output)));
}

/** The lesson. */
export const derivativeRanges: Lesson = lesson({
  name: "derivative-ranges",
  title: "The derivatives of sigmoid, tanh and relu",
  lecture: `σ′(x) = σ(x)·(1 − σ(x)) lies in (0, ¼], with ¼ at 0; tanh′(x) = 1 − tanh²(x) lies in (0, 1], with 1 at 0; relu′ is 0 or 1.
    So ten layers of sigmoids leave at most (¼)¹⁰ ≈ 10⁻⁶ of a gradient, apart from the weights.`,
  experiment: `Backpropagation through each activation at 2,001 points from −10 to 10; then at the inputs that 512 images give to the
    activations of a trained network of 3 hidden layers of 64 units (3 epochs of SGD on 4,000 images).`,
  claims: {
    sigmoid: {
      says: "The slope of a sigmoid is at most ¼, at 0.",
      quantity: "largest slope of sigmoid",
      criterion: exactly(0.25),
    },
    sigmoidPositive: {
      says: "It is nowhere 0, though small outside of the middle.",
      quantity: "smallest slope of sigmoid, at ±10",
      criterion: between(1e-5, 1e-4),
    },
    tanh: { says: "The slope of tanh is at most 1, at 0.", quantity: "largest slope of tanh", criterion: exactly(1) },
    tanhPositive: {
      says: "The slope of tanh is nowhere 0.",
      quantity: "smallest slope of tanh, at ±10",
      criterion: above(0),
      otherwise: `1 − tanh²(10) is 8 · 10⁻⁹, but float32 rounds tanh(10) to 1: where tanh is that saturated, no gradient at all comes
        back.`,
    },
    relu: {
      says: "The slope of relu is 0 or 1.",
      quantity: "slopes of relu that are neither",
      criterion: exactly(0),
    },
    better: {
      says: "So tanh lets more of the gradient through than sigmoid, where a trained network really stands.",
      quantity: "mean slope with tanh ÷ with sigmoid",
      criterion: above(1),
    },
  },
  run: async (laboratory) => {
    const x = linspace(-10, 10, 2001);
    const [sigmoid, tanh, relu] = [new Sigmoid(), new Tanh(), new ReLU()].map((layer) => slopes(layer, x));
    const inSigmoid = await trained(laboratory, () => new Sigmoid(), xavierNormal);
    const inTanh = await trained(laboratory, () => new Tanh(), xavierNormal);
    const inRelu = await trained(laboratory, () => new ReLU(), heNormal);
    const middle = (slope: readonly number[] = []): number[] => slope.slice(600, 1401);
    return {
      measured: {
        sigmoid: Math.max(...(sigmoid ?? [])),
        sigmoidPositive: Math.min(...(sigmoid ?? [])),
        tanh: Math.max(...(tanh ?? [])),
        tanhPositive: Math.min(...(tanh ?? [])),
        relu: (relu ?? []).filter((slope) => slope !== 0 && slope !== 1).length,
        better: mean(inTanh) / mean(inSigmoid),
      },
      charts: [
        lines("slope from x = −4 to x = 4", { sigmoid: middle(sigmoid), tanh: middle(tanh), relu: middle(relu) }),
        bars("mean slope in a trained network", { sigmoid: mean(inSigmoid), tanh: mean(inTanh), relu: mean(inRelu) }),
      ],
    };
  },
});
