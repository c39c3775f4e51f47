// Variables: assignment in place, and the errors that keep a stale value from giving a wrong gradient.

import { describe, expect, test } from "vitest";
import { AutogradError, DTypeError, ShapeError, type Tensor, tensor, Variable, zeros } from "../../src/index.ts";
import { flat } from "../exam/reference.ts";

const variable = (name = "weight"): Variable => new Variable(tensor([1, 2, 3]), { name });

describe("assignment", () => {
  test("takes tensors, typed arrays, lists, its own value", () => {
    const w = variable();
    w.assign(tensor([4, 5, 6]));
    w.assign(new Float64Array([7, 8, 9]));
    expect(w.toArray()).toEqual([7, 8, 9]);
    w.assign([1, 1, 2]);
    w.assign(w.mul(2));
    w.assign(w.slice([null, null, -1]));
    expect(w.toArray()).toEqual([4, 2, 2]);
  });

  test("copies: neither the initial value nor the assigned one is shared", () => {
    const initial = tensor([1, 2, 3]);
    const w = new Variable(initial);
    const value = tensor([4, 5, 6]);
    w.assign(value);
    w.assign([0, 0, 0]);
    expect([initial.toArray(), value.toArray()]).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test.each<[string, (w: Variable) => void, typeof ShapeError | typeof DTypeError, string]>([
    [
      "another shape",
      (w) => w.assign(zeros([3, 1])),
      ShapeError,
      "assign: Variable weight has shape [3], the value [3,1]",
    ],
    [
      "another size",
      (w) => w.assign([1, 2]),
      ShapeError,
      "assign: Variable weight has 3 elements (shape [3]), got 2 values",
    ],
    [
      "a bare number",
      (w) => Reflect.apply(w.assign, w, [3]),
      ShapeError,
      "assign: Variable weight has 3 elements (shape [3]), got 3",
    ],
    [
      "what is no number",
      (w) => Reflect.apply(w.assign, w, [[1, "2", 3]]),
      DTypeError,
      'assign: Variable weight is float32, value "2" at place 1 is none',
    ],
  ])("refuses %s and leaves the value", (_, run, kind, message) => {
    const w = variable();
    expect(() => run(w)).toThrow(kind);
    expect(() => run(w)).toThrow(message);
    expect(w.toArray()).toEqual([1, 2, 3]);
  });

  test("refuses floats for integers", () => {
    const counts = new Variable(tensor([1], { dtype: "int32" }), { name: "counts" });
    expect(() => counts.assign(tensor([1.5]))).toThrow(DTypeError);
    expect(() => counts.assign(tensor([1.5]))).toThrow(
      "assign: Variable counts is int32, the value float32: cast it first",
    );
    expect(() => counts.assign([1.5])).toThrow("assign: Variable counts is int32, value 1.5 at place 0 is none");
    counts.assign(tensor([7], { dtype: "int32" }));
    counts.assign([8]);
    expect(counts.item()).toBe(8);
    const flags = new Variable(tensor([true]), { name: "flags" });
    expect(() => flags.assign(counts)).toThrow("assign: Variable flags is bool, the value int32: cast it first");
    expect(() => flags.assign([2])).toThrow("assign: Variable flags is bool, value 2 at place 0 is none");
    expect(flags.toArray()).toEqual([true]);
  });

  test("is not recorded", () => {
    const [w, v] = [variable(), variable("v")];
    w.assign(v.mul(2));
    w.sum().backward();
    expect(v.grad).toBeNull();
    expect(flat(w.grad ?? w)).toEqual([1, 1, 1]);
  });
});

describe("a value that backward still needs", () => {
  test.each<[string, (w: Tensor) => Tensor, string]>([
    ["a factor", (w) => w.mul(w), "mul"],
    ["an argument", (w) => w.sin(), "sin"],
    ["through a view", (w) => w.reshape([3, 1]).square(), "square"],
    ["a matrix product", (w) => w.matmul(w), "matmul"],
    ["a maximum", (w) => w.max(), "max"],
    ["a composite's input", (w) => w.logSoftmax(), "logSoftmax"],
  ])("%s: assigning it names the Variable and the op", (_, f, op) => {
    const w = variable();
    const loss = f(w).sum();
    w.assign([3, 2, 1]);
    expect(() => loss.backward()).toThrow(AutogradError);
    expect(() => loss.backward()).toThrow(
      `${op}: Variable weight was assigned after ${op} used it, and backward needs the older value: call backward before assigning`,
    );
    expect(w.grad).toBeNull();
  });

  test.each<[string, (w: Tensor) => Tensor, number[]]>([
    ["a sum", (w) => w.add(1), [1, 1, 1]],
    ["a constant factor", (w) => w.mul(3), [3, 3, 3]],
    ["a clone", (w) => w.clone().square(), [2, 4, 6]],
    ["a result that was kept", (w) => w.sub(1).exp(), [1, Math.E, Math.E ** 2].map(Math.fround)],
  ])("%s does not need it", (_, f, expected) => {
    const w = variable();
    const loss = f(w).sum();
    w.assign([9, 9, 9]);
    loss.backward();
    expect(flat(w.grad ?? w)).toEqual(expected);
  });

  test("an unnamed variable is called so", () => {
    const w = new Variable(tensor(1));
    const loss = w.mul(w);
    w.assign([2]);
    expect(() => loss.backward()).toThrow("Variable (unnamed)");
  });
});

describe("views of a variable", () => {
  test.each<[string, (view: Tensor) => unknown]>([
    ["an operation", (view) => view.add(1)],
    ["a movement", (view) => view.reshape([1, 3])],
    ["a product", (view) => view.matmul(tensor([1, 1, 1]))],
    ["reading the values", (view) => view.toArray()],
    ["printing", (view) => String(view)],
    ["assigning", (view) => variable().assign(view)],
  ])("are not read by %s once it was assigned", (_, read) => {
    const w = variable();
    const views = [w.slice([null, null, -1]), w.reshape([3]), w.detach()];
    const copies = [w.clone(), w.add(0)];
    w.assign([7, 8, 9]);
    for (const view of views) expect(() => read(view)).toThrow(/view of Variable weight, which was assigned since/);
    for (const copy of copies) expect(() => read(copy)).not.toThrow();
    expect(w.reshape([3]).toArray()).toEqual([7, 8, 9]);
  });
});

test("a variable reads as its present value, and prints under its name's new spelling", () => {
  const w = variable();
  w.name = "renamed";
  const loss = w.square().sum();
  w.assign([0, 0, 0]);
  expect(w.item.bind(w.sum())()).toBe(0);
  expect(() => loss.backward()).toThrow("Variable renamed");
});
