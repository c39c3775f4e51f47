// The gated recurrent unit, with PyTorch's formulas and order of gates.
// Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014.

import { checkOptionNames } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { composite, type ElementwiseOp, elementwise, required } from "./constructors.ts";
import {
  checkRecurrent,
  flatState,
  kindsOf,
  openGate,
  partOf,
  projected,
  type RecurrentResult,
  sequence,
  stepsOf,
  together,
  weightGradient,
} from "./recurrent-steps.ts";
import { slice } from "./slicing.ts";

/** tanh(p + r·q). */
const candidateOf: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "gru.candidate",
  forward: (p, q, r) => p.add(r.mul(q)).tanh(),
});
/** (1 − z)·n + z·h. */
const nextHidden: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "gru.hidden",
  forward: (z, n, h) => n.add(z.mul(h.sub(n))),
});
/** What reaches r, z and n before their curves. */
const unitGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "gru.gradient",
  forward: (kind, r, z, n, q, h, dh) => {
    const dn = dh.mul(z.neg().add(1)).mul(n.square().neg().add(1));
    const dr = dn.mul(q).mul(r.mul(r.neg().add(1)));
    const dz = dh.mul(h.sub(n)).mul(z.mul(z.neg().add(1)));
    return kind.eq(0).where(dr, kind.eq(1).where(dz, dn));
  },
});
/** The same before h·R: the candidate's part passes through r. */
const throughReset: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "gru.throughReset",
  forward: (kind, d, r) => kind.eq(2).where(d.mul(r), d),
});

// q = h·R + b; r, z = σ(p + q), n = tanh(p + r·q), h′ = (1 − z)·n + z·h. Shared are r, z, n, q's third part and h′ of each step.
const gruOf = /* @__PURE__ */ composite<null>({
  name: "gru",
  intermediates: ([p, recurrent, bias, first]) => {
    let h = required(first);
    const units = h.shape.at(-1) ?? 0;
    return stepsOf(required(p)).flatMap((step) => {
      const q = h.matmul(required(recurrent)).add(required(bias));
      const [r, z] = [0, 1].map((part) => openGate(partOf(step, part, units), partOf(q, part, units)));
      const inner = partOf(q, 2, units);
      const n = candidateOf(partOf(step, 2, units), inner, required(r));
      h = nextHidden(required(z), n, h);
      return [required(r), required(z), n, inner, h];
    });
  },
  forward: (_, shared) => together(shared.filter((__, index) => index % 5 === 4)),
  gradient: ({ dy, y, inputs: [, recurrent, bias, first], shared }) => {
    const [weight, begin] = [required(recurrent), required(first)];
    const [batch = 0, units = 0] = begin.shape;
    const kinds = kindsOf(begin, 3);
    let d: Tensor | null = null;
    const [dp, dq]: [Tensor[], Tensor[]] = [[], []];
    for (let step = (dy.shape[0] ?? 0) - 1; step >= 0; step--) {
      const gates = shared.slice(5 * step, 5 * step + 4);
      const [r, z] = gates.map(required);
      const h = step === 0 ? begin : required(shared[5 * step - 1]);
      const dh: Tensor = d === null ? slice(dy, step) : slice(dy, step).add(d);
      const parts = [...gates, h, dh].map((x) => x.unsqueeze(1));
      const a = unitGradient(kinds, ...parts);
      const reached = throughReset(kinds, a, required(r).unsqueeze(1)).reshape([batch, 3 * units]);
      d = reached.matmul(weight.transpose()).add(dh.mul(required(z)));
      dp.unshift(a.reshape([batch, 3 * units]));
      dq.unshift(reached);
    }
    const all = together(dq);
    const hasBias = required(bias).rank > 0;
    return [together(dp), weightGradient(y, begin, all), hasBias ? all.sum([0, 1]) : null, d];
  },
});

/** Options of {@link gru}. */
export interface GruState {
  /** h before the first step, [..., units]; zeros by default. */
  readonly hidden?: Tensor;
}

/**
 * The gated recurrent unit. With p = x(t)·W + b and q = h(t−1)·R + b′ in three parts: r = σ(p₀ + q₀), z = σ(p₁ + q₁),
 * n = tanh(p₂ + r·q₂) and h(t) = (1 − z)·n + z·h(t−1). The gate r acts after the product with R, as in PyTorch and cuDNN.
 *
 * @param x [..., time, features]; @param weight W [features, 3·units]; @param recurrentWeight R [units, 3·units]; @param bias b [3·units],
 * or 0; @param recurrentBias b′ [3·units], or 0
 * @throws ShapeError where a shape does not fit, and for an input without steps
 * @example gru([[1], [2]], [[1, 1, 1]], [[0, 0, 0]]).output // [[0.204824], [0.295323]]
 */
export function gru(
  x: Tensor,
  weight: Tensor,
  recurrentWeight: Tensor,
  bias: Tensor | 0 = 0,
  recurrentBias: Tensor | 0 = 0,
  state: GruState = {},
): RecurrentResult {
  const { hidden } = state;
  checkOptionNames("gru", state, ["hidden", "output"]);
  const units = checkRecurrent("gru", 3, x, { weight, recurrentWeight, bias, recurrentBias }, { hidden });
  const lead = x.shape.slice(0, -2);
  const first = flatState(x, hidden, units);
  const h = gruOf([projected(x, weight, bias), recurrentWeight, recurrentBias, first], null).output;
  return { output: sequence(h, lead), hidden: slice(h, -1).reshape([...lead, units]) };
}
