// Long short-term memory: a recurrent layer whose cell state passes from step to step through gates.
// Sources: S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997; F. Gers et al., "Learning to forget", 2000; the forget
// gate's bias of 1: R. Jozefowicz et al., "An empirical exploration of recurrent network architectures", ICML 2015.

import { concat, type LstmResult, type LstmState, lstm, ones, slice, type Tensor } from "@gradus/core";
import { flag, type OptionRules } from "./options.ts";
import { Recurrent, type RecurrentOptions, recurrentRules } from "./recurrent.ts";

/** Options of {@link LSTM}. */
export interface LSTMOptions<Sequences extends boolean = boolean> extends RecurrentOptions<Sequences> {
  /**
   * Whether the forget gate's bias starts at 1, so that the cell remembers at first; true by default. Source: R.
   * Jozefowicz et al., "An empirical exploration of recurrent network architectures", ICML 2015.
   */
  readonly unitForgetBias?: boolean;
}

const rules: OptionRules<LSTMOptions> = /* @__PURE__ */ Object.assign({}, recurrentRules, { unitForgetBias: flag });

/**
 * With a = x(t)·W + h(t−1)·R + b in four parts i, f, g, o: i = σ(a₀), f = σ(a₁), g = tanh(a₂), o = σ(a₃); c(t) =
 * f·c(t−1) + i·g; h(t) = o·tanh c(t). `[…, time, inputs]` becomes `[…, units]`, the last h, or with
 * `{ returnSequences: true }` all of them, `[…, time, units]`. W is `[inputs, 4·units]`, R `[units, 4·units]`, b
 * `[4·units]`: the sum of PyTorch's two biases.
 *
 * Sources: S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997; F. Gers et al., "Learning to forget",
 * 2000.
 *
 * @example
 * const layer = new LSTM(8, 16, { returnSequences: true });
 * layer.forward(zeros([32, 20, 8])).shape; // [32, 20, 16]
 */
export class LSTM<
  const In extends number = number,
  const Units extends number = number,
  const Sequences extends boolean = false,
> extends Recurrent<In, Units, Sequences, "LSTM"> {
  /**
   * @param inputs the size of the input's last axis
   * @param units the size of the hidden state and of the cell
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that are unknown or of the wrong
   * kind
   */
  constructor(inputs: In, units: Units, options: LSTMOptions<Sequences> = {}) {
    super("LSTM", 4, inputs, units, options, rules);
    if (this.bias !== null && options.unitForgetBias !== false) {
      const b: Tensor = this.bias;
      const one = ones([units], { dtype: options.dtype ?? "float32" });
      this.bias.assign(concat([slice(b, [0, units]), one, slice(b, [2 * units])]));
    }
    this.namedVariables();
  }

  override get kind(): string {
    return "lstm";
  }

  protected override get parts(): number {
    return 2;
  }

  /**
   * All h, `[…, time, units]`, and the last h and c, each `[…, units]`, from a first state (zeros where none is
   * given).
   *
   * @throws ShapeError where the input or a state does not fit, and for an input without steps
   */
  unroll(x: Tensor, state: LstmState = {}): LstmResult {
    return this.run(this.checked(x, [state.hidden, state.cell]), [state.hidden, state.cell]);
  }

  protected override run(x: Tensor, [hidden, cell]: readonly (Tensor | undefined)[]): LstmResult {
    const state = { ...(hidden === undefined ? {} : { hidden }), ...(cell === undefined ? {} : { cell }) };
    return lstm(x, this.weight, this.recurrentWeight, this.bias ?? 0, state);
  }
}
