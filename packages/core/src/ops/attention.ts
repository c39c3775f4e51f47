// Attention: every query takes a mean of values, weighted by how well their keys fit it.
// Source: A. Vaswani et al., "Attention is all you need", NeurIPS 2017.

import { isFloat } from "../dtype.ts";
import { checkOption, checkOptionNames, DTypeError, ShapeError } from "../errors.ts";
import type { Generator } from "../random.ts";
import { broadcastShapes, formatShape, type Shape } from "../shape.ts";
import { type Check, type MatMul, type Result, type Transposed, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { composite, required } from "./constructors.ts";
import { arange } from "./creation.ts";
import { dropout } from "./dropout.ts";

/** Lower than any score, and finite: an infinity would be taken for an anomaly. */
const lowest = ({ dtype }: Tensor): number => (dtype === "float64" ? -1e308 : -3e38);

// y = e^(x − max x) / Σ over what is allowed, and zeros where nothing is;  dx = y · (dy − Σ dy·y)
const weightsOf = /* @__PURE__ */ composite<null>({
  name: "attentionWeights",
  forward: ([scores, allowed]) => {
    const input = required(scores);
    const seen = allowed === undefined ? input : allowed.where(input, lowest(input));
    const peak = seen.max(-1, { keepDims: true });
    const e = seen.sub(peak.gt(lowest(input)).where(peak, 0)).exp();
    const total = e.sum(-1, { keepDims: true });
    return e.div(total.eq(0).where(1, total));
  },
  gradient: ({ dy, y }) => [y.mul(dy.sub(dy.mul(y).sum(-1, { keepDims: true }))), null],
});

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /**
   * What each query may look at, broadcast to [..., queries, keys]: `bool`, where true is allowed, or floats that
   * are added to the scores, where −∞ forbids. Everything by default.
   */
  readonly mask?: Tensor;
  /** Whether the query at place i sees only keys 0 to i; false by default. */
  readonly causal?: boolean;
  /** The probability with which each weight is set to 0, the others scaled up; 0 by default. */
  readonly dropout?: number;
  /** What the products of queries and keys are multiplied with; 1/√features by default. */
  readonly scale?: number;
  /** Where dropout's random numbers come from; the default generator if none is given. */
  readonly generator?: Generator;
}

/** The shape of what attention gives: `[..., queries, values' features]`. */
export type Attended<Q extends Shape, K extends Shape, V extends Shape> = MatMul<
  Result<MatMul<Q, Result<Transposed<K>>>>,
  V
>;

/**
 * softmax(q·kᵀ · scale + mask) · v for `q` [..., queries, features], `k` [..., keys, features] and `v` [..., keys, features′];
 * leading axes broadcast. A query that may look at nothing gets zeros, with zero gradients.
 *
 * @throws ShapeError where q, k, v or the mask do not fit, naming their shapes
 * @example scaledDotProductAttention([[1, 0]], [[1, 0], [0, 1]], [[1], [3]], { scale: 1 }) // [[1.537883]]
 */
export function scaledDotProductAttention<Q extends Shape, K extends Shape, V extends Shape>(
  q: Tensor<Q>,
  k: Tensor<K> & Check<MatMul<Q, Result<Transposed<K>>>>,
  v: Tensor<V> & Check<Attended<Q, K, V>>,
  options: AttentionOptions = {},
): Tensor<Result<Attended<Q, K, V>>> {
  const [queries, keys, values]: readonly [Tensor, Tensor, Tensor] = [q, k, v];
  checkOptionNames(NAME, options, ["mask", "causal", "dropout", "scale", "generator"]);
  checkInputs(queries, keys, values);
  const {
    mask,
    causal = false,
    dropout: rate = 0,
    scale = 1 / Math.sqrt(queries.shape.at(-1) || 1),
    generator,
  } = options;
  checkOption(Number.isFinite(scale), NAME, "scale", "a finite number", scale);
  checkOption(rate >= 0 && rate <= 1, NAME, "dropout", "from 0 to 1", rate);
  const scores = queries.mul(scale).matmul(keys.transpose());
  checkMask(scores, mask);
  const biased = mask === undefined || mask.dtype === "bool" ? scores : scores.add(mask);
  const allowed = [...(causal ? [beforeOnly(scores)] : []), ...(mask?.dtype === "bool" ? [mask] : [])];
  const limits = allowed.length === 0 ? [] : [allowed.reduce((a, b) => a.logicalAnd(b))];
  const weights = biased.shape.at(-1) === 0 ? biased : weightsOf([biased, ...limits], null).output;
  const kept = dropout(weights, rate, generator === undefined ? {} : { generator });
  return typed(kept.matmul(values));
}

const NAME = "scaledDotProductAttention";

function checkInputs(q: Tensor, k: Tensor, v: Tensor): void {
  const given = `${NAME}: queries ${formatShape(q.shape)}, keys ${formatShape(k.shape)}, values ${formatShape(v.shape)}`;
  for (const { rank, dtype } of [q, k, v]) {
    if (rank < 2) throw new ShapeError(`${given}: each needs two axes, [..., places, features]`);
    if (!isFloat(dtype))
      throw new DTypeError(`${NAME}: the inputs must be floats, got ${q.dtype}, ${k.dtype} and ${v.dtype}`);
  }
  if (q.shape.at(-1) !== k.shape.at(-1))
    throw new ShapeError(`${given}: queries have ${q.shape.at(-1)} features, keys ${k.shape.at(-1)}`);
  if (k.shape.at(-2) !== v.shape.at(-2))
    throw new ShapeError(`${given}: there are ${k.shape.at(-2)} keys, and ${v.shape.at(-2)} values`);
  const lead = [q, k, v].map(({ shape }) => shape.slice(0, -2));
  lead.reduce<Shape>((a, b) => broadcastShapes(given, a, b), []);
}

/** Whether the key stands not after the query, [queries, keys]. */
function beforeOnly(scores: Tensor): Tensor {
  const [queries = 0, keys = 0] = scores.shape.slice(-2);
  return arange(queries, { dtype: "int32" })
    .unsqueeze(1)
    .ge(arange(keys, { dtype: "int32" }));
}

function checkMask(scores: Tensor, mask: Tensor | undefined): void {
  if (mask === undefined) return;
  if (mask.dtype !== "bool" && !isFloat(mask.dtype))
    throw new DTypeError(`${NAME}: the mask must be bool or a float, got ${mask.dtype}: write mask.cast("bool")`);
  const lead = scores.rank - mask.rank;
  const fits = lead >= 0 && mask.shape.every((size, axis) => size === 1 || size === scores.shape[axis + lead]);
  if (!fits) {
    const [given, wanted] = [mask.shape, scores.shape].map(formatShape);
    throw new ShapeError(`${NAME}: the mask ${given} does not broadcast to ${wanted}, [..., queries, keys]`);
  }
}
