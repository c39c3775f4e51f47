// Matrix products: every pairing of ranks against PyTorch and against the definition, in any layout and dtype.

import { describe, expect, test } from "vitest";
import { type DType, gradcheck, matmul, ShapeError, type Tensor, tensor, vjp, zeros } from "../../src/index.ts";
import { oracle, recorded, weightsOf } from "../oracle/oracle.ts";
import { count, firstDifference, flat, scattered } from "./reference.ts";

/** C[i, j] = Σ over k of A[i, k] · B[k, j], as the textbook has it, in doubles. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, [m, k, n]: readonly [number, number, number]): number[] {
  return Array.from({ length: m * n }, (_, cell) => {
    const [i, j] = [Math.floor(cell / n), cell % n];
    let sum = 0;
    for (let step = 0; step < k; step++) sum += (a[i * k + step] ?? 0) * (b[step * n + j] ?? 0);
    return sum;
  });
}

const filled = (shape: readonly number[], seed: number, dtype: DType = "float64"): Tensor => {
  const values = scattered(count(shape), 2, seed);
  return tensor(dtype === "int32" ? values.map((value) => Math.round(value * 10)) : values, { dtype, shape });
};

describe("PyTorch's products and gradients", () => {
  test.each(
    oracle.matmul.map((record) => ({ ...record, title: record.inputs.map(({ shape }) => `[${shape}]`).join(" × ") })),
  )("$title", ({ inputs, output, gradients }) => {
    const { value, pullback } = vjp((a, b = a) => matmul(a, b), ...inputs.map(recorded));
    expect(value.shape).toEqual(output.shape);
    expect(firstDifference(flat(value), output.values, 1e-13)).toBeNull();
    for (const [index, gradient] of pullback(weightsOf(output.shape)).entries()) {
      expect(gradient.shape).toEqual(inputs[index]?.shape);
      expect(firstDifference(flat(gradient), gradients[index] ?? [], 1e-13)).toBeNull();
    }
  });
});

const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 7, 5],
  [5, 1, 3],
  [3, 8, 1],
  [4, 4, 4],
  [5, 9, 11],
  [17, 33, 9],
  [64, 30, 40],
];

/** A matrix of rows × columns whose memory lies in some other order. */
const layouts: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ["in order", (x) => x],
  ["transposed", (x) => x.transpose().clone().transpose()],
  [
    "every other column",
    (x) =>
      x
        .unsqueeze(2)
        .broadcastTo([...x.shape, 2])
        .clone()
        .reshape([x.shape[0] ?? 0, -1])
        .slice(null, [null, null, 2]),
  ],
  ["rows reversed", (x) => x.slice([null, null, -1]).clone().slice([null, null, -1])],
];

describe.each(["float32", "float64", "int32"] as const)("%s", (dtype) => {
  test.each(sizes)("%d × %d × %d, in any layout", (m, k, n) => {
    const [a, b] = [filled([m, k], 1, dtype), filled([k, n], 2, dtype)];
    const wanted = product(flat(a), flat(b), [m, k, n]);
    for (const [left, arrangeLeft] of layouts) {
      for (const [right, arrangeRight] of layouts) {
        const found = matmul(arrangeLeft(a), arrangeRight(b));
        expect(found.dtype).toBe(dtype);
        const tolerance = dtype === "float32" ? 1e-5 : 1e-12;
        expect(firstDifference(flat(found), wanted, tolerance), `${left} × ${right}`).toBeNull();
      }
    }
  });
});

describe("batches", () => {
  test("broadcast, each matrix by itself", () => {
    const [a, b] = [filled([2, 1, 3, 4], 1), filled([5, 4, 2], 2)];
    const found = matmul(a, b);
    expect(found.shape).toEqual([2, 5, 3, 2]);
    for (const [i, j] of [
      [0, 0],
      [1, 4],
      [1, 2],
    ] as const) {
      const one = product(flat(a.slice(i, 0)), flat(b.slice(j)), [3, 4, 2]);
      expect(firstDifference(flat(found.slice(i, j)), one, 1e-13)).toBeNull();
    }
  });

  test("of permuted and repeated views", () => {
    const a = filled([3, 2, 4], 1).permute([1, 0, 2]);
    const b = filled([4, 3], 2).broadcastTo([2, 4, 3]);
    expect(firstDifference(flat(matmul(a, b)), flat(matmul(a.clone(), b.clone())), 1e-14)).toBeNull();
  });

  test.each<[number[], number[]]>([
    [
      [2, 3],
      [3, 2],
    ],
    [
      [2, 2, 3],
      [3, 2],
    ],
    [[3], [2, 3, 2]],
    [
      [2, 1, 2, 3],
      [2, 3, 1],
    ],
  ])("gradients of [%s] × [%s] agree with difference quotients", (a, b) => {
    gradcheck((x, y = x) => matmul(x, y), [filled(a, 3), filled(b, 4)], { order: 2 });
    gradcheck((x, y = x) => matmul(x, y.tanh()).sin(), [filled(a, 5), filled(b, 6)]);
  });
});

test.each<[number[], number[], number[]]>([
  [
    [2, 0],
    [0, 3],
    [2, 3],
  ],
  [
    [0, 2],
    [2, 3],
    [0, 3],
  ],
  [
    [2, 3],
    [3, 0],
    [2, 0],
  ],
  [
    [0, 2, 3],
    [3, 4],
    [0, 2, 4],
  ],
  [[0], [0], []],
])("[%s] × [%s] of nothing is zeros of [%s]", (a, b, shape) => {
  for (const dtype of ["float32", "float64", "int32"] as const) {
    const found = matmul(zeros(a, { dtype }), zeros(b, { dtype }));
    expect(found.shape).toEqual(shape);
    expect(flat(found).every((value) => value === 0)).toBe(true);
  }
  const { value, pullback } = vjp((x, y = x) => matmul(x, y), zeros(a), zeros(b));
  expect(pullback(zeros(value.shape)).map((gradient) => gradient.shape)).toEqual([a, b]);
});

describe("dtypes meet", () => {
  test.each<[DType, DType, DType]>([
    ["float32", "float64", "float64"],
    ["int32", "float32", "float32"],
    ["uint8", "uint8", "int32"],
    ["bool", "bool", "int32"],
    ["bool", "float64", "float64"],
  ])("%s × %s gives %s", (a, b, expected) => {
    const found = matmul(tensor([[1, 1]], { dtype: a }), tensor([[1], [1]], { dtype: b }));
    expect(found.dtype).toBe(expected);
    expect(found.toArray()).toEqual([[2]]);
  });

  test("int32 wraps at 2³¹, and NaN and infinities go through", () => {
    const big = tensor([[65537, 65537]], { dtype: "int32" });
    expect(matmul(big, big.transpose()).item()).toBe(262146);
    const odd = tensor([
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, 0],
    ]);
    expect(flat(matmul(odd, tensor([[1], [0]])))).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
    expect(flat(matmul(odd, tensor([[0], [0]])))).toEqual([Number.NaN, Number.NaN]);
  });
});

test.each<[number[], number[], string]>([
  [[64, 784], [785, 10], "matmul [64,784] × [785,10]: inner dimensions 784 and 785 differ"],
  [[3], [2], "matmul [3] × [2]: inner dimensions 3 and 2 differ"],
  [[2, 3], [2], "matmul [2,3] × [2]: inner dimensions 3 and 2 differ"],
  [[], [2], "matmul [] × [2]: a scalar has no inner dimension"],
  [[2, 3, 4], [3, 4, 5], "matmul [2,3,4] × [3,4,5]: axis 0: 2 and 3 differ"],
  [[2, 1, 3], [4, 5, 3, 2], "matmul [2,1,3] × [4,5,3,2]: axis 1: 2 and 5 differ"],
])("[%s] × [%s] is refused", (a, b, message) => {
  expect(() => matmul(zeros(a), zeros(b))).toThrow(ShapeError);
  expect(() => matmul(zeros(a), zeros(b))).toThrow(message);
});
