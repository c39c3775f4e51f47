// Graphs for eyes: as text, Mermaid and DOT, before and after fusion; with the names of layers.

import { expect, test } from "vitest";
import { compile } from "../../src/compile.ts";
import { printGraph, toDot, toMermaid } from "../../src/graph/print.ts";
import { cumSum, type Tensor, tensor, withScope } from "../../src/index.ts";
import { capture, schedule, variable } from "./capture.ts";

const w = variable([4, 3], 'the "first"');
const body = (x: Tensor): Tensor => withScope("model", () => withScope("dense", () => x.matmul(w).relu().sum(0)));

test("as text: operands, shapes, axes, layers, results", () => {
  expect(printGraph(capture([[8, 4]], body))).toMatchInlineSnapshot(`
    "argument 0 = argument() : float32[8,4]
    the "first" = the "first"() : float32[12]  # model/dense
    %2 = matmul(argument 0[8,4], the "first"[4,3]) : float32[8,3]  # model/dense
    %3 = relu(%2[8,3]) : float32[8,3]  # model/dense
    %4 = sum(%3[8,3]) over [0] : float32[3]  # model/dense
    return %4[3]"
  `);
});

test("as a Mermaid flow chart, alone and with kernels", () => {
  const graph = capture([[8, 4]], body);
  expect(toMermaid(graph)).toMatchInlineSnapshot(`
    "flowchart TD
      n0["argument 0 [8,4]"]
      n1["the 'first' [12]"]
      n2["matmul [8,3]"]
      n3["relu [8,3]"]
      n4["sum [3]"]
      n0 --> n2
      n1 --> n2
      n2 --> n3
      n3 --> n4"
  `);
  const cut = schedule([[8, 4]], body);
  expect(toMermaid(cut.graph, cut)).toMatchInlineSnapshot(`
    "flowchart TD
      subgraph k0 ["matmul"]
        n2["matmul [8,3]"]
      end
      subgraph k1 ["loop over [8,3], folding its rows"]
        n3["relu [8,3]"]
        n4["sum [3]"]
      end
      n0["argument 0 [8,4]"]
      n1["the 'first' [12]"]
      n0 --> n2
      n1 --> n2
      n2 --> n3
      n3 --> n4"
  `);
});

test("in Graphviz' language, alone and with kernels", () => {
  const graph = capture([[8, 4]], body);
  expect(toDot(graph)).toMatchInlineSnapshot(`
    "digraph {
      node [shape=box fontname=monospace];
      n0 [label="argument 0 [8,4]"];
      n1 [label="the 'first' [12]"];
      n2 [label="matmul [8,3]"];
      n3 [label="relu [8,3]"];
      n4 [label="sum [3]"];
      n0 -> n2;
      n1 -> n2;
      n2 -> n3;
      n3 -> n4;
    }"
  `);
  const cut = schedule([[8, 4]], body);
  expect(toDot(cut.graph, cut)).toMatchInlineSnapshot(`
    "digraph {
      node [shape=box fontname=monospace];
      subgraph cluster_0 {
        label="matmul";
        n2 [label="matmul [8,3]"];
      }
      subgraph cluster_1 {
        label="loop over [8,3], folding its rows";
        n3 [label="relu [8,3]"];
        n4 [label="sum [3]"];
      }
      n0 [label="argument 0 [8,4]"];
      n1 [label="the 'first' [12]"];
      n0 -> n2;
      n1 -> n2;
      n2 -> n3;
      n3 -> n4;
    }"
  `);
});

test("a program prints itself, and says what runs eagerly", () => {
  const f = compile((x: Tensor) => cumSum(x.exp(), 1));
  f(tensor([[1, 2]]));
  const [program] = f.programs;
  expect(program?.toString()).toMatchInlineSnapshot(`
    "kernel 0: loop over [2]
      %1 = exp(argument 0[1,2]) : float32[1,2]
    kernel 1: eager
      %2 = cumSum(%1[1,2]) : float32[1,2]
    return %2[1,2]"
  `);
  expect(program?.explain()).toMatchInlineSnapshot(`
    "2 operations run in 2 kernels.
    cumSum has no kernel here: it runs eagerly, between kernels"
  `);
  expect(program?.toMermaid()).toContain("flowchart TD");
  expect(program?.toDot()).toMatch(/^digraph \{[\s\S]*\}$/);
});

test("a program's profile: each kernel with its time, operations and bytes", () => {
  const f = compile((x: Tensor) => x.matmul(x).exp());
  const x = tensor(new Float32Array(64 * 64), { shape: [64, 64] });
  f(x);
  const profile = f.programs[0]?.profile(() => f(x), 3);
  expect(profile).toBeDefined();
  expect(String(profile)).toContain("matmul");
});
