// Muon: the momentum of a weight matrix, replaced by the nearest orthogonal matrix, so that all its directions learn alike.
// Source: K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024
// (https://kellerjordan.github.io/posts/muon), with its Newton–Schulz iteration and its coefficients.

import {
  formatShape,
  noGrad,
  OptionError,
  stepScalar,
  type Tensor,
  type Update,
  update,
  type Variable,
} from "@gradus/core";
import type { AdamState } from "./adam.ts";
import { updateAdamW } from "./adamw.ts";
import { type GroupOptions, isGroup, listed, type OptimizerOptions, type Parameters } from "./groups.ts";
import { Optimizer } from "./optimizer.ts";
import { checkCounts, checkShares, checkSizes, withDefaults } from "./options.ts";
import type { ParameterState } from "./state.ts";

/** The numbers that rule {@link Muon}. */
export type MuonHyperparameters = {
  /** η ≥ 0: an update O has singular values near 1, so this is about how far each direction moves. */
  readonly learningRate: number;
  /** μ, the share of the old average of gradients, from 0 to below 1. */
  readonly momentum: number;
  /** Whether the gradient is mixed with the average once more before it is made orthogonal. */
  readonly nesterov: boolean;
  /** How many Newton–Schulz iterations make the matrix orthogonal, at least 1. */
  readonly iterations: number;
  /** λ ≥ 0: weights shrink by the factor 1 − ηλ at each step. */
  readonly weightDecay: number;
  /** Whether AdamW updates the group: then β₁, β₂ and ε count, and momentum, nesterov and iterations do not. */
  readonly adamW: boolean;
  /** β₁ of the groups that AdamW updates, from 0 to below 1. */
  readonly beta1: number;
  /** β₂ of the groups that AdamW updates, from 0 to below 1. */
  readonly beta2: number;
  /** ε ≥ 0 of the groups that AdamW updates. */
  readonly epsilon: number;
};

/** Options of {@link Muon}. */
export interface MuonOptions extends OptimizerOptions {
  /** η, the size of a step, ≥ 0; 0.02 by default, and 3e-4 where AdamW updates. */
  readonly learningRate?: number;
  /** The share of the old average of gradients, from 0 to below 1; 0.95 by default. */
  readonly momentum?: number;
  /** Mix the gradient with the average once more; true by default. */
  readonly nesterov?: boolean;
  /** How many Newton–Schulz iterations make the matrix orthogonal; 5 by default. */
  readonly iterations?: number;
  /** λ: weights shrink by the factor 1 − ηλ, whatever their gradients; 0 by default. */
  readonly weightDecay?: number;
  /**
   * Update a group with AdamW: what is no matrix, embeddings, and the last layer; false by default. Such a group's
   * rate is 3e-4 by default.
   */
  readonly adamW?: boolean;
  /** β₁ of the groups that AdamW updates; 0.9 by default. */
  readonly beta1?: number;
  /** β₂ of the groups that AdamW updates; 0.95 by default. */
  readonly beta2?: number;
  /** ε of the groups that AdamW updates; 1e-10 by default. */
  readonly epsilon?: number;
}

const defaults: MuonHyperparameters = {
  learningRate: 0.02,
  momentum: 0.95,
  nesterov: true,
  iterations: 5,
  weightDecay: 0,
  adamW: false,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-10,
};

/** The rate of AdamW's groups: Muon's would be far too large for them. */
const ADAM_RATE = 3e-4;

// m ← μ·m + (1 − μ)·g
const average: Update = /* @__PURE__ */ update({
  name: "Muon",
  forward: (m, g, momentum, fresh) => [m.mul(momentum).add(g.mul(fresh))],
});

// w ← (1 − ηλ)·w − η·s·O
const follow: Update = /* @__PURE__ */ update({
  name: "Muon",
  forward: (w, direction, rate, kept) => [w.mul(kept).sub(direction.mul(rate))],
});

/**
 * Muon, for weight matrices [in, out]: m ← μm + (1 − μ)g, O ≈ the orthogonal matrix nearest to μm + (1 − μ)g, and w
 * ← (1 − ηλ)w − η·√max(1, out/in)·O. Other parameters are refused, unless their group says `adamW: true`.
 *
 * Source: K. Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024,
 * https://kellerjordan.github.io/posts/muon.
 *
 * @example
 * const [weight, bias] = [new Variable(tensor([[1, 2], [3, 4]])), new Variable(tensor([0, 0]))];
 * const optimizer = new Muon([{ parameters: [weight] }, { parameters: [bias], adamW: true }], { learningRate: 0.02 });
 */
export class Muon extends Optimizer<"momentum" | AdamState, MuonHyperparameters> {
  /**
   * @param parameters weight matrices, or groups of them; what is no matrix, in groups with `adamW: true`
   * @throws OptionError for a parameter that is no matrix outside such a group, for an unknown option or one out of
   * range, for no parameters, and for one given twice
   */
  constructor(parameters: Parameters<MuonOptions>, options: MuonOptions = {}) {
    const entries: Iterable<Variable | GroupOptions<MuonOptions>> = parameters;
    const groups = Array.from(listed("Muon", entries), (entry) =>
      isGroup(entry) && entry.adamW === true ? { ...entry, learningRate: entry.learningRate ?? ADAM_RATE } : entry,
    );
    const { adamW: everywhere } = withDefaults("Muon", defaults, options);
    const learningRate = everywhere ? ADAM_RATE : defaults.learningRate;
    super("Muon", groups, withDefaults("Muon", { ...defaults, learningRate }, options), ({ adamW }) =>
      adamW ? ["firstMoment", "secondMoment"] : ["momentum"],
    );
  }

  protected override check(hyperparameters: MuonHyperparameters, parameters: readonly Variable[]): void {
    const { momentum, iterations, weightDecay, adamW, beta1, beta2, epsilon } = hyperparameters;
    checkShares("Muon", { momentum, beta1, beta2 });
    checkCounts("Muon", { iterations });
    checkSizes("Muon", { weightDecay, epsilon });
    const other = adamW ? undefined : parameters.find(({ rank }) => rank !== 2);
    if (other === undefined) return;
    throw new OptionError(
      `Muon: parameter ${other.name || parameters.indexOf(other)} has shape ${formatShape(other.shape)} and is no matrix: ` +
        "put it into a group with adamW: true, or into an optimizer of its own",
    );
  }

  protected override update(
    parameter: Variable,
    gradient: Tensor,
    known: ParameterState<"momentum" | AdamState, MuonHyperparameters>,
  ): void {
    const { group, state } = known;
    const { momentum, nesterov, iterations, weightDecay, adamW } = group.hyperparameters;
    if (adamW) {
      updateAdamW(parameter, gradient, known, false);
      return;
    }
    average([state.momentum], [gradient, momentum, 1 - momentum]);
    const direction = noGrad(() => {
      const mixed: Tensor = nesterov ? gradient.mul(1 - momentum).add(state.momentum.mul(momentum)) : state.momentum;
      return orthogonalized(mixed, iterations);
    });
    const [inputs = 1, outputs = 1] = parameter.shape;
    const scale = Math.sqrt(Math.max(1, outputs / inputs));
    const rate = stepScalar(() => group.learningRate * scale, parameter.dtype);
    const kept = stepScalar(() => 1 - group.learningRate * weightDecay, parameter.dtype);
    follow([parameter], [direction, rate, kept]);
  }
}

/**
 * The orthogonal matrix nearest to x, roughly: singular values between about 0.7 and 1.2.
 * X₀ = x/|x|;  Xₖ₊₁ = a·Xₖ + (b·A + c·A²)·Xₖ with A = Xₖ·Xₖᵀ, whose polynomial pulls singular values towards 1
 */
function orthogonalized(x: Tensor, iterations: number): Tensor {
  const [a, b, c] = [3.4445, -4.775, 2.0315];
  const [rows = 0, columns = 0] = x.shape;
  const tall = rows > columns;
  const flat: Tensor = tall ? x.transpose() : x;
  let X: Tensor = flat.div(flat.square().sum().sqrt().add(1e-7));
  for (let k = 0; k < iterations; k++) {
    const A: Tensor = X.matmul(X.transpose());
    const B: Tensor = A.mul(b).add(A.matmul(A).mul(c));
    X = X.mul(a).add(B.matmul(X));
  }
  return tall ? X.transpose() : X;
}
