// The simple recurrent network.
// Source: J. Elman, "Finding structure in time", Cognitive Science 1990.

import { checkOption, checkOptionNames } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { composite, type ElementwiseOp, elementwise, required } from "./constructors.ts";
import {
  checkRecurrent,
  flatState,
  projected,
  type RecurrentResult,
  sequence,
  stepsOf,
  together,
  weightGradient,
} from "./recurrent-steps.ts";
import { slice } from "./slicing.ts";

/** (dy + d) · (1 − h²). */
const throughTanh: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "rnn.throughTanh",
  forward: (dy, d, h) => dy.add(d).mul(h.square().neg().add(1)),
});
/** dy + d where h > 0. */
const throughRelu: ElementwiseOp = /* @__PURE__ */ elementwise({
  name: "rnn.throughRelu",
  forward: (dy, d, h) => h.gt(0).where(dy.add(d), 0),
});

// h′ = f(p + h·R);  da = (dy + d)·f′, d = da·Rᵀ
const rnnOf = /* @__PURE__ */ composite<{ readonly activation: "tanh" | "relu" }>({
  name: "rnn",
  forward: ([p, recurrent, first], _, { activation }) => {
    let h = required(first);
    return together(
      stepsOf(required(p)).map((step) => {
        h = step.add(h.matmul(required(recurrent)))[activation]();
        return h;
      }),
    );
  },
  gradient: ({ dy, y, inputs: [, recurrent, first] }, { activation }) => {
    const [weight, begin] = [required(recurrent), required(first)];
    const through = activation === "tanh" ? throughTanh : throughRelu;
    let d: Tensor | number = 0;
    const da: Tensor[] = [];
    for (let step = (dy.shape[0] ?? 0) - 1; step >= 0; step--) {
      const a: Tensor = through(slice(dy, step), d, slice(y, step));
      d = a.matmul(weight.transpose());
      da.unshift(a);
    }
    const all = together(da);
    return [all, weightGradient(y, begin, all), typeof d === "number" ? null : d];
  },
});

/** Options of {@link rnn}. */
export interface RnnOptions {
  /** h before the first step, [..., units]; zeros by default. A result may be given as it is. */
  readonly hidden?: Tensor;
  /** f; "tanh" by default. */
  readonly activation?: "tanh" | "relu";
}

/**
 * The simple recurrent network: h(t) = f(x(t)·W + h(t−1)·R + b).
 *
 * @param x [..., time, features]; @param weight W [features, units]; @param recurrentWeight R [units, units]; @param bias b [units], or 0
 * @throws ShapeError where a shape does not fit, and for an input without steps
 * @example rnn([[1], [0]], [[1]], [[0.5]]).output // [[0.761594], [0.363400]]
 */
export function rnn(
  x: Tensor,
  weight: Tensor,
  recurrentWeight: Tensor,
  bias: Tensor | 0 = 0,
  options: RnnOptions = {},
): RecurrentResult {
  const { hidden, activation = "tanh" } = options;
  checkOptionNames("rnn", options, ["hidden", "activation", "output"]);
  checkOption(activation === "tanh" || activation === "relu", "rnn", "activation", '"tanh" or "relu"', activation);
  const units = checkRecurrent("rnn", 1, x, { weight, recurrentWeight, bias }, { hidden });
  const lead = x.shape.slice(0, -2);
  const first = flatState(x, hidden, units);
  const h = rnnOf([projected(x, weight, bias), recurrentWeight, first], { activation }).output;
  return { output: sequence(h, lead), hidden: slice(h, -1).reshape([...lead, units]) };
}
