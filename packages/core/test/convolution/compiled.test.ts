// Compiled convolutions and pooling against eager ones: every recorded case, with its gradients, as one program; the same bits for
// any number of threads.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { avgPool2d, conv2d, maxPool2d } from "../../src/convolution.ts";
import { type Tensor, vjp, zeros } from "../../src/index.ts";
import { firstDifference, flat } from "../exam/reference.ts";
import { type Case, cases, inputsOf, titleOf, weightsOf } from "./oracle/oracle.ts";

const named = cases.map((record) => [titleOf(record), record] as const);

function withGradients(record: Case): (inputs: Tensor[], weights: Tensor) => Tensor[] {
  const apply = (...[x = zeros([]), kernel = zeros([])]: Tensor[]): Tensor => {
    if (record.op === "conv2d") return conv2d(x, kernel, record.options);
    return record.op === "maxPool2d" ? maxPool2d(x, record.options) : avgPool2d(x, record.options);
  };
  return (inputs, weights) => {
    const { value, pullback } = vjp(apply, ...inputs);
    return [value, ...pullback(weights)];
  };
}

test.each(named)("%s", (_, record) => {
  const inputs = inputsOf(record).map((input) => input.cast("float32"));
  const weights = weightsOf(record.shape).cast("float32");
  const run = withGradients(record);
  const compiled = compile(run);
  const [eager, found] = [run(inputs, weights), compiled(inputs, weights)];
  for (const [index, value] of found.entries()) {
    expect(firstDifference(flat(value), flat(eager[index] ?? zeros([])), 1e-5, 1e-5), `result ${index}`).toBeNull();
  }
  const eagerNodes = compiled.programs[0]?.schedule.graph.nodes.filter(({ work }) => work.kind === "eager");
  expect(eagerNodes).toEqual([]);
});
