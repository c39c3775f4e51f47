// Products of two vectors.

import { ShapeError } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";
import { type Check, type Dotted, type Outer, type Result, typed } from "../shape-types.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";

/**
 * Every element of one vector times every element of another: yᵢⱼ = aᵢ·bⱼ, of shape [size of a, size of b].
 *
 * @throws ShapeError unless both are vectors
 * @example outer([1, 2], [3, 4]) // [[3, 4], [6, 8]]
 */
export function outer<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & Check<Outer<A, B>>,
): Tensor<Result<Outer<A, B>>> {
  const [left, right]: readonly [Tensor, Tensor] = [a, b];
  if (left.rank !== 1 || right.rank !== 1)
    throw new ShapeError(`outer ${formatShape(left.shape)} and ${formatShape(right.shape)}: both must be vectors`);
  return typed(left.unsqueeze(1).mul(right));
}

/**
 * The sum of the products of two vectors' elements, Σ aᵢ·bᵢ: a scalar.
 *
 * @throws ShapeError unless both are vectors of one size
 * @example dot([1, 2], [3, 4]) // 11
 */
export function dot<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: Tensor<B> & Check<Dotted<A, B>>,
): Tensor<readonly []> {
  const [left, right]: readonly [Tensor, Tensor] = [a, b];
  const given = `dot ${formatShape(left.shape)} · ${formatShape(right.shape)}`;
  if (left.rank !== 1 || right.rank !== 1) throw new ShapeError(`${given}: both must be vectors: use matmul`);
  if (left.size !== right.size) throw new ShapeError(`${given}: sizes ${left.size} and ${right.size} differ`);
  return typed(matmul(left, right));
}
