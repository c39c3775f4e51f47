// The shape rules as a table: what each makes of shapes, and the sentence where they do not fit.

import { expectTypeOf, test } from "vitest";
import type {
  Broadcast,
  BroadcastedTo,
  Concatenated,
  Flattened,
  MatMul,
  Permuted,
  Reduced,
  Reshaped,
  ShapeMismatch,
  ShapeOf,
  Squeezed,
  Stacked,
  Swapped,
  Transposed,
  Unsqueezed,
} from "../../src/shape-types.ts";

test("broadcasting aligns at the last axis and stretches a size of 1", () => {
  expectTypeOf<Broadcast<[64, 256], [64, 256]>>().toEqualTypeOf<readonly [64, 256]>();
  expectTypeOf<Broadcast<[64, 256], [256]>>().toEqualTypeOf<readonly [64, 256]>();
  expectTypeOf<Broadcast<[256], [64, 256]>>().toEqualTypeOf<readonly [64, 256]>();
  expectTypeOf<Broadcast<[64, 1, 3], [7, 1]>>().toEqualTypeOf<readonly [64, 7, 3]>();
  expectTypeOf<Broadcast<[], [2, 3]>>().toEqualTypeOf<readonly [2, 3]>();
  expectTypeOf<Broadcast<[], []>>().toEqualTypeOf<readonly []>();
  expectTypeOf<Broadcast<[0, 3], [1, 3]>>().toEqualTypeOf<readonly [0, 3]>();
  type Mismatch = ShapeMismatch<"add [64,256] + [128]: axis 1: 256 and 128 differ">;
  expectTypeOf<Broadcast<[64, 256], [128], "add">>().toEqualTypeOf<Mismatch>();
  type First = ShapeMismatch<"maximum [2,?] and [3,4]: axis 0: 2 and 3 differ">;
  expectTypeOf<Broadcast<[2, number], [3, 4], "maximum">>().toEqualTypeOf<First>();
  type Longer = ShapeMismatch<"sub [5] - [2,3,4]: axis 2: 5 and 4 differ">;
  expectTypeOf<Broadcast<[5], [2, 3, 4], "sub">>().toEqualTypeOf<Longer>();
});

test("an unknown size gives way to a known one", () => {
  expectTypeOf<Broadcast<[number, 256], [64, 256]>>().toEqualTypeOf<readonly [64, 256]>();
  expectTypeOf<Broadcast<[number, 256], [1, 256]>>().toEqualTypeOf<readonly [number, 256]>();
  expectTypeOf<Broadcast<[number], [number]>>().toEqualTypeOf<readonly [number]>();
  expectTypeOf<MatMul<[number, 784], [number, 10]>>().toEqualTypeOf<readonly [number, 10]>();
  expectTypeOf<Concatenated<[[2, number], [2, 3]]>>().toEqualTypeOf<readonly [4, 3]>();
});

test("a size that is one of several literals fits where one of them does", () => {
  expectTypeOf<Broadcast<[64 | 128], [64]>>().toEqualTypeOf<readonly [64]>();
  expectTypeOf<Broadcast<[1 | 64], [32]>>().toEqualTypeOf<readonly [32]>();
  expectTypeOf<Reduced<[2, 3], 0 | 1>>().toEqualTypeOf<readonly [2] | readonly [3]>();
});

test("broadcastTo stretches one side only", () => {
  expectTypeOf<BroadcastedTo<[3], [2, 3]>>().toEqualTypeOf<readonly [2, 3]>();
  expectTypeOf<BroadcastedTo<[2, 1], [2, 3]>>().toEqualTypeOf<readonly [2, 3]>();
  expectTypeOf<BroadcastedTo<[], [2, 3]>>().toEqualTypeOf<readonly [2, 3]>();
  type Size = ShapeMismatch<"broadcastTo [3] to [2,4]: axis 1: 3 does not stretch to 4">;
  expectTypeOf<BroadcastedTo<[3], [2, 4]>>().toEqualTypeOf<Size>();
  type Back = ShapeMismatch<"broadcastTo [3] to [1]: axis 0: 3 does not stretch to 1">;
  expectTypeOf<BroadcastedTo<[3], [1]>>().toEqualTypeOf<Back>();
  type Rank = ShapeMismatch<"broadcastTo [2,3] to [3]: the target has fewer axes">;
  expectTypeOf<BroadcastedTo<[2, 3], [3]>>().toEqualTypeOf<Rank>();
});

test("matrix products, batched and with vectors", () => {
  expectTypeOf<MatMul<[64, 784], [784, 10]>>().toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf<MatMul<[8, 1, 64, 784], [3, 784, 10]>>().toEqualTypeOf<readonly [8, 3, 64, 10]>();
  expectTypeOf<MatMul<[784], [784]>>().toEqualTypeOf<readonly []>();
  expectTypeOf<MatMul<[784], [784, 10]>>().toEqualTypeOf<readonly [10]>();
  expectTypeOf<MatMul<[784], [5, 784, 10]>>().toEqualTypeOf<readonly [5, 10]>();
  expectTypeOf<MatMul<[64, 784], [784]>>().toEqualTypeOf<readonly [64]>();
  expectTypeOf<MatMul<[5, 3, 784], [784]>>().toEqualTypeOf<readonly [5, 3]>();
  expectTypeOf<MatMul<[2, 0], [0, 3]>>().toEqualTypeOf<readonly [2, 3]>();
  type Inner = ShapeMismatch<"matmul [64,784] × [785,10]: inner dimensions 784 and 785 differ">;
  expectTypeOf<MatMul<[64, 784], [785, 10]>>().toEqualTypeOf<Inner>();
  type One = ShapeMismatch<"matmul [64,1] × [784,10]: inner dimensions 1 and 784 differ">;
  expectTypeOf<MatMul<[64, 1], [784, 10]>>().toEqualTypeOf<One>();
  type Scalar = ShapeMismatch<"matmul [] × [3]: a scalar has no inner dimension">;
  expectTypeOf<MatMul<[], [3]>>().toEqualTypeOf<Scalar>();
  type Batch = ShapeMismatch<"matmul [2,4,5] × [3,5,6]: axis 0: 2 and 3 differ">;
  expectTypeOf<MatMul<[2, 4, 5], [3, 5, 6]>>().toEqualTypeOf<Batch>();
});

test("reductions over one axis, several, or all", () => {
  expectTypeOf<Reduced<[5, 3, 784]>>().toEqualTypeOf<readonly []>();
  expectTypeOf<Reduced<[5, 3, 784], undefined, true>>().toEqualTypeOf<readonly [1, 1, 1]>();
  expectTypeOf<Reduced<[5, 3, 784], 0>>().toEqualTypeOf<readonly [3, 784]>();
  expectTypeOf<Reduced<[5, 3, 784], -1>>().toEqualTypeOf<readonly [5, 3]>();
  expectTypeOf<Reduced<[5, 3, 784], 1, true>>().toEqualTypeOf<readonly [5, 1, 784]>();
  expectTypeOf<Reduced<[5, 3, 784], [0, -1]>>().toEqualTypeOf<readonly [3]>();
  expectTypeOf<Reduced<[5, 3, 784], readonly [-3, 2], true>>().toEqualTypeOf<readonly [1, 3, 1]>();
  expectTypeOf<Reduced<[5, 3, 784], []>>().toEqualTypeOf<readonly [5, 3, 784]>();
  type High = ShapeMismatch<"sum [64,784]: axis 2 is out of range for rank 2: the valid range is -2 to 1">;
  expectTypeOf<Reduced<[64, 784], 2, false, "sum">>().toEqualTypeOf<High>();
  type Low = ShapeMismatch<"max [64,784]: axis -3 is out of range for rank 2: the valid range is -2 to 1">;
  expectTypeOf<Reduced<[64, 784], [0, -3], true, "max">>().toEqualTypeOf<Low>();
  type Scalar = ShapeMismatch<"sum []: axis 0 is out of range for rank 0: a scalar has no axes">;
  expectTypeOf<Reduced<[], 0, false, "sum">>().toEqualTypeOf<Scalar>();
});

test("an axis that is not literal leaves the rank", () => {
  expectTypeOf<Reduced<[5, 3, 784], number>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<Reduced<[5, 3], number, true>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<Reduced<[5, 3], number[], true>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<Reduced<[5, 3], number[]>>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Reduced<[5, 3], 0, boolean>>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Swapped<[2, 3], 0, number>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<Unsqueezed<[2, 3], number>>().toEqualTypeOf<readonly [number, number, number]>();
  expectTypeOf<Squeezed<[2, 1], number>>().toEqualTypeOf<readonly [number]>();
  expectTypeOf<Permuted<[2, 3], number[]>>().toEqualTypeOf<readonly [number, number]>();
});

test("axes exchanged and reordered", () => {
  expectTypeOf<Transposed<[64, 784]>>().toEqualTypeOf<readonly [784, 64]>();
  expectTypeOf<Transposed<[5, 64, 784]>>().toEqualTypeOf<readonly [5, 784, 64]>();
  expectTypeOf<Transposed<[64]>>().toEqualTypeOf<ShapeMismatch<"transpose [64]: needs at least two axes">>();
  expectTypeOf<Swapped<[2, 3, 4], 0, -1>>().toEqualTypeOf<readonly [4, 3, 2]>();
  expectTypeOf<Swapped<[2, 3, 4], 1, 1>>().toEqualTypeOf<readonly [2, 3, 4]>();
  type Swap = ShapeMismatch<"transpose [2,3]: axis 2 is out of range for rank 2: the valid range is -2 to 1">;
  expectTypeOf<Swapped<[2, 3], 0, 2>>().toEqualTypeOf<Swap>();
  expectTypeOf<Permuted<[2, 3, 4], [2, 0, 1]>>().toEqualTypeOf<readonly [4, 2, 3]>();
  expectTypeOf<Permuted<[2, 3, 4], [-1, 0, 1]>>().toEqualTypeOf<readonly [4, 2, 3]>();
  expectTypeOf<Permuted<[], []>>().toEqualTypeOf<readonly []>();
  type Twice = ShapeMismatch<"permute [2,3] to [0,0]: each axis must appear once">;
  expectTypeOf<Permuted<[2, 3], [0, 0]>>().toEqualTypeOf<Twice>();
  type Count = ShapeMismatch<"permute [2,3] to [0]: 1 axes given for rank 2">;
  expectTypeOf<Permuted<[2, 3], [0]>>().toEqualTypeOf<Count>();
  type Range = ShapeMismatch<"permute [2,3]: axis 5 is out of range for rank 2: the valid range is -2 to 1">;
  expectTypeOf<Permuted<[2, 3], [0, 5]>>().toEqualTypeOf<Range>();
});

test("axes made one, taken out, put in", () => {
  expectTypeOf<Flattened<[64, 28, 28]>>().toEqualTypeOf<readonly [50176]>();
  expectTypeOf<Flattened<[64, 28, 28], 1>>().toEqualTypeOf<readonly [64, 784]>();
  expectTypeOf<Flattened<[number, 28, 28], 1>>().toEqualTypeOf<readonly [number, 784]>();
  expectTypeOf<Flattened<[number, 28, 28]>>().toEqualTypeOf<readonly [number]>();
  expectTypeOf<Flattened<[64, 28, 28], -1>>().toEqualTypeOf<readonly [64, 28, 28]>();
  expectTypeOf<Flattened<[]>>().toEqualTypeOf<readonly [1]>();
  expectTypeOf<Squeezed<[2, 1, 4, 1]>>().toEqualTypeOf<readonly [2, 4]>();
  expectTypeOf<Squeezed<[2, 1, 4, 1], -1>>().toEqualTypeOf<readonly [2, 1, 4]>();
  expectTypeOf<Squeezed<[2, number], 1>>().toEqualTypeOf<readonly [2]>();
  expectTypeOf<Squeezed<[2, number]>>().toEqualTypeOf<readonly number[]>();
  type NotOne = ShapeMismatch<"squeeze [2,1,4]: axis 2 has size 4, not 1">;
  expectTypeOf<Squeezed<[2, 1, 4], 2>>().toEqualTypeOf<NotOne>();
  expectTypeOf<Unsqueezed<[2, 4], 0>>().toEqualTypeOf<readonly [1, 2, 4]>();
  expectTypeOf<Unsqueezed<[2, 4], 2>>().toEqualTypeOf<readonly [2, 4, 1]>();
  expectTypeOf<Unsqueezed<[2, 4], -1>>().toEqualTypeOf<readonly [2, 4, 1]>();
  type Range = ShapeMismatch<"unsqueeze [2,4]: axis 3 is out of range for rank 3: the valid range is -3 to 2">;
  expectTypeOf<Unsqueezed<[2, 4], 3>>().toEqualTypeOf<Range>();
});

test("reshape compares products and computes the one size that is left", () => {
  expectTypeOf<Reshaped<[64, 784], [64, 28, 28]>>().toEqualTypeOf<readonly [64, 28, 28]>();
  expectTypeOf<Reshaped<[64, 784], [-1, 28, 28]>>().toEqualTypeOf<readonly [64, 28, 28]>();
  expectTypeOf<Reshaped<[64, 28, 28], [64, -1]>>().toEqualTypeOf<readonly [64, 784]>();
  expectTypeOf<Reshaped<[60000, 784], [-1]>>().toEqualTypeOf<readonly [47040000]>();
  expectTypeOf<Reshaped<[1], []>>().toEqualTypeOf<readonly []>();
  expectTypeOf<Reshaped<[0, 3], [5, 0]>>().toEqualTypeOf<readonly [5, 0]>();
  expectTypeOf<Reshaped<[number, 784], [-1, 28, 28]>>().toEqualTypeOf<readonly [number, 28, 28]>();
  expectTypeOf<Reshaped<[number, 784], [64, 28, 28]>>().toEqualTypeOf<readonly [64, 28, 28]>();
  expectTypeOf<Reshaped<readonly number[], [-1, 3]>>().toEqualTypeOf<readonly [number, 3]>();
  expectTypeOf<Reshaped<[6], [number, 3]>>().toEqualTypeOf<readonly [number, 3]>();
  expectTypeOf<Reshaped<[6], [number, -1]>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<Reshaped<[6], number[]>>().toEqualTypeOf<readonly number[]>();
  type Fill = ShapeMismatch<"reshape [2,3] to [4,2]: 6 values do not fill 8">;
  expectTypeOf<Reshaped<[2, 3], [4, 2]>>().toEqualTypeOf<Fill>();
  type Rest = ShapeMismatch<"reshape [2,3] to [4,-1]: 6 values do not divide by 4">;
  expectTypeOf<Reshaped<[2, 3], [4, -1]>>().toEqualTypeOf<Rest>();
  type Two = ShapeMismatch<"reshape [2,3] to [-1,-1]: only one size may be -1">;
  expectTypeOf<Reshaped<[2, 3], [-1, -1]>>().toEqualTypeOf<Two>();
});

test("shapes joined along an axis, or along a new one", () => {
  expectTypeOf<Concatenated<[[2, 4], [3, 4]]>>().toEqualTypeOf<readonly [5, 4]>();
  expectTypeOf<Concatenated<[[2, 4], [2, 6], [2, 90]], -1>>().toEqualTypeOf<readonly [2, 100]>();
  expectTypeOf<Concatenated<[[2, 4], [2, number]], 1>>().toEqualTypeOf<readonly [2, number]>();
  expectTypeOf<Concatenated<[[2, 4]]>>().toEqualTypeOf<readonly [2, 4]>();
  type Size = ShapeMismatch<"concat [2,4] and [3,5] along axis 0: axis 1: 4 and 5 differ">;
  expectTypeOf<Concatenated<[[2, 4], [2, 4], [3, 5]]>>().toEqualTypeOf<Size>();
  type Rank = ShapeMismatch<"concat [2,4] and [4] along axis 0: ranks 2 and 1 differ">;
  expectTypeOf<Concatenated<[[2, 4], [4]]>>().toEqualTypeOf<Rank>();
  type Axis = ShapeMismatch<"concat [2,4]: axis 2 is out of range for rank 2: the valid range is -2 to 1">;
  expectTypeOf<Concatenated<[[2, 4], [2, 4]], 2>>().toEqualTypeOf<Axis>();
  expectTypeOf<Stacked<[[2, 4], [2, 4], [2, 4]]>>().toEqualTypeOf<readonly [3, 2, 4]>();
  expectTypeOf<Stacked<[[2, 4], [number, 4]], -1>>().toEqualTypeOf<readonly [2, 4, 2]>();
  expectTypeOf<Stacked<[[], []]>>().toEqualTypeOf<readonly [2]>();
  type Equal = ShapeMismatch<"stack [2,4] and [3,4]: axis 0: 2 and 3 differ">;
  expectTypeOf<Stacked<[[2, 4], [3, 4]]>>().toEqualTypeOf<Equal>();
});

test("the shape of values is read from the first row", () => {
  expectTypeOf<ShapeOf<3>>().toEqualTypeOf<readonly []>();
  expectTypeOf<ShapeOf<true>>().toEqualTypeOf<readonly []>();
  expectTypeOf<ShapeOf<readonly [1, 2, 3]>>().toEqualTypeOf<readonly [3]>();
  expectTypeOf<ShapeOf<readonly [readonly [1, 2], readonly [3, 4]]>>().toEqualTypeOf<readonly [2, 2]>();
  expectTypeOf<ShapeOf<readonly [readonly [readonly [true]]]>>().toEqualTypeOf<readonly [1, 1, 1]>();
  expectTypeOf<ShapeOf<readonly []>>().toEqualTypeOf<readonly [0]>();
  expectTypeOf<ShapeOf<readonly [readonly [], readonly []]>>().toEqualTypeOf<readonly [2, 0]>();
  expectTypeOf<ShapeOf<number[][]>>().toEqualTypeOf<readonly [number, number]>();
  expectTypeOf<ShapeOf<readonly [number[], number[]]>>().toEqualTypeOf<readonly [2, number]>();
  expectTypeOf<ShapeOf<Float32Array>>().toEqualTypeOf<readonly [number]>();
  type Nested = number | readonly Nested[];
  expectTypeOf<ShapeOf<Nested>>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<ShapeOf<Nested[]>>().toEqualTypeOf<readonly number[]>();
});
