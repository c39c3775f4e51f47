// The safetensors format: what is written by its specification, and that no damage goes unnoticed.

import { CheckpointError, type Tensor, tensor } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../src/safetensors.ts";

const tensors = new Map<string, Tensor>([
  [
    "weight",
    tensor([
      [1, -2.5],
      [3, 4],
    ]),
  ],
  ["double", tensor([Math.PI], { dtype: "float64" })],
  ["count", tensor([7, -8], { dtype: "int32" })],
  ["bytes", tensor([0, 255, 3], { dtype: "uint8" })],
  ["mask", tensor([true, false])],
  ["scalar", tensor(0.5)],
  ["empty", tensor([], { dtype: "float32" })],
]);

const encoded = (): Uint8Array => encodeSafetensors({ tensors, metadata: { format: "gradus" } });

/** A file with this header and these data. */
function file(header: unknown, data: number, text = JSON.stringify(header)): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + bytes.length + data);
  new DataView(whole.buffer).setBigUint64(0, BigInt(bytes.length), true);
  whole.set(bytes, 8);
  return whole;
}

test("a file is laid out as the specification has it", () => {
  const bytes = encodeSafetensors({ tensors: new Map([["a", tensor([1, 2])]]), metadata: { format: "gradus" } });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
    __metadata__: { format: "gradus" },
    a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
  });
  expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
});

test("what was written is read, bit for bit, in order, also from a part of a greater buffer", () => {
  const shifted = new Uint8Array(encoded().length + 3);
  shifted.set(encoded(), 3);
  for (const bytes of [encoded(), shifted.subarray(3), Buffer.from(encoded())]) {
    const { tensors: read, metadata } = decodeSafetensors(bytes, "file");
    expect(metadata).toEqual({ format: "gradus" });
    expect([...read.keys()]).toEqual([...tensors.keys()]);
    for (const [name, value] of tensors) {
      expect(read.get(name)?.dtype).toBe(value.dtype);
      expect(read.get(name)?.shape).toEqual(value.shape);
      expect(read.get(name)?.toArray()).toEqual(value.toArray());
    }
  }
});

test("a file is refused at whatever byte it is cut, and with a byte too many", () => {
  const bytes = encoded();
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeSafetensors(bytes.subarray(0, length), "file")).toThrow(CheckpointError);
  }
  expect(() => decodeSafetensors(new Uint8Array([...bytes, 0]), "file")).toThrow("bytes of data, found");
});

const place = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

describe("damage is named", () => {
  test.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "expected at least 8 bytes, found 0"],
    [
      "text",
      new TextEncoder().encode("<!doctype html>"),
      "the header should have 8104636974849335612 bytes, but only 7",
    ],
    ["a header of another format", file(null, 0, "PK nonsense"), "the header is not JSON (it does not begin with {)"],
    ["a header that is cut", file(null, 0, '{"a":'), "the header is not JSON"],
    ["bytes that are no UTF-8", file(null, 0, "").fill(0), "the header is not JSON"],
    ["an unknown dtype", file({ a: { ...place, dtype: "BF16" } }, 8), 'a has dtype "BF16", expected one of F32, F64'],
    ["a name of Object's as dtype", file({ a: { ...place, dtype: "constructor" } }, 8), 'a has dtype "constructor"'],
    ["a negative size", file({ a: { ...place, shape: [-2] } }, 8), "a has shape [-2], expected whole numbers"],
    ["a shape that is none", file({ a: { ...place, shape: "2" } }, 8), 'a has shape "2"'],
    ["three offsets", file({ a: { ...place, data_offsets: [0, 4, 8] } }, 8), "a has data_offsets [0,4,8]"],
    ["backward offsets", file({ a: { ...place, data_offsets: [8, 0] } }, 8), "a has data_offsets [8,0]"],
    ["another size", file({ a: { ...place, shape: [3] } }, 8), "a (F32, [3]) takes 12 bytes, but its offsets span 8"],
    [
      "a gap",
      file({ a: { ...place, data_offsets: [4, 12] } }, 12),
      "the data of a should begin at 0, but its offsets are 4 to 12",
    ],
    ["an overlap", file({ a: place, b: { ...place, data_offsets: [4, 12] } }, 12), "the data of b should begin at 8"],
    ["missing data", file({ a: place }, 4), "expected 8 bytes of data, found 4"],
    ["no entry", file({ a: 3 }, 0), "a is no object with dtype, shape and data_offsets"],
    ["a list for a header", file(null, 0, "[]"), "the header is not JSON (it does not begin with {)"],
    ["numbers as metadata", file({ __metadata__: { version: 1 } }, 0), "__metadata__ must map names to texts"],
    [
      "a truth value that is neither",
      file({ a: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] } }, 1).fill(2, -1),
      "a is BOOL, but has bytes other than 0 and 1",
    ],
  ])("%s", (_, bytes, message) => {
    const read = (): unknown => decodeSafetensors(bytes, "weights");
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(`weights: no safetensors file, or a damaged one: `);
    expect(read).toThrow(message);
  });
});
