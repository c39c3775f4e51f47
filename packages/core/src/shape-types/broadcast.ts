// Broadcasting in the type system, NumPy's rule: shapes are aligned at their last axes, and a size of 1 stretches.

import type { Shape, ShapeMismatch } from "../shape-types.ts";
import type { ShowShape } from "./print.ts";

/** What stands between two shapes in a message. */
interface Signs {
  readonly add: "+";
  readonly sub: "-";
  readonly mul: "*";
  readonly div: "/";
  readonly pow: "**";
  readonly eq: "==";
  readonly ne: "!=";
  readonly lt: "<";
  readonly le: "<=";
  readonly gt: ">";
  readonly ge: ">=";
}

type Sign<Op extends string> = Op extends keyof Signs ? Signs[Op] : "and";

/** Two sizes that must be equal: the known one, or `never`. */
export type Same<X extends number, Y extends number> = number extends X ? Y : X extends Y ? X : never;

/** Two sizes of which a 1 stretches: the size of the result, or `never`. */
type Stretch<X extends number, Y extends number> = X extends 1 ? Y : Y extends 1 ? X : Same<X, Y>;

/** The longer of two ranks. */
type LongerRank<A extends Shape, B extends Shape> = `${B["length"]}` extends keyof A ? A["length"] : B["length"];

/** From the last axis to the first; what one operand lacks is taken from the other. `Message` is all but the axis. */
export type Stretched<
  A extends Shape,
  B extends Shape,
  Message extends string,
  Out extends Shape = readonly [],
> = A extends readonly [...infer ARest extends Shape, infer X extends number]
  ? B extends readonly [...infer BRest extends Shape, infer Y extends number]
    ? [Stretch<X, Y>] extends [never]
      ? ShapeMismatch<`${Message}: axis ${LongerRank<ARest, BRest>}: ${X} and ${Y} differ`>
      : Stretched<ARest, BRest, Message, readonly [Stretch<X, Y>, ...Out]>
    : readonly [...A, ...Out]
  : readonly [...B, ...Out];

/**
 * NumPy's broadcasting: shapes are aligned at the last axis, and a size of 1 stretches.
 * `Broadcast<readonly [64, 256], readonly [256]>` is `readonly [64, 256]`.
 */
export type Broadcast<A extends Shape, B extends Shape, Op extends string = "broadcast"> = [number] extends [
  A["length"] | B["length"],
]
  ? Shape
  : Stretched<A, B, `${Op} ${ShowShape<A>} ${Sign<Op>} ${ShowShape<B>}`>;

/** `S` stretched to `Target` by the same rule, where only `S` may stretch. */
export type BroadcastedTo<S extends Shape, Target extends Shape> = [number] extends [S["length"] | Target["length"]]
  ? [number] extends [Target["length"]]
    ? Shape
    : readonly [...Target]
  : StretchedTo<S, Target, `broadcastTo ${ShowShape<S>} to ${ShowShape<Target>}`>;

type StretchedTo<
  S extends Shape,
  Target extends Shape,
  Message extends string,
  Out extends Shape = readonly [],
> = S extends readonly [...infer SRest extends Shape, infer X extends number]
  ? Target extends readonly [...infer TargetRest extends Shape, infer Y extends number]
    ? [X extends 1 ? Y : Same<X, Y>] extends [never]
      ? ShapeMismatch<`${Message}: axis ${TargetRest["length"]}: ${X} does not stretch to ${Y}`>
      : StretchedTo<SRest, TargetRest, Message, readonly [Y, ...Out]>
    : ShapeMismatch<`${Message}: the target has fewer axes`>
  : readonly [...Target, ...Out];
