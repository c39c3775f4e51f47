// The stages of loops, and the memory plan: what is kept between passes, what is written in place, and that no two values that live
// at the same time meet.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { maxPool2d } from "../../src/convolution.ts";
import { isSource } from "../../src/graph/graph.ts";
import { overlaps, planMemory, regionBytes } from "../../src/graph/passes/memory.ts";
import { stagesOf } from "../../src/graph/passes/stages.ts";
import {
  arange,
  batchNorm,
  Generator,
  randint,
  softmax,
  type Tensor,
  uniform,
  type Variable,
} from "../../src/index.ts";
import { Network } from "../compile/lecture.ts";
import { schedule, variable } from "./capture.ts";

describe("stages", () => {
  type Case = readonly [(x: Tensor) => Tensor, number, readonly string[]];
  const cases: Record<string, Case> = {
    "no fold": [(x) => x.exp().add(1), 1, []],
    "a sum at the end": [(x) => x.square().sum(1), 1, []],
    "an average taken off": [(x) => x.sub(x.mean(1, { keepDims: true })), 2, []],
    "a variance": [(x) => x.sub(x.mean(0)).square().sum(0), 2, []],
    "a softmax: the exponentials are kept": [(x) => softmax(x), 3, ["exp"]],
    "two folds side by side": [(x) => x.sum(1).add(x.square().sum(1)), 1, []],
    "a batch normalization": [(x) => batchNorm(x, 1, 0).output, 3, []],
    "a cheap value is computed again": [(x) => x.mul(2).sub(x.mul(2).sum(1, { keepDims: true })), 2, []],
    "an expensive one is kept": [
      (x) =>
        x
          .mul(2)
          .tanh()
          .sub(x.mul(2).tanh().sum(1, { keepDims: true })),
      2,
      ["tanh"],
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [body, passes, remembered]) => {
    const cut = schedule([[8, 16]], body);
    const stages = cut.groups.map((group) => stagesOf(group, new Set()));
    expect(Math.max(...stages.map((found) => found.passes))).toBe(passes);
    expect(stages.flatMap((found) => [...found.remembered]).map(({ node }) => node.name)).toEqual(remembered);
  });
});

describe("in place", () => {
  type Case = readonly [(w: Variable, v: Variable) => unknown, inPlace: number, copies: number];
  const cases: Record<string, Case> = {
    "a new value in step with the old": [(w) => w.assign(w.mul(2)), 1, 0],
    "a value that does not need the old": [(w, v) => w.assign(v.mul(2)), 1, 0],
    "less its sum": [(w) => w.assign(w.sub(w.sum())), 1, 0],
    "less the sums of its columns": [(w) => w.assign(w.sub(w.sum(0))), 1, 0],
    "transposed: others would read what is new": [(w) => w.assign(w.transpose().add(1)), 0, 1],
    "its first row on each row": [(w) => w.assign(w.add(w.slice(0))), 0, 1],
    "written ahead of what the last pass computes again from the old": [
      (w) => {
        const y = w.neg();
        const result = y.sub(y.mean(1, { keepDims: true }));
        w.assign(y.mul(2));
        return result;
      },
      0,
      1,
    ],
    "sums of rows times its first row": [(w) => w.assign(w.mul(w.sum(1).mul(w.slice(0)).unsqueeze(1))), 0, 1],
    "a product with itself: a copy of it": [(w) => w.assign(w.matmul(w)), 1, 0],
    "the other's old value": [(w, v) => w.assign(v), 1, 0],
    exchange: [
      (w, v) => {
        const old = w.mul(1);
        w.assign(v);
        v.assign(old);
      },
      1,
      1,
    ],
    "the old value is returned": [
      (w) => {
        const old = w.clone();
        w.assign(w.add(1));
        return old;
      },
      1,
      0,
    ],
    "one value for two": [
      (w, v) => {
        const next = w.add(v);
        w.assign(next);
        v.assign(next);
      },
      1,
      1,
    ],
    "a gradient that stays": [
      (w, v) => {
        w.mul(v).sum().backward();
        if (w.grad !== null) v.assign(w.grad);
      },
      0,
      1,
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [body, inPlace, copies]) => {
    const [w, v] = [variable([6, 6], "w"), variable([6, 6], "v")];
    const plan = planMemory(
      schedule([], () => {
        const returned = body(w, v);
        return returned === undefined ? [] : [returned as Tensor]; // cast: cases return tensors or nothing
      }),
    );
    expect([plan.inPlace.size, plan.copies.length]).toEqual([inPlace, copies]);
  });
});

describe("places", () => {
  test("a chain of products takes turns in the same memory", () => {
    const size = 64;
    const cut = schedule([[size, size]], (x) => {
      let y = x;
      for (let index = 0; index < 20; index++) y = y.matmul(x);
      return y;
    });
    const plan = planMemory(cut);
    expect(overlaps(cut, plan)).toBe(false);
    // The argument, and two results that take turns.
    expect(plan.bytes).toBeLessThanOrEqual(3 * (4 * size * size + 64));
  });

  test.each<[string, (y: Tensor) => Tensor | Tensor[], boolean]>([
    ["in step", (y) => y.exp(), true],
    ["in step, with others that are broadcast", (y) => y.mul(2).add(arange(4)), true],
    ["less the sums of its columns", (y) => y.sub(y.sum(0)), true],
    ["narrower", (y) => y.gt(0), false],
    ["transposed", (y) => y.transpose().exp(), false],
    ["with its first row on each row", (y) => y.mul(y.slice(0)), false],
    ["read again by another kernel", (y) => [y.exp(), y.transpose().exp()], false],
    ["returned itself", (y) => [y.exp(), y], false],
  ])("a result inherits the memory of what its kernel reads last: %s", (_, body, inherits) => {
    const cut = schedule([[1, 4, 8, 4]], (x) => body(maxPool2d(x, 2).reshape([8, 4])));
    const plan = planMemory(cut);
    const pooled = cut.graph.nodes.find(({ name }) => name === "maxPool2d")?.outputs[0];
    const result = cut.graph.results[0]?.value;
    const places = [pooled, result].map((value) => value && plan.offsets.get(value));
    expect(places).not.toContain(undefined);
    expect(places[0] === places[1]).toBe(inherits);
    expect(overlaps(cut, plan)).toBe(false);
  });

  type Heirs = readonly [(x: Tensor, y: Tensor) => Tensor, readonly string[]];
  const heirs: Record<string, Heirs> = {
    "a loop writes over what it is the last to read": [(x, y) => x.matmul(y).exp().matmul(y), ["exp"]],
    "also if it folds": [(x, y) => softmax(x.matmul(y)).matmul(y), ["div"]],
    "not while others still need that": [
      (x, y) => {
        const p = x.matmul(y);
        return p.exp().matmul(p);
      },
      [],
    ],
    "not what it reads in another order": [(x, y) => x.matmul(y).transpose().add(x).matmul(y), []],
    "an epilogue writes over its mask, not over what the product reads": [
      (x, y) => {
        const p = x.matmul(y).exp();
        return p.matmul(y).mul(p).matmul(y.add(1)).sum();
      },
      ["exp"],
    ],
    "not over an argument": [(x, y) => x.add(y).matmul(y), []],
  };
  test.each(Object.entries(heirs))("%s", (_, [body, expected]) => {
    const cut = schedule(
      [
        [16, 16],
        [16, 16],
      ],
      body,
    );
    const plan = planMemory(cut);
    expect([...plan.heirs.keys()].map(({ node }) => node.name)).toEqual(expected);
    for (const [value, old] of plan.heirs) expect(plan.offsets.get(value)).toBe(plan.offsets.get(old));
    expect(overlaps(cut, plan)).toBe(false);
  });

  test("partial sums of a deep product lie where its epilogue writes", () => {
    const cut = schedule(
      [
        [16, 600],
        [600, 16],
      ],
      (x, y) => x.matmul(y).add(1),
    );
    const plan = planMemory(cut);
    expect([...plan.heirs].map(([value, old]) => [value.node.name, old.node.name])).toEqual([["add", "matmul"]]);
    expect([...plan.stored].filter(({ node }) => !isSource(node)).map(({ node }) => node.name)).toEqual(["add"]);
  });

  test("regions are cache lines with room for a vector at their end", () => {
    const cut = schedule([[3], { shape: [5], dtype: "bool" }, { shape: [8], dtype: "float64" }], (x, y, z) => [
      x,
      y,
      z,
    ]);
    const values = cut.graph.nodes.flatMap(({ outputs }) => outputs);
    expect(values.map(regionBytes)).toEqual([64, 64, 128]);
    const { offsets } = planMemory(cut);
    for (const value of values) expect((offsets.get(value) ?? 1) % 64).toBe(0);
  });

  test("what a kernel hands on inside itself has no memory", () => {
    const plan = planMemory(schedule([[64]], (x) => x.mul(2).exp().add(1)));
    expect([...plan.stored].filter(({ node }) => !isSource(node)).map(({ node }) => node.name)).toEqual(["add"]);
  });

  test("the lecture's step: nothing that lives meets, and much less than all values together", () => {
    const network = new Network();
    const generator = new Generator(1);
    const step = compile(network.step);
    step(uniform([64, 784], { generator }), randint([64], { high: 10, generator }));
    const [program] = step.programs;
    if (program === undefined) throw new Error("nothing was compiled");
    expect(overlaps(program.schedule, program.plan)).toBe(false);
    const everything = program.schedule.graph.nodes
      .filter(({ work }) => work.kind !== "variable")
      .flatMap(({ outputs }) => outputs.map(regionBytes))
      .reduce((sum, bytes) => sum + bytes, 0);
    expect(program.plan.bytes).toBeLessThan(everything / 2);
    expect(program.plan.copies.length).toBe(0);
  });
});
