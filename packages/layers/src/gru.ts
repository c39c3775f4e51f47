// The gated recurrent unit: a recurrent layer that mixes its state with a candidate, without a cell of its own.
// Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014; the reset gate acts after the
// product, as in cuDNN, PyTorch and Keras (`reset_after`).

import { gru, type RecurrentResult, type Tensor, Variable } from "@gradus/core";
import { Recurrent, type RecurrentOptions, recurrentRules, startOfBias } from "./recurrent.ts";

/** Options of {@link GRU}. */
export type GRUOptions<Sequences extends boolean = boolean> = RecurrentOptions<Sequences>;

/**
 * With p = x(t)·W + b and q = h(t−1)·R + b′ in three parts r, z, n: r = σ(p₀ + q₀), z = σ(p₁ + q₁), n = tanh(p₂ +
 * r·q₂); h(t) = (1 − z)·n + z·h(t−1). `[…, time, inputs]` becomes `[…, units]`, the last h, or with
 * `{ returnSequences: true }` all of them, `[…, time, units]`. W is `[inputs, 3·units]`, R `[units, 3·units]`, b and
 * b′ `[3·units]`.
 *
 * Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014; the reset gate
 * acts after the product, as in cuDNN, PyTorch and Keras.
 *
 * @example
 * const layer = new GRU(8, 16);
 * layer.forward(zeros([32, 20, 8])).shape; // [32, 16]
 */
export class GRU<
  const In extends number = number,
  const Units extends number = number,
  const Sequences extends boolean = false,
> extends Recurrent<In, Units, Sequences, "GRU"> {
  /** b′, `[3·units]`, within the reset gate's reach; null without one. */
  readonly recurrentBias: Variable | null;

  /**
   * @param inputs the size of the input's last axis
   * @param units the size of the hidden state
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(inputs: In, units: Units, options: GRUOptions<Sequences> = {}) {
    super("GRU", 3, inputs, units, options, recurrentRules);
    const owner = `GRU(${inputs}, ${units})`;
    this.recurrentBias = this.bias === null ? null : new Variable(startOfBias(owner, 3 * units, options));
    if (this.recurrentBias !== null) {
      this.regularize(this.recurrentBias, options.biasRegularizer ?? null);
      this.constrain(this.recurrentBias, options.biasConstraint ?? null);
    }
    this.namedVariables();
  }

  override get kind(): string {
    return "gru";
  }

  /**
   * All hidden states, `[…, time, units]`, and the last, `[…, units]`, from a first one (zeros if none is given).
   *
   * @throws ShapeError where the input or the state does not fit, and for an input without steps
   */
  unroll(x: Tensor, state: { readonly hidden?: Tensor } = {}): RecurrentResult {
    return this.run(this.checked(x, [state.hidden]), [state.hidden]);
  }

  protected override run(x: Tensor, [hidden]: readonly (Tensor | undefined)[]): RecurrentResult {
    const { weight, recurrentWeight, bias, recurrentBias } = this;
    return gru(x, weight, recurrentWeight, bias ?? 0, recurrentBias ?? 0, hidden === undefined ? {} : { hidden });
  }
}
