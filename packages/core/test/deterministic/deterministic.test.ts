// The deterministic mode: the recorded bits for any number of threads, and a switch that takes effect at once, both ways.

import { afterEach, describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { isDeterministic, setDeterministic } from "../../src/deterministic.ts";
import { setCodeGeneration } from "../../src/engine/codegen.ts";
import { constant, input, reading } from "../../src/expr/expr.ts";
import { callables, toJavaScript } from "../../src/expr/javascript.ts";
import { simplify } from "../../src/expr/simplify.ts";
import { OptionError, tensor, uniform } from "../../src/index.ts";
import { features, overrideFeatures } from "../../src/wasm/features.ts";
import { patience, program } from "../bundled.ts";
import { expected } from "./expected.ts";
import { functionsHash } from "./training.ts";

// Threads and the mode are settings of a process: these runs have one of their own.
const run = program<(typeof expected & { readonly threads: number })[]>(new URL("process.ts", import.meta.url));
afterEach(() => setDeterministic(false));

describe("bits", () => {
  test("are the recorded ones with 1, 2 and 4 threads", () => {
    expect(run([1, 2, 4], { flags: patience })).toEqual([1, 2, 4].map((threads) => ({ threads, ...expected })));
  });

  test("are the same where generating code is forbidden", () => {
    setDeterministic(true);
    setCodeGeneration(false);
    try {
      expect(functionsHash()).toBe(expected.functions);
    } finally {
      setCodeGeneration(null);
    }
  });
});

describe("setDeterministic", () => {
  test("takes effect at once in loops that have run before, and is undone as fast", () => {
    expect(isDeterministic()).toBe(false);
    const before = functionsHash();
    expect(before).not.toBe(expected.functions);
    setDeterministic(true);
    expect(isDeterministic()).toBe(true);
    expect(functionsHash()).toBe(expected.functions);
    setDeterministic(false);
    expect(isDeterministic()).toBe(false);
    expect(functionsHash()).toBe(before);
  });

  test("forgoes relaxed SIMD, also in products that have run before", () => {
    const { relaxedSimd } = features();
    const a = uniform([64, 64]);
    const before = a.matmul(a).toTypedArray();
    setDeterministic(true);
    expect(features().relaxedSimd).toBe(false);
    const plain = a.matmul(a).toTypedArray();
    setDeterministic(false);
    expect(features().relaxedSimd).toBe(relaxedSimd);
    expect(a.matmul(a).toTypedArray()).toEqual(before);
    // a·b + c rounded twice, k in order: what the mode promises of a product.
    const values = a.toTypedArray();
    let sum = 0;
    for (let k = 0; k < 64; k++) sum = Math.fround(sum + Math.fround((values[k] ?? 0) * (values[k * 64] ?? 0)));
    expect(plain[0]).toBe(sum);
  });

  test("compiles functions anew, and keeps both programs", () => {
    const f = compile((x: ReturnType<typeof tensor>) => x.matmul(x).exp());
    const x = tensor([
      [0.1, 0.2],
      [0.3, 0.4],
    ]);
    f(x);
    expect(f.programs).toHaveLength(1);
    setDeterministic(true);
    f(x);
    expect(f.programs).toHaveLength(2);
    setDeterministic(false);
    f(x);
    expect(f.programs).toHaveLength(2);
  });

  test("is refused where there is no WebAssembly SIMD, and changes nothing then", () => {
    const restore = overrideFeatures({ simd: false });
    try {
      expect(() => setDeterministic(true)).toThrow(OptionError);
      expect(() => setDeterministic(true)).toThrow("WebAssembly SIMD is not available here");
      expect(isDeterministic()).toBe(false);
      expect(() => setDeterministic(false)).not.toThrow();
    } finally {
      restore();
    }
  });

  test("reaches constants of formulas too: they are left to run time", () => {
    const root = reading(simplify, () => input(0).mul(constant(2).exp()));
    expect(toJavaScript([root], ["x"]).results.join()).toBe("(x * $exp(2))");
    const called = (): unknown => callables().values[callables().names.indexOf("$exp")];
    expect(called()).toBe(Math.exp);
    setDeterministic(true);
    expect(called()).not.toBe(Math.exp);
  });
});
