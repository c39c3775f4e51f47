// The simple recurrent layer: the hidden state is a dense layer of the input and of itself a step before.
// Source: J. Elman, "Finding structure in time", Cognitive Science 1990.

import { type RecurrentResult, rnn, type Tensor } from "@gradus/core";
import type { OptionRules } from "./options.ts";
import { Recurrent, type RecurrentOptions, recurrentRules } from "./recurrent.ts";

/** Options of {@link SimpleRNN}. */
export interface SimpleRNNOptions<Sequences extends boolean = boolean> extends RecurrentOptions<Sequences> {
  /** f, the hyperbolic tangent (the default) or max(x, 0). */
  readonly activation?: "tanh" | "relu";
}

const rules: OptionRules<SimpleRNNOptions> = /* @__PURE__ */ Object.assign({}, recurrentRules, {
  activation: { rule: '"tanh" or "relu"', valid: (value: unknown) => value === "tanh" || value === "relu" },
});

/**
 * h(t) = f(x(t)·W + h(t−1)·R + b): `[…, time, inputs]` becomes `[…, units]`, the last hidden state, or with
 * `{ returnSequences: true }` all of them, `[…, time, units]`. W is `[inputs, units]`, R `[units, units]`, b
 * `[units]`. Source: J. L. Elman, "Finding structure in time", 1990.
 *
 * @example
 * const layer = new SimpleRNN(8, 16);
 * layer.forward(zeros([32, 20, 8])).shape; // [32, 16]
 */
export class SimpleRNN<
  const In extends number = number,
  const Units extends number = number,
  const Sequences extends boolean = false,
> extends Recurrent<In, Units, Sequences, "SimpleRNN"> {
  /** f in h(t) = f(…). */
  readonly activation: "tanh" | "relu";

  /**
   * @param inputs the size of the input's last axis
   * @param units the size of the hidden state
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(inputs: In, units: Units, options: SimpleRNNOptions<Sequences> = {}) {
    super("SimpleRNN", 1, inputs, units, options, rules);
    this.activation = options.activation ?? "tanh";
    this.namedVariables();
  }

  override get kind(): string {
    return "simple_rnn";
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
    const { weight, recurrentWeight, bias, activation } = this;
    return rnn(x, weight, recurrentWeight, bias ?? 0, hidden === undefined ? { activation } : { activation, hidden });
  }
}
