// Eager products of typed arrays, by every path that may compute them, against sums in double precision.
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Matrix, type MatrixData, multiply, multiplyInto } from "../../src/engine/matmul.ts";
import { multiplyPlain } from "../../src/engine/matmul-plain.ts";
import { multiplyInWasm } from "../../src/engine/matmul-wasm.ts";
import { type Features, features, overrideFeatures } from "../../src/wasm/features.ts";

const undo: (() => void)[] = [];
const override = (changes: Partial<Features>): void => void undo.push(overrideFeatures(changes));
afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
  vi.restoreAllMocks();
});

const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
type Type = keyof typeof TYPES;

/** Where the elements of a matrix lie: every layout holds the same values for the same seed. */
const LAYOUTS = {
  "row-major": (rows: number, columns: number) => ({ offset: 0, rowStride: columns, columnStride: 1, rows }),
  transposed: (rows: number) => ({ offset: 0, rowStride: 1, columnStride: rows, rows }),
  "a window of wider rows": (_: number, columns: number) => ({ offset: 5, rowStride: columns + 3, columnStride: 1 }),
  "a window of wider columns": (rows: number) => ({ offset: 5, rowStride: 1, columnStride: rows + 3 }),
  "every second element": (rows: number, columns: number) => ({
    offset: 1,
    rowStride: 2 * columns,
    columnStride: 2,
    rows,
  }),
  "upside down": (rows: number, columns: number) => ({
    offset: rows * columns - 1,
    rowStride: -columns,
    columnStride: -1,
  }),
} as const;
type Layout = keyof typeof LAYOUTS;

function matrix(
  rows: number,
  columns: number,
  seed: number,
  layout: Layout = "row-major",
  type: Type = "float32",
): Matrix {
  const { offset, rowStride, columnStride } = LAYOUTS[layout](rows, columns);
  const last = offset + Math.max(0, rowStride * (rows - 1)) + Math.max(0, columnStride * (columns - 1));
  const data = new TYPES[type](last + 1).fill(99);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const x = Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (j + seed), 0x85ebca6b);
      data[offset + i * rowStride + j * columnStride] = type === "int32" ? x : (x ^ (x >>> 15)) / 2 ** 31;
    }
  }
  return { data, offset, rows, columns, rowStride, columnStride };
}

const at = ({ data, offset, rowStride, columnStride }: Matrix, i: number, j: number): number =>
  data[offset + i * rowStride + j * columnStride] ?? Number.NaN;

/** The product in double precision. */
function reference(a: Matrix, b: Matrix): Float64Array {
  return Float64Array.from({ length: a.rows * b.columns }, (_, cell) => {
    const [i, j] = [Math.floor(cell / b.columns), cell % b.columns];
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += at(a, i, k) * at(b, k, j);
    return sum;
  });
}

function expectClose(actual: MatrixData | null, expected: Float64Array, tolerance: number): void {
  expect(actual?.length).toBe(expected.length);
  const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - (actual?.[i] ?? Number.NaN))), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

const SIZES = [
  [1, 1, 1],
  [2, 2, 2],
  [3, 5, 7],
  [13, 17, 11],
  [64, 65, 63],
  [10, 600, 9],
  [1, 300, 40],
  [40, 300, 1],
  [50, 1, 60],
  [128, 64, 10],
] as const;

const plain = (a: Matrix, b: Matrix): Float32Array => {
  const out = new Float32Array(a.rows * b.columns);
  multiplyPlain(a, b, out, 0);
  return out;
};

const PATHS: Readonly<Record<string, (a: Matrix, b: Matrix) => MatrixData | null>> = {
  multiply,
  "plain JavaScript": plain,
  WebAssembly: multiplyInWasm,
};

describe.each(Object.entries(PATHS))("%s", (_, product) => {
  it.each(SIZES)("multiplies %d × %d by … × %d", (m, k, n) => {
    for (const left of ["row-major", "transposed"] as const) {
      for (const right of ["row-major", "transposed"] as const) {
        const [a, b] = [matrix(m, k, 1, left), matrix(k, n, 2, right)];
        expectClose(product(a, b), reference(a, b), 1e-7 * k + 2e-7);
      }
    }
  });

  it.each(Object.keys(LAYOUTS) as Layout[])("reads %s", (layout) => {
    for (const [m, k, n] of [
      [3, 4, 5],
      [30, 40, 50],
      [6, 70, 9],
    ] as const) {
      const expected = product(matrix(m, k, 1), matrix(k, n, 2));
      expect(product(matrix(m, k, 1, layout), matrix(k, n, 2))).toEqual(expected);
      expect(product(matrix(m, k, 1), matrix(k, n, 2, layout))).toEqual(expected);
      expect(product(matrix(m, k, 1, layout), matrix(k, n, 2, layout))).toEqual(expected);
    }
  });

  it("reads rows that are repeated (stride 0)", () => {
    const row = { ...matrix(1, 40, 1), rows: 30, rowStride: 0 };
    const column = { ...matrix(40, 1, 2), columns: 20, columnStride: 0 };
    expectClose(product(row, column), reference(row, column), 1e-5);
  });

  it("passes NaN and infinities on", () => {
    const [a, b] = [matrix(20, 30, 1), matrix(30, 20, 2)];
    a.data[3 * 30 + 4] = Number.NaN;
    b.data[5 * 20 + 6] = Number.NEGATIVE_INFINITY;
    const [actual, expected] = [product(a, b), reference(a, b)];
    for (const [i, x] of expected.entries()) {
      if (Number.isFinite(x)) expect(actual?.[i]).toBeCloseTo(x, 4);
      else expect(actual?.[i]).toBe(x);
    }
  });
});

describe("multiply", () => {
  it.each([
    [0, 5, 4],
    [4, 5, 0],
    [0, 0, 0],
  ])("gives nothing for %d × %d × %d", (m, k, n) => {
    expect(multiply(matrix(m, k, 1), matrix(k, n, 2))).toEqual(new Float32Array(0));
  });

  it("gives zeros for k = 0", () => {
    expect(multiply(matrix(40, 0, 1), matrix(0, 50, 2))).toEqual(new Float32Array(2000));
    const out = Int32Array.of(7, 7, 7);
    multiplyInto(matrix(1, 0, 1, "row-major", "int32"), matrix(0, 2, 1, "row-major", "int32"), out, 1);
    expect(out).toEqual(Int32Array.of(7, 0, 0));
  });

  it.each(SIZES)("keeps float64 exact to its own precision: %d × %d × %d", (m, k, n) => {
    const [a, b] = [matrix(m, k, 1, "transposed", "float64"), matrix(k, n, 2, "a window of wider rows", "float64")];
    const product = multiply(a, b);
    expect(product).toBeInstanceOf(Float64Array);
    expectClose(product, reference(a, b), 1e-15 * k);
  });

  it("wraps int32 around", () => {
    const [a, b] = [matrix(20, 30, 1, "row-major", "int32"), matrix(30, 40, 2, "transposed", "int32")];
    const product = multiply(a, b);
    expect(product).toBeInstanceOf(Int32Array);
    const wrapped = Int32Array.from(product, (_, cell) => {
      let sum = 0n;
      for (let k = 0; k < 30; k++) sum += BigInt(at(a, Math.floor(cell / 40), k)) * BigInt(at(b, k, cell % 40));
      return Number(BigInt.asIntN(32, sum));
    });
    expect(product).toEqual(wrapped);
  });

  it("gives arrays of their own", () => {
    const [a, b] = [matrix(40, 50, 1), matrix(50, 60, 2)];
    const first = multiply(a, b);
    const copy = first.slice();
    const second = multiply(b, matrix(60, 40, 3));
    expect(first).toEqual(copy);
    expect(second.buffer).not.toBe(first.buffer);
    expect(first.byteLength).toBe(first.buffer.byteLength);
  });

  it("does not compile anything for a small product", () => {
    const compile = vi.spyOn(WebAssembly, "Module");
    const run = vi.spyOn(WebAssembly, "validate");
    multiply(matrix(2, 2, 1), matrix(2, 2, 2));
    expect(compile).not.toHaveBeenCalled();
    expect(run).not.toHaveBeenCalled();
  });
});

describe("multiplyInto", () => {
  it.each([4, 40])("writes its part of the output and nothing else (n = %d)", (n) => {
    const [a, b] = [matrix(n, n, 1), matrix(n, n, 2)];
    const out = new Float32Array(3 * n * n).fill(-5);
    multiplyInto(a, b, out, n * n);
    expect(out.subarray(n * n, 2 * n * n)).toEqual(multiply(a, b));
    expect(out.subarray(0, n * n).every((x) => x === -5)).toBe(true);
    expect(out.subarray(2 * n * n).every((x) => x === -5)).toBe(true);
  });
});

describe("engines without some features", () => {
  it("warns once, and computes the same in plain JavaScript", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const [a, b] = [matrix(40, 50, 1), matrix(50, 60, 2)];
    const expected = reference(a, b);
    override({ webAssembly: false });
    expectClose(multiply(a, b), expected, 1e-6);
    override({ webAssembly: true, simd: false });
    expectClose(multiply(a, b), expected, 1e-6);
    multiply(matrix(2, 2, 1), matrix(2, 2, 2));
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it("computes without relaxed SIMD, and the same again with it", () => {
    const [a, b] = [matrix(40, 600, 1), matrix(600, 60, 2)];
    const first = multiply(a, b);
    override({ relaxedSimd: false });
    const strict = multiply(a, b);
    expectClose(strict, reference(a, b), 6e-5);
    undo.pop()?.();
    expect(multiply(a, b)).toEqual(first);
    if (!features().relaxedSimd) expect(strict).toEqual(first);
  });

  it("falls back where memory is refused", async () => {
    // Modules that no test before has made grow.
    vi.resetModules();
    const { multiplyInWasm } = await import("../../src/engine/matmul-wasm.ts");
    const { multiply } = await import("../../src/engine/matmul.ts");
    vi.spyOn(WebAssembly.Memory.prototype, "grow").mockImplementation(() => {
      throw new RangeError("WebAssembly.Memory.grow(): Unable to grow instance memory");
    });
    const [a, b] = [matrix(1100, 1200, 1), matrix(1200, 4, 2)];
    expect(multiplyInWasm(a, b)).toBeNull();
    expectClose(multiply(a, b), reference(a, b), 1e-5);
  });
});

describe("the private memory", () => {
  // More than 2²² floats of A, so that it goes through memory in parts.
  it("takes a long A in parts of rows, and a long Aᵀ in parts of the sum", () => {
    const [rows, inner] = [4200, 1100];
    const [tall, thin] = [matrix(rows, inner, 1), matrix(inner, 3, 2)];
    expectClose(multiplyInWasm(tall, thin), reference(tall, thin), 1e-4);
    const [wide, long] = [matrix(inner, rows, 1, "transposed"), matrix(rows, 3, 2)];
    expectClose(multiplyInWasm(wide, long), reference(wide, long), 5e-4);
    const longTransposed = matrix(rows, 3, 2, "transposed");
    expect(multiply(wide, longTransposed)).toEqual(multiply(wide, long));
  });

  it("is given up after many small products, not after a few", () => {
    const { Memory } = WebAssembly;
    let created = 0;
    class Counted extends Memory {
      constructor(limits: WebAssembly.MemoryDescriptor) {
        super(limits);
        created++;
      }
    }
    Object.defineProperty(WebAssembly, "Memory", { value: Counted, configurable: true, writable: true });
    undo.push(() => Object.defineProperty(WebAssembly, "Memory", { value: Memory }));
    const [small, large] = [matrix(16, 16, 1), matrix(4200, 4200, 2)];
    multiplyInWasm(matrix(2, 4200, 1), large); // about 71 MB
    for (let i = 0; i < 10; i++) multiplyInWasm(small, small);
    multiplyInWasm(matrix(2, 4200, 1), large);
    expect(created).toBe(0);
    for (let i = 0; i < 100; i++) multiplyInWasm(small, small);
    expect(created).toBe(1);
    expectClose(multiplyInWasm(small, small), reference(small, small), 2e-6);
  });
});
