// Losses in the type system: predictions and targets that must be of one shape, labels with one class a row, and what the reduction
// leaves.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { Same } from "./broadcast.ts";
import type { ShowShape } from "./print.ts";

/** The shape of a loss: a scalar, or with the reduction `"none"` that of the losses. */
export type LossShape<Losses extends Shape, Reduction> = [Reduction] extends ["none"]
  ? Losses
  : "none" extends Reduction
    ? Shape
    : readonly [];

/** The one shape of a prediction and its target, or a mismatch. */
export type SameShapes<P extends Shape, T extends Shape, Op extends string> = [number] extends [
  P["length"] | T["length"],
]
  ? [number] extends [P["length"]]
    ? readonly [...T]
    : readonly [...P]
  : Paired<P, T, `${Op}: the prediction is ${ShowShape<P>}, the target ${ShowShape<T>}: they must be equal`>;

/**
 * The shape of the rows of `[…, classes]`, which that of the labels must be, or a mismatch. Targets of the predictions' own shape are
 * probabilities, where `Probabilities` says that there may be such.
 */
export type LabelledRows<
  P extends Shape,
  T extends Shape,
  Op extends string,
  Probabilities extends boolean = false,
  What extends string = "predictions",
> = [number] extends [P["length"] | T["length"]]
  ? Shape
  : P extends readonly [...infer Rows extends Shape, number]
    ? readonly [Probabilities, T["length"]] extends readonly [true, P["length"]]
      ? Paired<P, T, WrongLabels<P, T, Rows, Op, What>> extends infer Whole
        ? Whole extends Shape
          ? Rows
          : Whole
        : never
      : Paired<Rows, T, WrongLabels<P, T, Rows, Op, What>>
    : ShapeMismatch<`${Op}: ${What} [] have no axis of classes`>;

type WrongLabels<
  P extends Shape,
  T extends Shape,
  Rows extends Shape,
  Op extends string,
  What extends string,
> = `${Op}: ${What} ${ShowShape<P>} want labels of shape ${ShowShape<Rows>} (one class a row), got ${ShowShape<T>}`;

/** Two shapes that must be equal, unknown sizes of one taken from the other; else a mismatch with the message. */
type Paired<
  P extends Shape,
  T extends Shape,
  Message extends string,
  Out extends Shape = readonly [],
> = P extends readonly [infer X extends number, ...infer PRest extends Shape]
  ? T extends readonly [infer Y extends number, ...infer TRest extends Shape]
    ? [Same<X, Y>] extends [never]
      ? ShapeMismatch<Message>
      : Paired<PRest, TRest, Message, readonly [...Out, Same<X, Y>]>
    : ShapeMismatch<Message>
  : T extends readonly []
    ? Out
    : ShapeMismatch<Message>;
