// Shapes through activations and through operators of three tensors.

import { expectTypeOf, test } from "vitest";
import { elu, gelu, leakyRelu, ones, prelu, silu, type Tensor, zeros } from "../../src/index.ts";

test("activations keep the shape, options or not", () => {
  const x = zeros([64, 10]);
  expectTypeOf(silu(x)).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(gelu(x, { approximate: "tanh" })).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(elu(leakyRelu(x), { alpha: 2 })).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  expectTypeOf(prelu(x, ones([10]))).toEqualTypeOf<Tensor<readonly [64, 10]>>();
  // @ts-expect-error: there is no such approximation
  gelu(x, { approximate: "erf" });
  // @ts-expect-error: there is no such option
  elu(x, { slope: 1 });
});

test("lerp, maskedFill and clip broadcast", () => {
  const [x, row] = [zeros([64, 10]), ones([10])];
  expectTypeOf(row.lerp(x, 0.5).shape).toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf(row.maskedFill(x.gt(0), 0).shape).toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf(x.clip(0, 1).shape).toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf(row.clip(0, x).shape).toEqualTypeOf<readonly [64, 10]>();
  expectTypeOf(x.log2().shape).toEqualTypeOf<readonly [64, 10]>();
  // @ts-expect-error: 10 and 3 do not broadcast
  x.maskedFill(ones([3]), 0);
  // @ts-expect-error: 10 and 3 do not broadcast
  x.lerp(ones([3]), 0.5);
});
