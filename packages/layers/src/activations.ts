// Activations as layers: the function of the same name in @gradus/core, applied to every element (softmax: to every
// row). Those with options and learned ones stand in activations-parametric.ts.

import {
  hardSigmoid,
  hardSwish,
  logSoftmax,
  mish,
  relu6,
  selu,
  silu,
  softmax,
  softsign,
  type Tensor,
} from "@gradus/core";
import { Activation } from "./activation.ts";
import { checkOptions, whole } from "./options.ts";
import { markProbabilities } from "./probabilities.ts";

/** max(x, 0). @example new ReLU().forward(tensor([-1, 2])); // [0, 2] */
export class ReLU extends Activation {
  override get kind(): string {
    return "relu";
  }

  protected override apply(x: Tensor): Tensor {
    return x.relu();
  }
}

/** min(max(x, 0), 6). @example new ReLU6().forward(tensor([-1, 2, 9])); // [0, 2, 6] */
export class ReLU6 extends Activation {
  override get kind(): string {
    return "relu6";
  }

  protected override apply(x: Tensor): Tensor {
    return relu6(x);
  }
}

/**
 * λx for positive x, else λα(eˣ − 1), with λ = 1.0507 and α = 1.6733: it keeps mean 0 and variance 1 through many
 * Dense layers that start with `leCunNormal`. Source: G. Klambauer et al., "Self-normalizing neural networks", NIPS
 * 2017.
 *
 * @example new SELU().forward(tensor([-1, 1])); // [-1.1113307, 1.050701]
 */
export class SELU extends Activation {
  override get kind(): string {
    return "selu";
  }

  protected override apply(x: Tensor): Tensor {
    return selu(x);
  }
}

/**
 * x·σ(x), also called swish. Source: P. Ramachandran et al., "Searching for activation functions", 2017.
 *
 * @example new SiLU().forward(tensor([-1, 1])); // [-0.26894143, 0.7310586]
 */
export class SiLU extends Activation {
  override get kind(): string {
    return "silu";
  }

  protected override apply(x: Tensor): Tensor {
    return silu(x);
  }
}

/**
 * x·tanh(ln(1 + eˣ)). Source: D. Misra, "Mish: a self regularized non-monotonic activation function", 2019.
 *
 * @example new Mish().forward(tensor([-1, 1])); // [-0.30340144, 0.8650984]
 */
export class Mish extends Activation {
  override get kind(): string {
    return "mish";
  }

  protected override apply(x: Tensor): Tensor {
    return mish(x);
  }
}

/** ln(1 + eˣ): a smooth max(x, 0). @example new Softplus().forward(tensor([0, 1])); // [0.6931472, 1.3132617] */
export class Softplus extends Activation {
  override get kind(): string {
    return "softplus";
  }

  protected override apply(x: Tensor): Tensor {
    return x.softplus();
  }
}

/** x / (1 + |x|): between −1 and 1. @example new Softsign().forward(tensor([-1, 3])); // [-0.5, 0.75] */
export class Softsign extends Activation {
  override get kind(): string {
    return "softsign";
  }

  protected override apply(x: Tensor): Tensor {
    return softsign(x);
  }
}

/** 1 / (1 + e⁻ˣ): between 0 and 1. @example new Sigmoid().forward(tensor([0, 2])); // [0.5, 0.8807971] */
export class Sigmoid extends Activation {
  override get kind(): string {
    return "sigmoid";
  }

  protected override apply(x: Tensor): Tensor {
    return x.sigmoid();
  }
}

/** ln(1 / (1 + e⁻ˣ)): at most 0. @example new LogSigmoid().forward(tensor([0, 2])); // [-0.6931472, -0.126928] */
export class LogSigmoid extends Activation {
  override get kind(): string {
    return "log_sigmoid";
  }

  protected override apply(x: Tensor): Tensor {
    return x.logSigmoid();
  }
}

/** x/6 + ½, limited to [0, 1]. @example new HardSigmoid().forward(tensor([-9, 0, 1.5])); // [0, 0.5, 0.75] */
export class HardSigmoid extends Activation {
  override get kind(): string {
    return "hard_sigmoid";
  }

  protected override apply(x: Tensor): Tensor {
    return hardSigmoid(x);
  }
}

/** x times the {@link HardSigmoid} of x. @example new HardSwish().forward(tensor([-9, 1.5])); // [0, 1.125] */
export class HardSwish extends Activation {
  override get kind(): string {
    return "hard_swish";
  }

  protected override apply(x: Tensor): Tensor {
    return hardSwish(x);
  }
}

/** The hyperbolic tangent: between −1 and 1. @example new Tanh().forward(tensor([0, 1])); // [0, 0.7615942] */
export class Tanh extends Activation {
  override get kind(): string {
    return "tanh";
  }

  protected override apply(x: Tensor): Tensor {
    return x.tanh();
  }
}

/** Options of {@link Softmax} and {@link LogSoftmax}. */
export interface SoftmaxOptions {
  /** The axis of the classes; the last by default. */
  readonly axis?: number;
}

/** What looks at the classes of an axis together. */
abstract class OverClasses extends Activation {
  /** The axis of the classes; −1 is the last. */
  readonly axis: number;
  readonly #name: string;

  constructor(name: string, options: SoftmaxOptions) {
    super();
    checkOptions(name, options, { axis: whole });
    this.#name = name;
    this.axis = options.axis ?? -1;
  }

  override toString(): string {
    return this.axis === -1 ? this.#name : `${this.#name}({ axis: ${this.axis} })`;
  }
}

/**
 * eˣ / Σ eˣ along an axis: probabilities, positive and with sum 1. For models that predict; a model that is trained
 * with `crossEntropy` ends in logits, without a Softmax.
 *
 * @example new Softmax().forward(tensor([[0, 0, Math.log(2)]])); // [[0.25, 0.25, 0.5]]
 */
export class Softmax extends OverClasses {
  /** @throws OptionError for an axis that is no whole number */
  constructor(options: SoftmaxOptions = {}) {
    super("Softmax", options);
  }

  override get kind(): string {
    return "softmax";
  }

  protected override apply(x: Tensor): Tensor {
    return markProbabilities(softmax(x, this.axis));
  }
}

/**
 * x − ln Σ eˣ along an axis: the logarithms of probabilities, exact for logits of any size.
 * @example new LogSoftmax().forward(tensor([1000, 1000])); // [-0.6931472, -0.6931472]
 */
export class LogSoftmax extends OverClasses {
  /** @throws OptionError for an axis that is no whole number */
  constructor(options: SoftmaxOptions = {}) {
    super("LogSoftmax", options);
  }

  override get kind(): string {
    return "log_softmax";
  }

  protected override apply(x: Tensor): Tensor {
    return logSoftmax(x, this.axis);
  }
}
