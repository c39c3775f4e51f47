// Long short-term memory, with PyTorch's order of gates.
// Sources: S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997; F. Gers et al., "Learning to forget", 2000.

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

/** tanh(p + q). */
const newContent: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "lstm.content",
  forward: (p, q) => p.add(q).tanh(),
});
/** f·c + i·g. */
const nextCell: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "lstm.cell",
  forward: (i, f, g, c) => f.mul(c).add(i.mul(g)),
});
/** What reaches c: from later, from outside, and through h = o·t with t = tanh c. */
const cellGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "lstm.cellGradient",
  forward: (dc, dyCell, dh, o, t) => dc.add(dyCell).add(dh.mul(o).mul(t.square().neg().add(1))),
});
/** What reaches each gate: its partner in c′ = f·c + i·g or h′ = o·t, times the slope of its own curve. */
const gateGradient: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "lstm.gateGradient",
  forward: (kind, i, f, g, o, t, c, dc, dh) => {
    const forInput = dc.mul(g).mul(i.mul(i.neg().add(1)));
    const forForget = dc.mul(c).mul(f.mul(f.neg().add(1)));
    const forContent = dc.mul(i).mul(g.square().neg().add(1));
    const forOutput = dh.mul(t).mul(o.mul(o.neg().add(1)));
    return kind.eq(0).where(forInput, kind.eq(1).where(forForget, kind.eq(2).where(forContent, forOutput)));
  },
});

// a = p + h·R; i, f, o = σ(a), g = tanh(a); c′ = f·c + i·g, t = tanh c′, h′ = o·t. Shared are i, f, g, o, t, h′, c′ of each step; the
// result holds h′ and c′ of each step: [2·time, batch, units].
const lstmOf = /* @__PURE__ */ composite<null>({
  name: "lstm",
  intermediates: ([p, recurrent, first, firstCell]) => {
    let [h, c] = [required(first), required(firstCell)];
    const units = h.shape.at(-1) ?? 0;
    return stepsOf(required(p)).flatMap((step) => {
      const q = h.matmul(required(recurrent));
      const [i, f, g, o] = [openGate, openGate, newContent, openGate].map((curve, part) =>
        curve(partOf(step, part, units), partOf(q, part, units)),
      );
      c = nextCell(required(i), required(f), required(g), c);
      const t = c.tanh();
      h = required(o).mul(t);
      return [i, f, g, o, t, h, c].map(required);
    });
  },
  forward: (_, shared) => together(shared.filter((__, index) => index % 7 >= 5)),
  gradient: ({ dy, inputs: [p, recurrent, first, firstCell], shared }) => {
    const [weight, begin] = [required(recurrent), required(first)];
    const [batch = 0, units = 0] = begin.shape;
    const kinds = kindsOf(begin, 4);
    let [d, dc]: [Tensor | null, Tensor | number] = [null, 0];
    const da: Tensor[] = [];
    for (let step = (required(p).shape[0] ?? 0) - 1; step >= 0; step--) {
      const gates = shared.slice(7 * step, 7 * step + 5);
      const [, f, , o, t] = gates.map(required);
      const c = required(step === 0 ? firstCell : shared[7 * step - 1]);
      const shown: Tensor = slice(dy, 2 * step);
      const dh: Tensor = d === null ? shown : shown.add(d);
      const reached: Tensor = cellGradient(dc, slice(dy, 2 * step + 1), dh, required(o), required(t));
      const parts = [...gates, c, reached, dh].map((x) => x.unsqueeze(1));
      const a = gateGradient(kinds, ...parts).reshape([batch, 4 * units]);
      d = a.matmul(weight.transpose());
      dc = reached.mul(required(f));
      da.unshift(a);
    }
    const all = together(da);
    const h = together(shared.filter((_, index) => index % 7 === 5));
    return [all, weightGradient(h, begin, all), d, typeof dc === "number" ? null : dc];
  },
});

/** What {@link lstm} gives. */
export interface LstmResult extends RecurrentResult {
  /** The cell state after the last step, [..., units]. */
  readonly cell: Tensor;
}

/** The state before the first step; zeros by default. A result may be given as it is, to go on from where it ended. */
export interface LstmState {
  /** h, [..., units]. */
  readonly hidden?: Tensor;
  /** c, [..., units]. */
  readonly cell?: Tensor;
}

/**
 * Long short-term memory. With a = x(t)·W + h(t−1)·R + b in four parts: i = σ(a₀), f = σ(a₁), g = tanh(a₂), o = σ(a₃);
 * c(t) = f·c(t−1) + i·g and h(t) = o·tanh c(t).
 *
 * @param x [..., time, features]; @param weight W [features, 4·units]; @param recurrentWeight R [units, 4·units]; @param bias b [4·units],
 * or 0
 * @throws ShapeError where a shape does not fit, and for an input without steps
 * @example lstm([[1], [2]], [[1, 1, 1, 1]], [[0, 0, 0, 0]]).output // [[0.369606], [0.767664]]
 */
export function lstm(
  x: Tensor,
  weight: Tensor,
  recurrentWeight: Tensor,
  bias: Tensor | 0 = 0,
  state: LstmState = {},
): LstmResult {
  const { hidden, cell } = state;
  checkOptionNames("lstm", state, ["hidden", "cell", "output"]);
  const units = checkRecurrent("lstm", 4, x, { weight, recurrentWeight, bias }, { hidden, cell });
  const lead = x.shape.slice(0, -2);
  const [first, firstCell] = [flatState(x, hidden, units), flatState(x, cell, units)];
  const states = lstmOf([projected(x, weight, bias), recurrentWeight, first, firstCell], null).output;
  const last = (place: number): Tensor => slice(states, place).reshape([...lead, units]);
  return { output: sequence(slice(states, [0, null, 2]), lead), hidden: last(-2), cell: last(-1) };
}
