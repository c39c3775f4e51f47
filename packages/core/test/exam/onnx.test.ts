// The node tests that ONNX publishes for operators of our vocabulary, through the public interface: eager and compiled.

import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { Tensor } from "../../src/index.ts";
import { generalNodes } from "./onnx.ts";
import { networkNodes } from "./onnx-networks.ts";
import { Node, type NodeTensor, type NodeTest, nodeTensor, testsOf } from "./onnx-record.ts";
import { number } from "./opinfo-record.ts";
import { firstDifference, flat } from "./reference.ts";

const rows = { ...generalNodes, ...networkNodes };
const tests = testsOf(process.env["ONNX"] ?? new URL("../oracle/onnx.jsonl", import.meta.url));
const operators = [...new Set(tests.map(({ op }) => op))].sort();

/** Why tests were left out, and how many for each reason. */
const omitted = new Map<string, number>();
const omit = (reason: string): null => {
  omitted.set(reason, (omitted.get(reason) ?? 0) + 1);
  return null;
};

/** A node's outputs, or the reason why it is none of ours. */
function run(node: NodeTest, compiled: boolean): readonly (Tensor | null)[] | string {
  const row = rows[node.op];
  if (row === undefined) throw new Error(`no row for ${node.op}`);
  const given = (node.inputs ?? []).map((input) => (input === null ? null : nodeTensor(input)));
  let reason: string | null = null;
  let present: boolean[] = [];
  const evaluate = (...tensors: readonly Tensor[]): Tensor[] => {
    const rest = tensors.values();
    const found = row(
      new Node(
        node,
        given.map((input) => (input === null ? null : (rest.next().value ?? null))),
      ),
    );
    if (typeof found === "string") {
      reason = found;
      return [];
    }
    const outputs = found instanceof Tensor ? [found] : found;
    present = outputs.map((output) => output !== null);
    return outputs.filter((output) => output !== null);
  };
  const tensors = given.filter((input) => input !== null);
  const values = (compiled ? compile(evaluate)(...tensors) : evaluate(...tensors)).values();
  return reason ?? present.map((there) => (there ? (values.next().value ?? null) : null));
}

/** Whether the elements of a type are numbers for us in another: bytes become int32 in arithmetic. */
const dtypeOf = ({ d }: NodeTensor, found: Tensor): string => (d === "uint8" && found.dtype === "int32" ? "int32" : d);

/** Compares a test's outputs; null if it is none of ours. */
function examine(node: NodeTest, compiled: boolean): true | null {
  if (node.lacks !== undefined) return compiled ? null : omit(node.lacks);
  const found = run(node, compiled);
  if (typeof found === "string") return compiled ? null : omit(found);
  let compared = 0;
  for (const [index, expected] of (node.outputs ?? []).entries()) {
    const value = found[index];
    if (expected === null || value == null) continue;
    compared++;
    expect([value.dtype, value.shape], node.test).toEqual([dtypeOf(expected, value), expected.s]);
    const wanted = expected.v.map(number);
    const scale = Math.max(1e-3, ...wanted.filter(Number.isFinite).map(Math.abs));
    expect(firstDifference(flat(value), wanted, 1e-5, 1e-6 * scale), node.test).toBeNull();
  }
  expect(compared, `${node.test}: nothing compared`).toBeGreaterThan(0);
  return true;
}

describe.each(operators)("%s", (name) => {
  const own = tests.filter(({ op }) => op === name);
  test("eager", () => {
    for (const node of own) examine(node, false);
  });
  test("compiled", () => {
    for (const node of own) examine(node, true);
  });
});

test("what is left out, and why", () => {
  const count = [...omitted.values()].reduce((sum, each) => sum + each, 0);
  const reasons = [...omitted].sort().map(([reason, each]) => `  ${each} × ${reason}`);
  console.log(`${tests.length - count} of ${tests.length} tests pass, ${count} are left out:\n${reasons.join("\n")}`);
  expect(count).toBeLessThan(tests.length / 10);
});
