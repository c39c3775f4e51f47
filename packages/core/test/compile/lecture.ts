// The network of the lecture in plain operators, for the tests of compiled steps: dense layers with batch normalization, dropout and
// cross-entropy, trained by Adam. Two made with the same widths hold the same numbers.

import {
  batchNorm,
  crossEntropy,
  dropout,
  everyCall,
  Generator,
  noGrad,
  normalizeFeatures,
  ones,
  stepScalar,
  type Tensor,
  tensor,
  uniform,
  update,
  Variable,
  zeros,
} from "../../src/index.ts";

// m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  w ← w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
const adapt = update({
  name: "Adam",
  forward: (w, m, v, g, rate, rootCorrection) => {
    const first = m.mul(0.9).add(g.mul(0.1));
    const second = v.mul(0.999).add(g.square().mul(0.001));
    return [w.sub(first.mul(rate).div(second.sqrt().mul(rootCorrection).add(1e-7))), first, second];
  },
});

interface Normalization {
  readonly gamma: Variable;
  readonly beta: Variable;
  readonly mean: Variable;
  readonly variance: Variable;
}

interface Layer {
  readonly weight: Variable;
  readonly bias: Variable;
  readonly norm: Normalization | null;
}

/** What a {@link Network} is made of. */
export interface NetworkOptions {
  readonly widths?: readonly number[];
  readonly activation?: "relu" | "tanh";
  /** The share of dropout after the second layer. */
  readonly rate?: number;
}

/** A network with its optimizer. */
export class Network {
  readonly layers: readonly Layer[];
  readonly parameters: readonly Variable[];
  readonly states: readonly Variable[];
  readonly generator: Generator = new Generator(5);
  learningRate = 1e-3;
  steps = 0;
  readonly activation: "relu" | "tanh";
  readonly #rate: number;

  constructor({ widths = [784, 256, 128, 64, 10], activation = "relu", rate = 0.3 }: NetworkOptions = {}) {
    const generator = new Generator(11);
    this.activation = activation;
    this.#rate = rate;
    // A unit of relu that rounding moves over 0 makes two trainings part: with their normalized inputs shifted, few come near it.
    const shift = activation === "relu" ? 4 : 0;
    this.layers = widths.slice(1).map((width, index) => {
      const fan = widths[index] ?? 1;
      const limit = Math.sqrt(6 / (fan + width));
      const weight = new Variable<readonly number[]>(uniform([fan, width], { low: -limit, high: limit, generator }), {
        name: `weight${index}`,
      });
      const make = (initial: Tensor, name: string, requiresGrad = true): Variable =>
        new Variable(initial, { name: `${name}${index}`, requiresGrad });
      const norm =
        index === widths.length - 2
          ? null
          : {
              gamma: make(ones([width]), "gamma"),
              beta: make(
                tensor(Float32Array.from({ length: width }, (_, unit) => (unit % 2 === 0 ? shift : -shift))),
                "beta",
              ),
              mean: make(zeros([width]), "mean", false),
              variance: make(ones([width]), "variance", false),
            };
      // A bias in front of a normalization has the gradient 0, and Adam would blow its rounding errors up: it stays as it is.
      return { weight, bias: make(uniform([width], { low: -0.1, high: 0.1, generator }), "bias", norm === null), norm };
    });
    this.parameters = this.layers.flatMap(({ weight, bias, norm }) =>
      norm === null ? [weight, bias] : [weight, norm.gamma, norm.beta],
    );
    this.states = this.parameters.flatMap((parameter) =>
      ["m", "v"].map((state) => {
        const initial: Tensor = zeros(parameter.shape);
        return new Variable(initial, { name: `${parameter.name}.${state}`, requiresGrad: false });
      }),
    );
  }

  /** Every number that a step may change. */
  get variables(): readonly Variable[] {
    const statistics = this.layers.flatMap(({ norm }) => (norm === null ? [] : [norm.mean, norm.variance]));
    return [...this.parameters, ...statistics, ...this.states];
  }

  /** The logits in training: batch statistics, dropout after the second layer, running averages moved on. */
  train(x: Tensor): Tensor {
    let y = x;
    for (const [index, { weight, bias, norm }] of this.layers.entries()) {
      y = y.matmul(weight).add(bias);
      if (norm === null) continue;
      const { output, mean, variance } = batchNorm(y, norm.gamma, norm.beta);
      noGrad(() => {
        norm.mean.assign(norm.mean.mul(0.99).add(mean.mul(0.01)));
        norm.variance.assign(norm.variance.mul(0.99).add(variance.mul(0.01)));
      });
      y = output[this.activation]();
      if (index === 1) y = dropout(y, this.#rate, { generator: this.generator });
    }
    return y;
  }

  /** The logits in evaluation: running statistics, no dropout. */
  predict(x: Tensor): Tensor {
    return noGrad(() => {
      let y = x;
      for (const { weight, bias, norm } of this.layers) {
        y = y.matmul(weight).add(bias);
        if (norm !== null) y = normalizeFeatures(y, norm, norm.gamma, norm.beta)[this.activation]();
      }
      return y;
    });
  }

  /** One step of training: the loss. */
  step = (x: Tensor, labels: Tensor): Tensor => {
    const loss = crossEntropy(this.train(x), labels);
    for (const parameter of this.parameters) parameter.grad = null;
    loss.backward();
    everyCall(() => void this.steps++);
    const rate = stepScalar(() => this.learningRate / (1 - 0.9 ** this.steps));
    const rootCorrection = stepScalar(() => 1 / Math.sqrt(1 - 0.999 ** this.steps));
    for (const [index, parameter] of this.parameters.entries()) {
      const [m, v] = this.states.slice(2 * index, 2 * index + 2);
      const { grad } = parameter;
      if (grad !== null && m !== undefined && v !== undefined) adapt([parameter, m, v], [grad, rate, rootCorrection]);
    }
    return loss;
  };
}
