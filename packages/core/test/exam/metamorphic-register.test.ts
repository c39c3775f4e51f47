// Relations that hold for every operator of the register that has a gradient, wherever its sample stands.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jvp, type Tensor, tensor, vjp } from "../../src/index.ts";
import { smoothOperators } from "./functions.ts";
import { firstDifference, flat, scattered } from "./reference.ts";

const operators = smoothOperators();
const seeds = fc.tuple(fc.nat(99_999), fc.nat(99_999), fc.nat(99_999));

const like = ({ shape, size }: Tensor, seed: number): Tensor =>
  tensor(Float64Array.from(scattered(size, 2, seed)), { shape });
const dot = (a: Tensor, b: Tensor): number => a.mul(b).sum().item();
const scaleOf = (...values: readonly Tensor[]): number => Math.max(1, ...values.flatMap(flat).map(Math.abs));

describe.each(operators)("$name", ({ f, points }) => {
  test("its gradient is linear in dy: pullback(αu + βv) = α·pullback(u) + β·pullback(v)", () => {
    const { value, pullback } = vjp(f, ...points);
    fc.assert(
      fc.property(seeds, ([first, second, factor]) => {
        const [u, v] = [like(value, first), like(value, second)];
        const [a = 1, b = 1] = scattered(2, 3, factor);
        const joint = pullback(u.mul(a).add(v.mul(b)));
        const [ofU, ofV] = [pullback(u), pullback(v)];
        for (const [index, found] of joint.entries()) {
          const [left, right] = [ofU[index] ?? found, ofV[index] ?? found];
          const wanted = flat(left.mul(a).add(right.mul(b)));
          expect(firstDifference(flat(found), wanted, 1e-9, 1e-11 * scaleOf(found, left, right))).toBeNull();
        }
      }),
      { numRuns: 10, seed: 5 },
    );
  });

  test("u · J v = Jᵀu · v for each input, and J v is the difference quotient", () => {
    fc.assert(
      fc.property(seeds, ([first, second]) => {
        for (const [index, point] of points.entries()) {
          const only = (x: Tensor): Tensor => f(...points.map((other, at) => (at === index ? x : other)));
          const v = like(point, first);
          const { value, tangent } = jvp(only, point, v);
          const u = like(value, second);
          const [gradient = v] = vjp(only, point).pullback(u);
          const scale = scaleOf(tangent, gradient, u, v) * Math.max(1, value.size + point.size);
          expect(Math.abs(dot(u, tangent) - dot(gradient, v))).toBeLessThanOrEqual(1e-10 * scale);
          const step = 1e-6;
          const quotient = only(point.add(v.mul(step)))
            .sub(only(point.sub(v.mul(step))))
            .div(2 * step);
          expect(firstDifference(flat(tangent), flat(quotient), 1e-3, 1e-5 * scaleOf(tangent))).toBeNull();
        }
      }),
      { numRuns: 5, seed: 5 },
    );
  });
});
