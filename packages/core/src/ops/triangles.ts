// Triangles and diagonals of matrices: the last two axes, or any two for a diagonal.

import { checkOption, checkOptionNames, ShapeError } from "../errors.ts";
import { formatShape, normalizeAxis, type Shape } from "../shape.ts";
import { type Check, type Diagonal, type Result, typed } from "../shape-types.ts";
import { Tensor } from "../tensor.ts";
import { allocateView, viewOf } from "../view.ts";
import { where } from "./elementwise.ts";
import { take } from "./parts.ts";

/** Where column − row ≤ diagonal, in the last two axes of `x`. */
function lowerPart(name: string, { shape }: Tensor, diagonal: number): Tensor {
  if (shape.length < 2) throw new ShapeError(`${name} ${formatShape(shape)}: needs at least two axes`);
  checkOption(Number.isInteger(diagonal), name, "diagonal", "a whole number", diagonal);
  const [rows = 0, columns = 0] = shape.slice(-2);
  const mask = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const end = Math.min(Math.max(row + diagonal + 1, 0), columns);
    mask.fill(1, row * columns, row * columns + end);
  }
  return new Tensor(viewOf(mask, "bool", [rows, columns]));
}

/** A zero of the dtype of `x`, which the choice then keeps. */
const zeroBeside = ({ dtype }: Tensor): Tensor => new Tensor(allocateView({ shape: [], dtype }));

/**
 * The lower triangle of matrices: 0 above a diagonal, counted from the main one upwards.
 * @example tril([[1, 2], [3, 4]]) // [[1, 0], [3, 4]]
 */
export function tril<S extends Shape>(x: Tensor<S>, diagonal = 0): Tensor<S> {
  return typed(where(lowerPart("tril", x, diagonal), x, zeroBeside(x)));
}

/**
 * The upper triangle of matrices: 0 below a diagonal, counted from the main one upwards.
 * @example triu([[1, 2], [3, 4]]) // [[1, 2], [0, 4]]
 */
export function triu<S extends Shape>(x: Tensor<S>, diagonal = 0): Tensor<S> {
  return typed(where(lowerPart("triu", x, diagonal - 1), zeroBeside(x), x));
}

/** Options of {@link diagonal}. */
export interface DiagonalOptions<O extends number = number, A extends number = number, B extends number = number> {
  /** Which diagonal: above the main one if positive, below it if negative; 0 by default. */
  readonly offset?: O;
  /** The axis of the rows; 0 by default. */
  readonly axis1?: A;
  /** The axis of the columns; 1 by default. */
  readonly axis2?: B;
}

/**
 * A diagonal of the matrices that two axes form, without a copy: they go, and the diagonal comes as the last axis. NumPy's `diagonal`.
 *
 * @throws ShapeError for a tensor without two axes, and for axes that are one
 * @example diagonal([[1, 2], [3, 4]]) // [1, 4]
 */
export function diagonal<
  S extends Shape,
  const O extends number = 0,
  const A extends number = 0,
  const B extends number = 1,
>(
  x: Tensor<S> & Check<Diagonal<S, O, A, B>>,
  options: DiagonalOptions<O, A, B> = {},
): Tensor<Result<Diagonal<S, O, A, B>>> {
  checkOptionNames("diagonal", options, ["offset", "axis1", "axis2"]);
  const { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions = options;
  const tensor: Tensor = x;
  const given = `diagonal ${formatShape(tensor.shape)}`;
  if (tensor.rank < 2) throw new ShapeError(`${given}: needs at least two axes`);
  checkOption(Number.isInteger(offset), "diagonal", "offset", "a whole number", offset);
  const [rows, columns] = [
    normalizeAxis("diagonal", axis1, tensor.rank),
    normalizeAxis("diagonal", axis2, tensor.rank),
  ];
  if (rows === columns) throw new ShapeError(`${given}: axis1 and axis2 are both axis ${rows}`);
  return typed(
    take(tensor, ({ shape, strides, offset: start }) => {
      const [height = 0, width = 0, down = 0, across = 0] = [
        shape[rows],
        shape[columns],
        strides[rows],
        strides[columns],
      ];
      const count = Math.max(0, Math.min(height + Math.min(offset, 0), width - Math.max(offset, 0)));
      const rest = (list: readonly number[]): number[] => list.filter((_, axis) => axis !== rows && axis !== columns);
      const first = count === 0 ? 0 : Math.max(offset, 0) * across + Math.max(-offset, 0) * down;
      return { shape: [...rest(shape), count], strides: [...rest(strides), down + across], offset: start + first };
    }),
  );
}
