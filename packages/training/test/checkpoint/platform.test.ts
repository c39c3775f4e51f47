// What a checkpoint says of the platform that wrote it.

import { setDeterministic } from "@gradus/core/deterministic";
import { afterEach, expect, test } from "vitest";
import { features } from "../../../core/src/wasm/features.ts";
import { type Platform, platformDifference, thisPlatform } from "../../src/checkpoint.ts";

afterEach(() => setDeterministic(false));

const node20: Platform = { engine: "Node 20", processor: "x64", instructions: "SIMD", deterministic: false };

test("engine, processor and instructions are those of this process", async () => {
  const { engine, processor, instructions, deterministic } = await thisPlatform();
  expect(engine).toBe(`Node ${process.versions.node.split(".")[0]}`);
  expect(processor).toBe(process.arch);
  const { simd, relaxedSimd } = features();
  expect(instructions).toMatch(relaxedSimd ? /^relaxed SIMD, rounded (once|twice)$/ : simd ? /^SIMD$/ : /^no SIMD$/);
  expect(deterministic).toBe(false);
  setDeterministic(true);
  expect((await thisPlatform()).deterministic).toBe(true);
});

test("another line of Node, another processor or other instructions give other bits, and are named", () => {
  expect(platformDifference(node20, { ...node20 })).toBeNull();
  for (const change of [
    { engine: "Node 24" },
    { processor: "arm64" },
    { instructions: "relaxed SIMD, rounded once" },
  ]) {
    const message = platformDifference(node20, { ...node20, ...change });
    for (const word of Object.values(change)) expect(message).toContain(word);
    expect(message).toContain("not with the same bits");
  }
});

test("in deterministic mode, before and after, the platform does not matter; in one of them alone it does", () => {
  const sure = { ...node20, deterministic: true };
  expect(platformDifference(sure, { ...sure, engine: "Node 24", processor: "arm64" })).toBeNull();
  expect(platformDifference(sure, node20)).toContain("in deterministic mode");
  expect(platformDifference(node20, sure)).toContain("in deterministic mode");
});
