// The recorded bits in a browser: those of Node.

import { afterAll, expect, test } from "vitest";
import { setDeterministic } from "../../src/deterministic.ts";
import { expected } from "./expected.ts";
import { hashes } from "./training.ts";

afterAll(() => setDeterministic(false));

test("eager and compiled training have the same bits as in Node", () => {
  setDeterministic(true);
  expect(hashes()).toEqual(expected);
});
