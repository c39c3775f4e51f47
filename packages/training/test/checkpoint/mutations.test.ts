// Files with random damage: each is refused with a typed error, or is a file by the specification all the same.

import { CheckpointError, type Tensor, tensor, zeros } from "@gradus/core";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/checkpoint.ts";
import { file } from "./malformed.ts";
import { dice, mutate } from "./mutations.ts";

const count = process.env["GRADUS_LONG"] === "1" ? 100_000 : 5000;

const base = writeSafetensors({
  tensors: {
    "dense.weight": tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }),
    "dense.bias": tensor([0.5, -1, 9]),
    steps: tensor(new Float64Array([3])),
    count: tensor([1, 2], { dtype: "int32" }),
    bytes: tensor(Uint8Array.of(1, 2, 3)),
    mask: tensor([true, false, true]),
    empty: zeros([0, 4]),
  },
  metadata: { format: "gradus", position: '{"epoch":3}' },
});
const headerLength = Number(new DataView(base.buffer).getBigUint64(0, true));

const widths: Readonly<Record<string, number>> = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1 },
};

/** What the specification says of a file that was accepted, from a parser of JSON that is not ours. */
function breach(bytes: Uint8Array, read: ReadonlyMap<string, Tensor>): string | null {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
  const parsed: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(text);
  const entries = Object.entries(parsed).filter(([name]) => name !== "__metadata__");
  if (entries.length !== read.size) return `${entries.length} tensors, ${read.size} were read`;
  const covered = new Uint8Array(bytes.length - 8 - length);
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [begin, end],
    },
  ] of entries) {
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (end - begin !== size * (widths[dtype] ?? Number.NaN)) return `${name} has another size`;
    if (read.get(name)?.shape.join() !== shape.join()) return `${name} has another shape`;
    if (read.get(name)?.size !== size) return `${name} has other elements`;
    for (let at = begin; at < end; at++) covered[at] = (covered[at] ?? 0) + 1;
  }
  return covered.every((times) => times === 1) ? null : "a byte belongs to no tensor, or to two";
}

test(`${count} mutations: refused with a typed error, or valid`, () => {
  const roll = dice(5);
  let [refused, accepted, slowest] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    const bytes = mutate(base, headerLength, roll);
    const start = performance.now();
    try {
      const { tensors } = readSafetensors(bytes);
      expect(breach(bytes, tensors), `mutation ${number}`).toBeNull();
      accepted++;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
  }
  expect(slowest).toBeLessThan(1000);
  // Both happen, or the damage would be too coarse or too fine to tell anything.
  expect(refused).toBeGreaterThan(count / 2);
  expect(accepted).toBeGreaterThan(count / 100);
});

/** Bytes in typed arrays, beside what was there before. */
function allocated(work: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers;
  const kept = work();
  const after = process.memoryUsage().arrayBuffers;
  return kept === undefined ? 0 : after - before;
}

test("a file is read with at most twice its bytes, and refused with next to nothing", () => {
  const size = 4 * 2 ** 20;
  const entry = (dtype: string, count: number): string =>
    `{"a":{"dtype":"${dtype}","shape":[${count}],"data_offsets":[0,${size}]}}`;
  for (const [dtype, width] of [
    ["F32", 4],
    ["U8", 1],
    ["F64", 8],
    ["I64", 8],
  ] as const) {
    const bytes = file(entry(dtype, size / width), size);
    expect(
      allocated(() => readSafetensors(bytes)),
      dtype,
    ).toBeLessThanOrEqual(2 * bytes.length);
  }
  const refused = (bytes: Uint8Array): number =>
    allocated(() => {
      try {
        return readSafetensors(bytes);
      } catch (error) {
        if (error instanceof CheckpointError) return error;
        throw error;
      }
    });
  expect(refused(file(entry("F32", size / 4 + 1), size))).toBeLessThan(size / 100);
  expect(refused(file(entry("I8", size), size))).toBeLessThan(size / 100);
  const hostile = '{"a":{"dtype":"F64","shape":[1125899906842623],"data_offsets":[0,9007199254740984]}}';
  expect(refused(file(hostile, 100))).toBeLessThan(size / 100);
});

test("a header of many megabytes is read, or refused, in time that grows with its length", () => {
  const start = performance.now();
  const deep = new Uint8Array(2 ** 22).fill(0x5b); // [[[[…
  deep.set(new TextEncoder().encode('{"a":'));
  expect(() => readSafetensors(file(deep))).toThrow(CheckpointError);
  const escapes = new TextEncoder().encode(`{"${"\\u0041".repeat(2 ** 19)}`);
  expect(() => readSafetensors(file(escapes))).toThrow("does not end");
  const entries = Array.from(
    { length: 20_000 },
    (_, i) => `"${i}":{"dtype":"U8","shape":[],"data_offsets":[${i},${i + 1}]}`,
  );
  expect(readSafetensors(file(`{${entries.join(",")}}`, 20_000)).tensors.size).toBe(20_000);
  expect(performance.now() - start).toBeLessThan(10_000);
});
