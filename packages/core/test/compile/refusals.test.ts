// What compile refuses, and that a refused call changes nothing.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import {
  crossEntropy,
  DataError,
  dropout,
  everyCall,
  Generator,
  GraphError,
  gather,
  normal,
  type Tensor,
  tensor,
  uniform,
  Variable,
} from "../../src/index.ts";

const x = tensor([1, 2, 3]);

describe("what cannot be captured says what to do", () => {
  const cases: Record<string, readonly [(x: Tensor) => unknown, string]> = {
    "item()": [(input) => input.sum().item(), "a value was read while the computation is captured by compile"],
    "toArray()": [(input) => input.toArray(), "return the tensor and read it after the call, or choose with where()"],
    "a branch on data": [
      (input) => (Number(input.sum().gt(0).item()) > 0 ? input : input.neg()),
      "branches on data have no value yet",
    ],
    "a Variable made of a value to come": [
      (input) => new Variable(input.mul(2)),
      "a value was read while the computation is captured",
    ],
    "printing a tensor": [(input) => `${input}`, "a value was read while the computation is captured"],
  };
  test.each(Object.entries(cases))("%s", (_, [body, message]) => {
    const f = compile(body);
    expect(() => f(x)).toThrow(GraphError);
    expect(() => f(x)).toThrow(message);
    expect(f.programs.length).toBe(0);
    expect(x.add(1).toArray()).toEqual([2, 3, 4]); // eager code runs on
  });

  test.each<[string, unknown, string]>([
    ["a Map", new Map(), "an argument is Map"],
    ["a Date", { when: new Date(0) }, "an argument is Date"],
    ["a typed array", new Float32Array(2), "an argument is Float32Array"],
    ["a function", [() => 1], "an argument is function"],
    ["an instance of a class", new Generator(1), "an argument is Generator"],
  ])("%s as an argument", (_, argument, message) => {
    const f = compile((value: unknown) => value);
    expect(() => f(argument)).toThrow(GraphError);
    expect(() => f(argument)).toThrow(message);
    expect(() => f(argument)).toThrow("pass tensors, numbers, strings, and arrays or plain objects of them");
  });

  test.each<[string, (input: Tensor) => unknown, string]>([
    ["a promise", async (input) => input.mul(2), "compile: the function returned Promise: return tensors, numbers"],
    ["a Map", (input) => [new Map([["y", input.mul(2)]])], "compile: the function returned Map"],
    ["a function", (input) => ({ y: () => input.mul(2) }), "compile: the function returned function"],
  ])("%s as a result", (_, body, message) => {
    expect(() => compile(body)(x)).toThrow(GraphError);
    expect(() => compile(body)(x)).toThrow(message);
  });

  test("an option that there is not", () => {
    expect(() => Reflect.apply(compile, null, [(input: Tensor) => input, { verfy: true }])).toThrow(
      'compile: unknown option "verfy": the options are verify',
    );
  });

  test("a tensor that leaked out of a capture", () => {
    const kept: Tensor[] = [];
    const f = compile((input: Tensor) => {
      const inner = input.mul(2);
      kept.push(inner);
      return inner.add(1);
    });
    expect(f(x).toArray()).toEqual([3, 5, 7]);
    const [leaked = x] = kept;
    expect(() => leaked.toArray()).toThrow(GraphError);
    expect(() => leaked.add(1)).toThrow(GraphError);
    const g = compile((input: Tensor) => input.add(leaked));
    expect(() => g(x)).toThrow(
      "a tensor of another captured computation was used: return it from the compiled function",
    );
  });

  test("an error of the function itself comes through, and the next call is captured anew", () => {
    let broken = true;
    const w = new Variable(tensor([1]));
    const f = compile((input: Tensor) => {
      w.assign(input.sum().reshape([1]));
      if (broken) throw new TypeError("mine");
      return w.mul(2);
    });
    expect(() => f(x)).toThrow("mine");
    expect(w.toArray()).toEqual([1]);
    expect(w.add(1).toArray()).toEqual([2]);
    broken = false;
    expect(f(x).toArray()).toEqual([12]);
    expect(w.toArray()).toEqual([6]);
  });
});

describe("a refused batch changes nothing", () => {
  const make = () => {
    const generator = new Generator(1);
    const w = new Variable(uniform([3, 4], { generator: new Generator(2) }), { name: "w" });
    const state = { steps: 0 };
    return { generator, w, state };
  };
  type Made = ReturnType<typeof make>;
  const steps: Record<string, readonly [(made: Made) => (input: Tensor, labels: Tensor) => Tensor, string]> = {
    "labels of a cross-entropy": [
      ({ generator, w, state }) =>
        (input, labels) => {
          everyCall(() => void state.steps++);
          const noise = normal([2, 3], { generator });
          const loss = crossEntropy(dropout(input.add(noise), 0.5, { generator }).matmul(w), labels);
          w.grad = null;
          loss.backward();
          if (w.grad !== null) w.assign(w.sub(w.grad));
          return loss;
        },
      "crossEntropy: label 9 in row 1 is out of range",
    ],
    "indices of a table": [
      ({ generator, w, state }) =>
        (_, labels) => {
          everyCall(() => void state.steps++);
          const rows = gather(w, labels).add(uniform([2, 4], { generator }));
          w.assign(w.add(rows.sum(0)));
          return rows;
        },
      "gather: index 9 at place 1 is out of range",
    ],
    "indices, with nothing else to compute": [
      ({ w, state }) =>
        (_, labels) => {
          everyCall(() => void state.steps++);
          return gather(w, labels);
        },
      "gather: index 9 at place 1 is out of range",
    ],
  };

  test.each(Object.entries(steps))("%s", (_, [build, message]) => {
    const made = make();
    const step = compile(build(made));
    const input = uniform([2, 3], { generator: new Generator(4) });
    const [good, bad] = [tensor([0, 2], { dtype: "int32" }), tensor([0, 9], { dtype: "int32" })];
    const look = (): string =>
      JSON.stringify([made.state, made.generator.state, made.w.toArray(), made.w.grad?.toArray() ?? null]);
    const fresh = look();
    expect(() => step(input, bad)).toThrow(DataError);
    expect(look()).toBe(fresh);
    step(input, good);
    const before = look();
    expect(before).not.toBe(fresh);
    expect(() => step(input, bad)).toThrow(message);
    expect(look()).toBe(before);
    step(input, good);
    expect(made.state.steps).toBe(2);
  });
});
