// The shape rules in the type system: what `x.matmul(w)` of [64, 784] and [785, 10] is, and which sentence the
// compiler says.
//
// Each rule is a type from shapes to a shape, or to a `ShapeMismatch` that carries the sentence. A method takes its
// receiver as a parameter, so that the class stays covariant in its shape, and names the rule twice:
//
//     matmul<A extends Shape, B extends Shape>(
//       this: Tensor<A>, other: Tensor<B> & Check<MatMul<A, B>>): Tensor<Result<MatMul<A, B>>>
//
// Everything degrades quietly. `number` in a tuple is one unknown size: it fits every size and gives way to a known one.
// A shape of unknown rank (`Shape`) makes the result `Shape`; every rule asks for that first, in the form
// `[number] extends [S["length"]]`, which also lets the compiler see, in code that is generic over a shape, that the
// rule *could* succeed, and accept the call. Rules recurse over axes, never over sizes.
//
// The run-time checks in shape.ts are always on, and say the same sentences.

import type { Tensor } from "./tensor.ts";

/** The sizes of a tensor's axes; `number` in a tuple is an unknown size, and `Shape` itself an unknown rank. */
export type Shape = readonly number[];

/**
 * The shape of a tensor of which nothing is known: the default of `Tensor<S extends Shape = AnyShape>`. It is `Shape`
 * and not `any`: every tensor is a `Tensor`, but no `Tensor` passes for a `Tensor<[64, 784]>` before `typed` or a
 * `reshape`.
 */
export type AnyShape = Shape;

/** What a reduction takes as its axis: one, several, or `undefined` for all; negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

/** What a shape rule yields where the shapes do not fit; the message stands in the compiler's error. */
export interface ShapeMismatch<Message extends string> {
  /** The sentence, as in `matmul [64,784] × [785,10]: inner dimensions 784 and 785 differ`. */
  readonly shapeMismatch: Message;
}

/**
 * Intersected with an argument's type: nothing (`unknown`) where the rule gave a shape, the mismatch where it did
 * not. In three steps, because a compiler that meets `R extends … ? R` in generic code works out all that `R` could
 * be.
 */
export type Check<R> = IsMismatch<R> extends true ? Reported<R> : unknown;

type IsMismatch<R> = [R] extends [ShapeMismatch<string>] ? true : false;
type Reported<R> = R extends ShapeMismatch<infer Message> ? ShapeMismatch<Message> : never;

/** The shape that a rule gave, or `Shape` where it gave a mismatch, which `Check` has reported already. */
export type Result<R> = R extends infer S extends Shape ? S : Shape;

/**
 * The one named cast: gives a tensor whose shape was computed at run time the shape that its rule promises. Nothing is checked.
 *
 * @example
 * const mirrored = <S extends Shape>(x: Tensor<S>): Tensor<S> => typed(flip(x, -1));
 * mirrored(tensor([1, 2])); // [2, 1]
 */
export function typed<S extends Shape>(tensor: Tensor): Tensor<S> {
  return tensor as Tensor<S>;
}

export type { TakenAlong } from "./shape-types/along.ts";
export type { Broadcast, BroadcastedTo } from "./shape-types/broadcast.ts";
export type { Chosen, Embedded, Gathered } from "./shape-types/indexing.ts";
export type { Concatenated, ShapesOf, Stacked } from "./shape-types/joining.ts";
export type { LabelledRows, LossShape, SameShapes } from "./shape-types/losses.ts";
export type { MatMul } from "./shape-types/matmul.ts";
export type { Flattened, Permuted, Squeezed, Swapped, Transposed, Unsqueezed } from "./shape-types/movement.ts";
export type { Diagonal, Padded, Pieces, Split, Tiled } from "./shape-types/parts.ts";
export type { ShowShape, ShowSize } from "./shape-types/print.ts";
export type { Dotted, Einsum, Outer } from "./shape-types/products.ts";
export type { Reduced } from "./shape-types/reduction.ts";
export type { Reshaped } from "./shape-types/reshape.ts";
export type { ShapeOf } from "./shape-types/values.ts";
export type {
  KernelSize,
  KnownOptions,
  PaintedImages,
  PoolSize,
  WindowedImages,
  WindowedSequences,
} from "./shape-types/windows.ts";
