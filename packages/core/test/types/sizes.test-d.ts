// Arithmetic on literal sizes, against values worked out by hand.

import { expectTypeOf, test } from "vitest";
import type { Add, Divide, Multiply, Product } from "../../src/shape-types/sizes.ts";

test("sums carry", () => {
  expectTypeOf<Add<0, 0>>().toEqualTypeOf<0>();
  expectTypeOf<Add<2, 3>>().toEqualTypeOf<5>();
  expectTypeOf<Add<5, 5>>().toEqualTypeOf<10>();
  expectTypeOf<Add<999, 1>>().toEqualTypeOf<1000>();
  expectTypeOf<Add<1, 9999999>>().toEqualTypeOf<10000000>();
  expectTypeOf<Add<48000, 12000>>().toEqualTypeOf<60000>();
});

test("products", () => {
  expectTypeOf<Multiply<64, 784>>().toEqualTypeOf<50176>();
  expectTypeOf<Multiply<784, 64>>().toEqualTypeOf<50176>();
  expectTypeOf<Multiply<28, 28>>().toEqualTypeOf<784>();
  expectTypeOf<Multiply<100, 10>>().toEqualTypeOf<1000>();
  expectTypeOf<Multiply<1, 784>>().toEqualTypeOf<784>();
  expectTypeOf<Multiply<784, 0>>().toEqualTypeOf<0>();
  expectTypeOf<Multiply<0, 784>>().toEqualTypeOf<0>();
  expectTypeOf<Multiply<60000, 784>>().toEqualTypeOf<47040000>();
  expectTypeOf<Multiply<999999, 9999999>>().toEqualTypeOf<9999989000001>();
});

test("quotients, where nothing remains", () => {
  expectTypeOf<Divide<50176, 784>>().toEqualTypeOf<64>();
  expectTypeOf<Divide<47040000, 784>>().toEqualTypeOf<60000>();
  expectTypeOf<Divide<1000, 10>>().toEqualTypeOf<100>();
  expectTypeOf<Divide<784, 1>>().toEqualTypeOf<784>();
  expectTypeOf<Divide<3, 3>>().toEqualTypeOf<1>();
  expectTypeOf<Divide<0, 784>>().toEqualTypeOf<0>();
  expectTypeOf<Divide<10, 3>>().toBeNever();
  expectTypeOf<Divide<3, 10>>().toBeNever();
  expectTypeOf<Divide<50177, 784>>().toBeNever();
});

test("a size that is not one literal number is unknown", () => {
  expectTypeOf<Add<number, 3>>().toEqualTypeOf<number>();
  expectTypeOf<Multiply<3, number>>().toEqualTypeOf<number>();
  expectTypeOf<Divide<number, 3>>().toEqualTypeOf<number>();
  expectTypeOf<Divide<3, 0>>().toEqualTypeOf<number>();
  expectTypeOf<Multiply<1.5, 2>>().toEqualTypeOf<number>();
  expectTypeOf<Multiply<-2, 2>>().toEqualTypeOf<number>();
  expectTypeOf<Add<1e21, 2>>().toEqualTypeOf<number>();
});

test("the number of values of a shape", () => {
  expectTypeOf<Product<readonly []>>().toEqualTypeOf<1>();
  expectTypeOf<Product<readonly [7]>>().toEqualTypeOf<7>();
  expectTypeOf<Product<readonly [64, 28, 28]>>().toEqualTypeOf<50176>();
  expectTypeOf<Product<readonly [2, 2, 2, 2, 2, 2, 2, 2]>>().toEqualTypeOf<256>();
  expectTypeOf<Product<readonly [3, 0, 5]>>().toEqualTypeOf<0>();
  expectTypeOf<Product<readonly [number, 28, 28]>>().toEqualTypeOf<number>();
  expectTypeOf<Product<readonly number[]>>().toEqualTypeOf<number>();
});
