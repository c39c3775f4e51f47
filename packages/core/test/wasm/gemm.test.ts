// The matrix kernels against sums in double precision, and against their own edges: nothing outside of C may change.
import { describe, expect, it } from "vitest";
import { ModuleBuilder } from "../../src/wasm/assembler.ts";
import { features } from "../../src/wasm/features.ts";
import { type GemmForm, gemmScratchBytes } from "../../src/wasm/gemm.ts";
import { instructions } from "../../src/wasm/opcodes-programs.ts";
import { emitGemm, type GemmOptions } from "./emit-gemm.ts";

const FORMS: readonly GemmForm[] = ["nn", "nt", "tn", "tt"];
const RELAXED = features().relaxedSimd ? [false, true] : [false];
const GUARD = 12345;

/** Numbers in [-1, 1) that look random and depend on the position alone (the finalizer of MurmurHash3). */
function noise(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    let x = Math.imul(i + 1, 0x9e3779b1) + seed;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) / 2 ** 31;
  });
}

interface Operands {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
}

/** The strides of stored rows and the number of floats that each operand spans. */
function layout({ form, m, n, k, lda, ldb, ldc }: GemmOptions): { strides: [number, number, number]; sizes: number[] } {
  const [aRows, aColumns] = form[0] === "t" ? [k, m] : [m, k];
  const [bRows, bColumns] = form[1] === "t" ? [n, k] : [k, n];
  const strides: [number, number, number] = [lda ?? aColumns, ldb ?? bColumns, ldc ?? n];
  const span = (rows: number, columns: number, stride: number): number => (rows - 1) * stride + columns;
  const sizes = [span(aRows, aColumns, strides[0]), span(bRows, bColumns, strides[1]), span(m, n, strides[2])];
  return { strides, sizes };
}

const same = (x: Float32Array, y: Float32Array): boolean => x.every((value, i) => Object.is(value, y[i]));

/** Runs an emitted product. Operands end where memory ends or where guards begin, so that stray accesses are seen. */
function run(options: GemmOptions, { a, b, c }: Operands): Float32Array {
  const module = new ModuleBuilder(instructions);
  module.importMemory("env", "memory", { minimum: 1 });
  emitGemm(module, "gemm", options);
  const floats = gemmScratchBytes(options.tile) / 4 + a.length + b.length + c.length + 128;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(floats / 16384) });
  const all = new Float32Array(memory.buffer);
  const aAt = all.length - a.length; // the very last floats of memory: reading beyond A traps
  const bAt = aAt - b.length;
  const cAt = bAt - c.length - 64;
  all.fill(GUARD, cAt - 64, bAt);
  all.set(c, cAt);
  all.set(b, bAt);
  all.set(a, aAt);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  (exports["gemm"] as (a: number, b: number, c: number, scratch: number) => void)(4 * aAt, 4 * bAt, 4 * cAt, 0);
  expect(all.subarray(cAt - 64, cAt).every((x) => x === GUARD)).toBe(true);
  expect(all.subarray(cAt + c.length, bAt).every((x) => x === GUARD)).toBe(true);
  expect(same(all.subarray(bAt, aAt), b)).toBe(true);
  expect(same(all.subarray(aAt), a)).toBe(true);
  return all.slice(cAt, cAt + c.length);
}

/** The product in double precision, with C as it was outside of the rows and columns that are asked for. */
function reference(options: GemmOptions, { a, b, c }: Operands): Float64Array {
  const { form, m, n, k, accumulate = false, rowStart = 0, rowEnd = m, columnStart = 0, columnEnd = n } = options;
  const [lda, ldb, ldc] = layout(options).strides;
  const result = Float64Array.from(c);
  for (let i = rowStart; i < rowEnd; i++) {
    for (let j = columnStart; j < columnEnd; j++) {
      let sum = accumulate ? (c[i * ldc + j] ?? 0) : 0;
      for (let p = 0; p < k; p++) {
        const left = a[form[0] === "t" ? p * lda + i : i * lda + p] ?? 0;
        sum += left * (b[form[1] === "t" ? j * ldb + p : p * ldb + j] ?? 0);
      }
      result[i * ldc + j] = sum;
    }
  }
  return result;
}

function operands(options: GemmOptions): Operands {
  const [aSize = 0, bSize = 0, cSize = 0] = layout(options).sizes;
  return { a: noise(aSize, 1), b: noise(bSize, 2), c: noise(cSize, 3) };
}

/** The largest difference from the reference, against what k rounded sums of such numbers may lose. */
function check(options: GemmOptions): void {
  const given = operands(options);
  const [actual, expected] = [run(options, given), reference(options, given)];
  const tolerance = 1e-7 * options.k + 2e-7;
  const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - (actual[i] ?? Number.NaN))), 0);
  expect(worst, JSON.stringify(options)).toBeLessThan(tolerance);
}

describe.each(FORMS)("gemm %s", (form) => {
  it.each(RELAXED)("is right for all small sizes (relaxed: %s)", (relaxed) => {
    for (const m of [1, 2, 3, 4, 5, 13, 17]) {
      for (const n of [1, 2, 3, 4, 7, 8, 10, 17]) {
        for (const k of [1, 4, 7]) check({ form, m, n, k, relaxed });
      }
    }
  });

  it.each(RELAXED)("is right for sizes around tiles, blocks and cache lines (relaxed: %s)", (relaxed) => {
    const sizes = [
      [63, 64, 65],
      [64, 65, 63],
      [65, 63, 64],
      [31, 47, 512],
      [7, 10, 513],
      [12, 33, 1024],
      [131, 19, 1031],
      [1, 100, 37],
      [100, 1, 37],
      [2053, 9, 31],
    ] as const;
    for (const [m, n, k] of sizes) check({ form, m, n, k, relaxed });
  });

  it("adds to C", () => {
    for (const [m, n, k] of [
      [4, 8, 3],
      [5, 11, 7],
      [9, 10, 600],
    ] as const)
      check({ form, m, n, k, accumulate: true });
  });

  it("takes rows that are longer than they seem", () => {
    check({ form, m: 9, n: 13, k: 21, lda: 40, ldb: 37, ldc: 19 });
    check({ form, m: 6, n: 10, k: 530, lda: 531, ldb: 533, ldc: 10, accumulate: true });
  });

  it("computes shares whose bits are those of the whole", () => {
    const whole: GemmOptions = { form, m: 21, n: 27, k: 530 };
    const given = operands(whole);
    const expected = run(whole, given);
    let c = given.c;
    for (const [rowStart, rowEnd] of [
      [0, 7],
      [7, 8],
      [8, 21],
      [21, 21],
    ] as const) {
      for (const [columnStart, columnEnd] of [
        [0, 16],
        [16, 27],
      ] as const) {
        c = run({ ...whole, rowStart, rowEnd, columnStart, columnEnd }, { ...given, c });
      }
    }
    expect(c).toEqual(expected);
    check({ ...whole, rowStart: 3, rowEnd: 10, columnStart: 5, columnEnd: 6, accumulate: true });
  });

  it("keeps NaN and infinities to the cells that they belong to", () => {
    const options: GemmOptions = { form, m: 6, n: 11, k: 5 };
    const given = operands(options);
    given.a[0] = Number.NaN;
    given.b[given.b.length - 1] = Number.POSITIVE_INFINITY;
    const [actual, expected] = [run(options, given), reference(options, given)];
    expect(expected.some(Number.isNaN)).toBe(true);
    expect(expected.some((x) => Math.abs(x) === Number.POSITIVE_INFINITY)).toBe(true);
    for (const [i, x] of expected.entries()) {
      if (Number.isFinite(x)) expect(actual[i]).toBeCloseTo(x, 5);
      else expect(actual[i]).toBe(x);
    }
  });

  it("has other tiles", () => {
    for (const tile of [
      { rows: 8, vectors: 1 },
      { rows: 4, vectors: 3 },
      { rows: 8, vectors: 4 },
    ]) {
      check({ form, m: 13, n: 29, k: 530, tile });
      check({ form, m: 8, n: 48, k: 7, tile, accumulate: true });
    }
  });
});

describe("epilogues", () => {
  it.each([
    [5, 11, 9],
    [8, 16, 600],
    [9, 3, 600],
    [4, 5, 1],
  ] as const)("add a bias, then the cell of another matrix, then store elsewhere: %d × %d × %d", (m, n, k) => {
    const [bias, other] = [noise(n + 8, 7), noise(m * n + 8, 8)];
    const floats = gemmScratchBytes() / 4;
    const [biasAt, aAt] = [floats, floats + bias.length];
    const bAt = aAt + m * k;
    const cAt = bAt + k * n;
    const otherAt = cAt + m * n;
    const resultAt = otherAt + other.length;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((resultAt + m * n + 8) / 16384) });
    const all = new Float32Array(memory.buffer);
    const [a, b] = [noise(m * k, 1), noise(k * n, 2)];
    all.set(bias, biasAt);
    all.set(a, aAt);
    all.set(b, bAt);
    all.set(other, otherAt);
    all.fill(GUARD, resultAt);

    const module = new ModuleBuilder(instructions);
    module.importMemory("env", "memory", { minimum: 1 });
    for (const [name, columnStart, columnEnd] of [
      ["left", 0, 2],
      ["right", 2, n],
    ] as const) {
      emitGemm(module, name, {
        ...{ form: "nn", m, n, k, columnStart, columnEnd },
        epilogue: {
          origin: 4 * cAt,
          begin: (f, at, vectors) => {
            const [column, sum] = f.locals("i32", "v128");
            f.get(at)
              .i32(4 * n)
              .op("i32.rem_u")
              .set(column);
            return (row) => {
              for (const [index, { offset, lanes }] of vectors.entries()) {
                const value = row[index];
                if (value === undefined) continue;
                f.get(value)
                  .get(column)
                  .memory("v128.load", 4 * biasAt + offset)
                  .op("f32x4.add");
                f.get(at)
                  .memory("v128.load", 4 * otherAt + offset)
                  .op("f32x4.add")
                  .set(sum);
                for (let lane = 0; lane < lanes; lane++)
                  f.get(at)
                    .get(sum)
                    .laneMemory("v128.store32_lane", 4 * (resultAt + lane) + offset, lane);
              }
            };
          },
        },
      });
    }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
    for (const name of ["left", "right"]) (exports[name] as (...at: number[]) => void)(4 * aAt, 4 * bAt, 4 * cAt, 0);

    const product = reference({ form: "nn", m, n, k }, { a, b, c: new Float32Array(m * n) });
    const expected = product.map((x, i) => x + (bias[i % n] ?? 0) + (other[i] ?? 0));
    for (const [i, x] of expected.entries()) expect(all[resultAt + i]).toBeCloseTo(x, 4);
    expect(all.subarray(resultAt + m * n).every((x) => x === GUARD)).toBe(true);
    // Partial sums stand in C; where there are none, nothing does.
    if (k <= 512) expect(all.subarray(cAt, otherAt).every((x) => x === 0)).toBe(true);
  });
});

describe("one module", () => {
  it("shares its kernels among products of a form", () => {
    const size = (count: number): number => {
      const module = new ModuleBuilder(instructions);
      module.importMemory("env", "memory", { minimum: 1 });
      for (let i = 0; i < count; i++) emitGemm(module, `product ${i}`, { form: "nn", m: 10 + i, n: 20, k: 30 });
      return module.toBytes().length;
    };
    expect(size(11) - size(1)).toBeLessThan(10 * 100);
  });

  it("refuses what it cannot emit", () => {
    const module = new ModuleBuilder(instructions);
    expect(() => emitGemm(module, "none", { form: "nn", m: 1, n: 1, k: 0 })).toThrow("k must be at least 1, got 0");
    const tile = { rows: 3, vectors: 2 };
    const epilogue = { origin: 0, begin: () => () => undefined };
    expect(() => emitGemm(module, "both", { form: "nn", m: 1, n: 1, k: 1, accumulate: true, epilogue })).toThrow(
      "accumulate must be false beside an epilogue",
    );
    expect(() => emitGemm(module, "odd", { form: "nn", m: 1, n: 1, k: 1, tile })).toThrow(
      "tile.rows must be a multiple of 4",
    );
  });
});
