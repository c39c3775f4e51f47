// detectAnomaly: the first NaN or infinity, forward or backward, with the operation, the layer and the line that made it.

import { describe, expect, test } from "vitest";
import {
  AnomalyError,
  currentScope,
  customOp,
  detectAnomaly,
  type Tensor,
  tensor,
  Variable,
  withScope,
} from "../../src/index.ts";

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(AnomalyError);
    return error instanceof Error ? error.message : "";
  }
  return expect.unreachable("nothing was thrown");
};

/** The line of this file on which the caller stands. */
const lineHere = (): number => Number(/anomaly\.test\.ts:(\d+)/.exec(new Error().stack?.split("\n")[2] ?? "")?.[1]);

describe("forward", () => {
  test("names operation, value, place, layers and line", () => {
    const x = tensor([1, 2, 0, 3], { shape: [2, 2] });
    let line = 0;
    const inner = (): Tensor => {
      line = lineHere() + 1;
      return x.log();
    };
    const found = message(() => detectAnomaly(() => withScope("encoder", () => withScope("dense_1", inner))));
    expect(found).toContain("log in encoder/dense_1 gave -Infinity at [1,0] of [2,2]");
    expect(found).toContain(`anomaly.test.ts:${line}`);
  });

  test.each<[string, () => unknown]>([
    ["div gave Infinity", () => tensor([1]).div(0)],
    ["sqrt gave NaN", () => tensor([-1]).sqrt()],
    ["sub gave NaN", () => tensor([Number.POSITIVE_INFINITY]).sub(Number.POSITIVE_INFINITY)],
    ["matmul gave Infinity", () => tensor([[1e30]]).matmul(tensor([[1e30]]))],
    ["sum gave Infinity", () => tensor([3e38, 3e38]).sum()],
  ])("%s", (text, run) => expect(message(() => detectAnomaly(run))).toContain(text));

  test("stays quiet about finite values, and outside", () => {
    expect(detectAnomaly(() => tensor([1, 2]).log().sum().item())).toBeCloseTo(Math.LN2, 6);
    expect(tensor([0]).log().item()).toBe(Number.NEGATIVE_INFINITY);
    expect(() => detectAnomaly(() => tensor([0]).log())).toThrow();
    expect(tensor([0]).log().item()).toBe(Number.NEGATIVE_INFINITY); // it ended with the error
  });
});

describe("backward", () => {
  test("names the operation of the forward pass, with its layers and its line", () => {
    const x = new Variable(tensor([0, 4]), { name: "x" });
    let line = 0;
    const root = (): Tensor => {
      line = lineHere() + 1;
      return x.sqrt();
    };
    const found = message(() => detectAnomaly(() => withScope("root", root).sum().backward()));
    expect(found).toContain("the gradient of sqrt (input 0) in root gave Infinity at [0] of [2]");
    expect(found).toContain(`anomaly.test.ts:${line}`);
  });

  test("names the operation, the value and its place, and leaves no gradient", () => {
    const x = new Variable(tensor([0, 4]), { name: "x" });
    const found = message(() => detectAnomaly(() => x.sqrt().sum().backward()));
    expect(found).toContain("sqrt");
    expect(found).toContain("gave Infinity at [0] of [2]");
    expect(x.grad).toBeNull();
  });

  test("finds it in operators of one's own", () => {
    const bad = customOp({ name: "bad", forward: (x) => x.mul(1), backward: ({ dy }) => [dy.div(0)] });
    const x = new Variable(tensor([1]));
    expect(message(() => detectAnomaly(() => bad(x).sum().backward()))).toMatch(/bad|div/);
    expect(x.grad).toBeNull();
  });
});

test("the path of layers ends with the layer, even after an error", () => {
  expect(withScope("a", () => withScope("b", currentScope))).toBe("a/b");
  expect(() => withScope("a", () => expect.unreachable())).toThrow();
  expect(currentScope()).toBe("");
});
