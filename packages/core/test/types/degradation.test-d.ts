// What is unknown degrades quietly: no rule complains, none yields `never`, and every result is a shape.

import { expectTypeOf, test } from "vitest";
import type {
  Broadcast,
  BroadcastedTo,
  Check,
  Concatenated,
  Flattened,
  MatMul,
  Permuted,
  Reduced,
  Reshaped,
  Result,
  Shape,
  Squeezed,
  Stacked,
  Swapped,
  Transposed,
  Unsqueezed,
} from "../../src/shape-types.ts";

/** Every rule, applied to one shape. */
type Rules<S extends Shape> = [
  Broadcast<S, [2, 3]>,
  Broadcast<[2, 3], S>,
  Broadcast<S, S>,
  BroadcastedTo<S, [5, 2, 3]>,
  BroadcastedTo<[3], S>,
  MatMul<S, [3, 4]>,
  MatMul<[4, 2], S>,
  MatMul<S, Shape>,
  Reduced<S>,
  Reduced<S, 1>,
  Reduced<S, [0, 1], true>,
  Reduced<S, number[]>,
  Transposed<S>,
  Swapped<S, 0, 1>,
  Permuted<S, [1, 0]>,
  Permuted<S, number[]>,
  Flattened<S>,
  Flattened<S, 1>,
  Flattened<S, number>,
  Squeezed<S>,
  Squeezed<S, number>,
  Unsqueezed<S, 0>,
  Reshaped<S, [2, -1]>,
  Reshaped<S, [number, 2]>,
  Reshaped<S, S>,
  Concatenated<[S, [2, 3]]>,
  Concatenated<S[]>,
  Stacked<[S, [2, 3]]>,
  Stacked<S[]>,
];

/** Fails to compile unless every rule accepted the shape and gave a shape. */
type Quiet<R extends readonly unknown[]> = {
  [K in keyof R]: [R[K]] extends [never] ? K : [R[K]] extends [Shape] ? (unknown extends Check<R[K]> ? "" : K) : K;
}[number];

test("an unknown rank", () => {
  expectTypeOf<Quiet<Rules<Shape>>>().toEqualTypeOf<"">();
  expectTypeOf<Quiet<Rules<number[]>>>().toEqualTypeOf<"">();
});

test("a rank known in part", () => {
  expectTypeOf<Quiet<Rules<readonly [2, ...number[]]>>>().toEqualTypeOf<"">();
  expectTypeOf<Quiet<Rules<readonly [...number[], 3]>>>().toEqualTypeOf<"">();
});

test("unknown sizes", () => {
  expectTypeOf<Quiet<Rules<readonly [number, number]>>>().toEqualTypeOf<"">();
});

test("a union of shapes of which one fits", () => {
  expectTypeOf<Quiet<Rules<readonly [2, 3] | Shape>>>().toEqualTypeOf<"">();
});

test("a mismatch that was reported is an unknown shape afterwards", () => {
  expectTypeOf<Result<MatMul<[2, 3], [4, 5]>>>().toEqualTypeOf<Shape>();
});
