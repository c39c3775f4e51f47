// What the recurrent layers share: their sizes, parameters and options, and what they give.
// The names and the defaults are Keras's, the formulas and the order of the gates PyTorch's.

import {
  type Check,
  formatShape,
  type RecurrentResult,
  type Result,
  type Shape,
  ShapeError,
  type Tensor,
  typed,
  Variable,
} from "@gradus/core";
import { type AffineOptions, affineRules, makingOf } from "./affine.ts";
import type { Constraint } from "./constraints.ts";
import { type Initializer, orthogonal, xavierUniform, zeros } from "./initializers.ts";
import { checkFeatures, checkFloat, initial } from "./inputs.ts";
import { Layer } from "./layer.ts";
import type { RecurrentOutput, RecurrentRule } from "./layer-types.ts";
import { checkOptions, checkSize, flag, initializerRule, type OptionRules } from "./options.ts";
import { constraintRule, regularizerRule } from "./penalties.ts";
import type { Regularizer } from "./regularizers.ts";

/** Options that all recurrent layers take. */
export interface RecurrentOptions<Sequences extends boolean = boolean> extends AffineOptions {
  /**
   * Whether the result holds the hidden state after each step, `[…, time, units]`, or (the default) after the last
   * alone, `[…, units]`. All but the last of stacked recurrent layers need it.
   */
  readonly returnSequences?: Sequences;
  /** How the weight of the hidden state starts; `orthogonal` by default. */
  readonly recurrentInitializer?: Initializer;
  /** What the weight of the hidden state costs: `l2(1e-4)`; nothing by default. */
  readonly recurrentRegularizer?: Regularizer;
  /** What the weight of the hidden state is kept to after each step: `maxNorm(2)`; anything by default. */
  readonly recurrentConstraint?: Constraint;
}

/** The rules of {@link RecurrentOptions}. */
export const recurrentRules: OptionRules<RecurrentOptions> = /* @__PURE__ */ Object.assign(
  {
    returnSequences: flag,
    recurrentInitializer: initializerRule,
    recurrentRegularizer: regularizerRule,
    recurrentConstraint: constraintRule,
  },
  affineRules,
);

/**
 * What recurrent layers share: sequences `[…, time, inputs]` become hidden states `[…, time, units]`, or `[…, units]` of the last step
 * alone. Weights hold the columns of their gates side by side.
 *
 * @example
 * const layer = new GRU(8, 16, { returnSequences: true });
 * layer instanceof Recurrent; // true
 * layer.weight.shape; // [8, 48]
 * layer.forward(zeros([32, 10, 8])).shape; // [32, 10, 16]
 */
export abstract class Recurrent<
  In extends number,
  Units extends number,
  Sequences extends boolean,
  Name extends string,
> extends Layer {
  declare readonly rule: RecurrentRule<In, Units, Sequences, Name>;
  /** The size of the input's last axis. */
  readonly inputs: In;
  /** The size of the hidden state. */
  readonly units: Units;
  /** Whether the result holds the hidden states after all steps, or after the last alone. */
  readonly returnSequences: boolean;
  /** W, `[inputs, gates · units]`. */
  readonly weight: Variable;
  /** R, `[units, gates · units]`. */
  readonly recurrentWeight: Variable;
  /** b, `[gates · units]`, or null without one. */
  readonly bias: Variable | null;
  readonly #owner: string;

  /**
   * @param name the class's name, for messages
   * @param gates how many times `units` columns the weights have
   * @param inputs the size of the input's last axis
   * @param units the size of the hidden state
   * @param options what the user gave
   * @param rules what each option must be
   * @throws OptionError for sizes that are no whole numbers ≥ 1, and for options that break a rule
   */
  constructor(
    name: Name,
    gates: number,
    inputs: In,
    units: Units,
    options: RecurrentOptions<Sequences>,
    rules: OptionRules<RecurrentOptions>,
  ) {
    super();
    const owner = `${name}(${inputs}, ${units})`;
    checkSize(owner, "inputs", inputs);
    checkSize(owner, "units", units);
    checkOptions<RecurrentOptions>(owner, options, rules);
    const { initializer = xavierUniform, recurrentInitializer = orthogonal, bias = true } = options;
    const making = makingOf(options);
    const columns = gates * units;
    this.#owner = owner;
    this.inputs = inputs;
    this.units = units;
    this.returnSequences = options.returnSequences ?? false;
    this.weight = new Variable(initial(owner, "initializer", initializer, [inputs, columns], making));
    this.recurrentWeight = new Variable(
      initial(owner, "recurrentInitializer", recurrentInitializer, [units, columns], making),
    );
    this.bias = bias ? new Variable(startOfBias(owner, columns, options)) : null;
    this.govern(options, this.weight, this.bias);
    this.regularize(this.recurrentWeight, options.recurrentRegularizer ?? null);
    this.constrain(this.recurrentWeight, options.recurrentConstraint ?? null);
  }

  /** How many tensors the state consists of. */
  protected get parts(): number {
    return 1;
  }

  /** All hidden states, and the last state, for an input and the parts of a first state. */
  protected abstract run(x: Tensor, state: readonly (Tensor | undefined)[]): RecurrentResult;

  /**
   * The hidden state after the last step, `[…, units]`, or with `returnSequences` after each, `[…, time, units]`.
   * @param x `[…, time, inputs]`
   * @param state the state before the first step, each part `[…, units]`; zeros where it is not given
   * @throws ShapeError where the input or a state does not fit, and for an input without steps
   */
  override forward<S extends Shape>(
    x: Tensor<S> & Check<RecurrentOutput<S, In, Units, Sequences, Name>>,
    ...state: Tensor[]
  ): Tensor<Result<RecurrentOutput<S, In, Units, Sequences, Name>>> {
    const { output, hidden } = this.run(this.checked(x, state), state);
    return typed(this.regularized(this.returnSequences ? output : hidden));
  }

  /** The input, if it and the state fit; else an error. */
  protected checked(x: Tensor, state: readonly (Tensor | undefined)[]): Tensor {
    checkFloat(this, x);
    checkFeatures(this, x, this.inputs);
    const given = `${this}: the input ${formatShape(x.shape)}`;
    if (x.rank < 2) throw new ShapeError(`${given} has no axis of time`);
    if (x.shape.at(-2) === 0) throw new ShapeError(`${given} has no steps`);
    const wanted = formatShape([...x.shape.slice(0, -2), this.units]);
    if (state.length > this.parts) {
      throw new ShapeError(
        `${this}: ${state.length} parts of a state are given, there ${this.parts === 1 ? "is 1" : "are 2"}`,
      );
    }
    for (const part of state) {
      if (part === undefined) continue;
      checkFloat(`${this}: a state`, part);
      if (formatShape(part.shape) !== wanted) {
        throw new ShapeError(`${given} wants a state ${wanted}, got ${formatShape(part.shape)}`);
      }
    }
    return x;
  }

  override toString(): string {
    return this.#owner;
  }
}

/** The first value of a bias. */
export function startOfBias(owner: string, columns: number, options: RecurrentOptions): Tensor {
  return initial(owner, "biasInitializer", options.biasInitializer ?? zeros, [columns], makingOf(options));
}
