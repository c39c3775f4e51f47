// Updates in the memory that Variables share.

import { expect, test } from "vitest";
import { shareMemory, tensor, update, Variable } from "../../src/index.ts";
import { scattered } from "../exam/reference.ts";

const variable = (seed: number): Variable => new Variable(tensor(Float32Array.from(scattered(40_000, 4, seed))));

test("an update reads a Variable of its own memory, which grows", () => {
  const descend = update({ name: "descend", forward: (w, g, rate) => [w.sub(g.mul(rate))] });
  const [w, g] = [variable(1), variable(2)];
  const expected = w.sub(g.mul(0.5)).toTypedArray();
  shareMemory([w, g]);
  descend([w], [g, 0.5]);
  expect(w.toTypedArray()).toEqual(expected);
});
