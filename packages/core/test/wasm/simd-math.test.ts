// The vector approximations against double precision: dense sweeps over all floats (a coarser grid than docs/accuracy.md, which
// bench/ulp.ts makes), the exact results that are promised, and special values.
import { describe, expect, it } from "vitest";
import { ulps } from "../../bench/accuracy.ts";
import type { DType } from "../../src/dtype.ts";
import { call, input, type ScalarFunction, scalarFunctions, signatures } from "../../src/expr/expr.ts";
import { evaluators } from "../../src/expr/javascript.ts";
import { canVectorize } from "../../src/wasm/simd-dtypes.ts";
import { functions } from "../../src/wasm/simd-math.ts";
import { evaluate, vectorLoop } from "./vectors.ts";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

/** The greatest error that each may have, in units in the last place. */
const bounds: Partial<Record<ScalarFunction, number>> = {
  exp: 1.1,
  expm1: 2,
  log: 1,
  log1p: 1.7,
  log2: 1.8,
  sigmoid: 2,
  tanh: 1.7,
  erf: 1.5,
  sinh: 2,
  cosh: 2,
  sin: 2,
  cos: 2,
  tan: 3.5,
  asin: 2.5,
  acos: 2,
  atan: 2,
  sqrt: 0.5,
  atan2: 2.5,
  pow: 0.51,
  mod: 0.5,
};

const subnormal = 2 ** -149;
const special = [
  0,
  -0,
  subnormal,
  -subnormal,
  2 ** -126,
  -(2 ** -126),
  1e-20,
  -1e-20,
  0.5,
  -0.5,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  88.7,
  89,
  -103.9,
  -104,
  1e9,
  -1e9,
  Math.fround(1e30),
  Math.fround(3.4028234663852886e38),
  -Math.fround(3.4028234663852886e38),
  INF,
  -INF,
  NAN,
];

it("every function of the language has vector instructions", () => {
  expect(
    scalarFunctions.filter(
      (fn) =>
        !canVectorize(
          [call(fn, ...Array.from({ length: signatures[fn].arity }, (_, index) => input(index)))],
          [],
          functions,
        ),
    ),
  ).toEqual([]);
});

describe.each(scalarFunctions.filter((fn) => signatures[fn].arity === 1))("%s", (fn) => {
  it("is as exact as promised at every 65,521st float", () => {
    const length = 1 << 14;
    const loop = vectorLoop(call(fn, input(0)), length, ["float32"]);
    const [x] = loop.inputs;
    const patterns = new Uint32Array(x?.buffer ?? new ArrayBuffer(4 * length), 0, length);
    let worst = { error: 0, at: 0 };
    for (let start = 0; start < 2 ** 32; start += 65521 * length) {
      for (let i = 0; i < length; i++) patterns[i] = (start + i * 65521) % 2 ** 32;
      loop.run();
      for (let i = 0; i < length; i++) {
        const at = x?.[i] ?? 0;
        const error = ulps(loop.result[i] ?? 0, evaluators[fn](at, 0, 0));
        if (error > worst.error) worst = { error, at };
      }
    }
    expect(worst.error, `at ${worst.at}`).toBeLessThanOrEqual(bounds[fn] ?? 0);
  });

  it("is right at special values", () => {
    const values = evaluate(fn, special);
    for (const [index, x] of special.entries()) {
      const truth = Math.fround(evaluators[fn](Math.fround(x), 0, 0));
      const value = values[index] ?? 0;
      if (truth === 0 || !Number.isFinite(truth)) expect(value, `${fn}(${Object.is(x, -0) ? "-0" : x})`).toBe(truth);
      else
        expect(ulps(value, evaluators[fn](Math.fround(x), 0, 0)), `${fn}(${x})`).toBeLessThanOrEqual(bounds[fn] ?? 0);
    }
  });
});

describe.each(scalarFunctions.filter((fn) => signatures[fn].arity === 2))("%s", (fn) => {
  const pairs = special.flatMap((a) => special.map((b) => [Math.fround(a), Math.fround(b)] as const));

  it("is right for all pairs of special values", () => {
    const values = evaluate(
      fn,
      pairs.map(([a]) => a),
      pairs.map(([, b]) => b),
    );
    for (const [index, [a, b]] of pairs.entries()) {
      const truth = Math.fround(evaluators[fn](a, b, 0));
      const value = values[index] ?? 0;
      const text = `${fn}(${Object.is(a, -0) ? "-0" : a}, ${Object.is(b, -0) ? "-0" : b})`;
      if (truth === 0 || !Number.isFinite(truth)) expect(value, text).toBe(truth);
      else expect(ulps(value, evaluators[fn](a, b, 0)), text).toBeLessThanOrEqual(bounds[fn] ?? 0.5);
    }
  });
});

it("pow keeps the exact rules", () => {
  const cases = [
    [0, 0, 1],
    [NAN, 0, 1],
    [INF, -0, 1],
    [1, NAN, 1],
    [1, -INF, 1],
    [-1, INF, 1],
    [-1, -INF, 1],
    [-2, 3, -8],
    [-2, -3, -0.125],
    [-2, 2, 4],
    [-2, 0.5, NAN],
    [-0, 3, -0],
    [-0, 2, 0],
    [-0, -3, -INF],
    [0, -2, INF],
    [-INF, 3, -INF],
    [-INF, 0.5, INF],
    [-INF, -3, -0],
    [0.5, INF, 0],
    [0.5, -INF, INF],
    [-2, INF, INF],
    [NAN, 1, NAN],
    [2, NAN, NAN],
    [3, 4, 81],
    [10, 10, 1e10],
    [4, 0.5, 2],
    [2, -149, 2 ** -149],
    [2, 128, INF],
    [-1, 16777217, 1],
    [-1, 8388609, -1],
  ] as const;
  const values = evaluate(
    "pow",
    cases.map(([x]) => x),
    cases.map(([, y]) => y),
  );
  for (const [index, [x, y, truth]] of cases.entries()) expect(values[index], `${x} ** ${y}`).toBe(truth);
});

it("angles are reduced exactly, however large", () => {
  const large = [
    1e3,
    1e6,
    2 ** 30 - 64,
    2 ** 30,
    1e15,
    16028701400439456000,
    Math.fround(1e30),
    2 ** 127,
    16367173 * 2 ** 72,
  ].flatMap((x) => [x, -x]);
  for (const fn of ["sin", "cos", "tan"] as const) {
    for (const [index, value] of evaluate(fn, large).entries()) {
      const x = Math.fround(large[index] ?? 0);
      expect(ulps(value, evaluators[fn](x, 0, 0)), `${fn}(${x})`).toBeLessThanOrEqual(bounds[fn] ?? 0);
    }
  }
});

it("remainders are exact, however far apart the operands", () => {
  const a = [5.5, -5.5, 5.5, -5.5, 1e38, -1e38, 3e38, 7, -7, 6, -6, 16777215, 0.3];
  const b = [2, 2, -2, -2, 3, 7e-40, 1e-45, INF, INF, 3, 3, 0.1, 0.1];
  for (const [index, value] of evaluate("mod", a, b).entries()) {
    expect(value).toBe(Math.fround(evaluators.mod(Math.fround(a[index] ?? 0), Math.fround(b[index] ?? 0), 0)));
  }
});

it("results near the smallest floats are rounded, not lost", () => {
  const x = [-87.5, -90, -100, -103, -103.9];
  for (const [index, value] of evaluate("exp", x).entries())
    expect(ulps(value, Math.exp(Math.fround(x[index] ?? 0)))).toBeLessThan(1.1);
  for (const [index, value] of evaluate("sigmoid", x).entries())
    expect(ulps(value, Math.exp(Math.fround(x[index] ?? 0)))).toBeLessThan(1.1);
  expect(evaluate("log", [subnormal])[0]).toBeCloseTo(Math.log(subnormal), 4);
});

it("the bits are the same on every engine", () => {
  const length = 1 << 12;
  const dtypes: readonly DType[] = ["float32", "float32"];
  let hash = 0x811c9dc5;
  const recorded = Object.keys(functions); // in the order of the hash
  const approximated = scalarFunctions.filter((name) => functions[name] !== undefined);
  for (const fn of approximated.sort((a, b) => recorded.indexOf(a) - recorded.indexOf(b))) {
    const loop = vectorLoop(
      call(fn, ...[0, 1].slice(0, signatures[fn].arity).map((index) => input(index))),
      length,
      dtypes,
    );
    for (const [index, array] of loop.inputs.entries()) {
      const patterns = new Uint32Array(array.buffer, array.byteOffset, length);
      for (let i = 0; i < length; i++) patterns[i] = Math.imul(i + 1, index === 0 ? 0x9e3779b1 : 0x85ebca6b);
    }
    loop.run();
    const results = new Uint32Array(loop.result.buffer, loop.result.byteOffset, length);
    // A NaN may have any bits.
    for (let i = 0; i < length; i++)
      hash = Math.imul(hash ^ (Number.isNaN(loop.result[i]) ? 0 : (results[i] ?? 0)), 0x01000193);
  }
  expect((hash >>> 0).toString(16)).toBe("fc16a593");
});
