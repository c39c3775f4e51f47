// The safetensors format: what is written by its specification, what is read, and that no damage goes unnoticed.

import { CheckpointError, type Tensor, tensor, zeros } from "@gradus/core";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/checkpoint.ts";
import { file, malformed } from "./malformed.ts";

const tensors = new Map<string, Tensor>([
  ["mask", tensor([true, false, true])],
  ["weight", tensor([1, -2.5, 3, Number.NaN], { shape: [2, 2] })],
  ["double", tensor(new Float64Array([Math.PI, -0, Number.NEGATIVE_INFINITY]))],
  ["count", tensor([7, -8], { dtype: "int32" })],
  ["bytes", tensor(Uint8Array.of(0, 255, 3))],
  ["scalar", tensor(0.5)],
  ["empty", zeros([0, 3])],
  ["0", tensor([1])],
  ["__proto__", tensor([2])],
  ['odd "name"\n\u{1f600}', tensor([3])],
]);

const written = (): Uint8Array => writeSafetensors({ tensors, metadata: { format: "gradus", 1: "one" } });

test("a file is laid out as the specification has it", () => {
  const bytes = writeSafetensors({
    tensors: { c: tensor(Uint8Array.of(9)), a: tensor([1, 2]) },
    metadata: { k: "v" },
  });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  // Wider elements come first, so that all are aligned.
  expect(text.trimEnd()).toBe(
    '{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}',
  );
  expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64, 9]);
});

test("what was written is read, bit for bit, from any place in a greater buffer", () => {
  const shifted = new Uint8Array(written().length + 3);
  shifted.set(written(), 3);
  for (const bytes of [written(), shifted.subarray(3), Buffer.from(written())]) {
    const { tensors: read, metadata } = readSafetensors(bytes);
    expect([...metadata]).toEqual([
      ["1", "one"],
      ["format", "gradus"],
    ]);
    expect([...read.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, value] of tensors) {
      const found = read.get(name);
      expect(found?.dtype).toBe(value.dtype);
      expect(found?.shape).toEqual(value.shape);
      expect(Object.is(found?.toTypedArray().toString(), value.toTypedArray().toString())).toBe(true);
      expect(found?.toTypedArray()).toEqual(value.toTypedArray());
    }
  }
  expect(readSafetensors(writeSafetensors({ tensors: {} })).tensors.size).toBe(0);
});

test("what was read does not change with the bytes that it was read from", () => {
  const bytes = written();
  const { tensors: read } = readSafetensors(bytes);
  bytes.fill(255);
  expect(read.get("count")?.toArray()).toEqual([7, -8]);
});

/** A file of one tensor. */
const single = (dtype: string, count: number, data: Uint8Array): Uint8Array =>
  file(`{"x":{"dtype":"${dtype}","shape":[${count}],"data_offsets":[0,${data.length}]}} `, data);
const read = (dtype: string, count: number, data: Uint8Array): Tensor | undefined =>
  readSafetensors(single(dtype, count, data)).tensors.get("x");
const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);

test("every float16 is read exactly", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, index) => index);
  const values = read("F16", 65536, bytesOf(all))?.toTypedArray() ?? [];
  let wrong = 0;
  for (const bits of all) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    const special = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    const finite = sign * 2 ** (Math.max(exponent, 1) - 15) * ((exponent > 0 ? 1 : 0) + fraction / 1024);
    if (!Object.is(values[bits], exponent === 31 ? special : finite)) wrong++;
  }
  expect(wrong).toBe(0);
});

test("every bfloat16 is the float32 that it is the upper half of", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, index) => index);
  const values = read("BF16", 65536, bytesOf(all))?.toTypedArray() ?? [];
  const view = new DataView(new ArrayBuffer(4));
  for (const bits of all) {
    view.setUint16(0, bits);
    if (!Object.is(values[bits], view.getFloat32(0))) throw new Error(`bfloat16 ${bits}: ${values[bits]}`);
  }
});

test("whole numbers of other sizes become int32 where they fit", () => {
  const least = -(2 ** 31);
  const most = 2 ** 31 - 1;
  const big = [0n, -1n, BigInt(least), BigInt(most)];
  expect(read("I64", 4, bytesOf(BigInt64Array.from(big)))?.toArray()).toEqual([0, -1, least, most]);
  expect(read("U64", 2, bytesOf(BigUint64Array.of(0n, BigInt(most))))?.toArray()).toEqual([0, most]);
  expect(read("U32", 2, bytesOf(Uint32Array.of(5, most)))?.toArray()).toEqual([5, most]);
  expect(read("I16", 3, bytesOf(Int16Array.of(-32768, 32767, -1)))?.toArray()).toEqual([-32768, 32767, -1]);
  expect(read("U16", 2, bytesOf(Uint16Array.of(0, 65535)))?.toArray()).toEqual([0, 65535]);
  expect(read("I8", 3, bytesOf(Int8Array.of(-128, 127, -1)))?.toArray()).toEqual([-128, 127, -1]);
  for (const value of [2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n, 2n ** 62n, -(2n ** 63n)]) {
    expect(() => read("I64", 2, bytesOf(BigInt64Array.of(0n, value)))).toThrow(
      `x is I64, and its element 1, ${value},`,
    );
  }
});

test("spaces may stand where JSON lets them, escapes are read, empty tensors lie anywhere", () => {
  const header = `{ "\\u0061\\ud83d\\ude00" :\t{ "shape" : [ ] , "dtype":"U8",\n"data_offsets":[ 0 , 1 ] } ,
    "e":{"dtype":"F64","shape":[0,9007199254740991],"data_offsets":[0,0]},
    "f":{"dtype":"F64","shape":[5,0],"data_offsets":[1,1]}}      `;
  const { tensors: found } = readSafetensors(file(header, Uint8Array.of(7)));
  expect(found.get("a\u{1f600}")?.item()).toBe(7);
  expect(found.get("e")?.shape).toEqual([0, 9007199254740991]);
  expect(found.get("f")?.size).toBe(0);
});

test("a name like __proto__ is a name like any other", () => {
  const { tensors: found, metadata } = readSafetensors(
    file('{"__metadata__":{"__proto__":"x"},"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1),
  );
  expect([...metadata]).toEqual([["__proto__", "x"]]);
  expect([...found.keys()]).toEqual(["__proto__"]);
  expect(Reflect.get({}, "dtype")).toBeUndefined();
});

test("a file is refused at whatever byte it is cut, and with a byte too many", () => {
  const bytes = written();
  for (let length = 0; length < bytes.length; length++) {
    expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(CheckpointError);
  }
  expect(() => readSafetensors(new Uint8Array([...bytes, 0]))).toThrow("bytes of data, found");
});

test("there are as many malformed files as rules", () => expect(malformed.length).toBeGreaterThanOrEqual(60));

test.each(malformed)("%s is refused", (_, bytes, message) => {
  const refused = (): unknown => readSafetensors(bytes, "weights.safetensors");
  expect(refused).toThrow(CheckpointError);
  expect(refused).toThrow("weights.safetensors: no safetensors file, or a damaged one: ");
  expect(refused).toThrow(message);
});

test("a message is one short line, whatever the file says", () => {
  for (const bytes of [file(`{"${"x".repeat(10_000)}":3}`), file('{"a\\nb\\u001b[31m":3}')]) {
    let message = "";
    try {
      readSafetensors(bytes);
    } catch (error) {
      message = String(error);
    }
    expect(message.length).toBeGreaterThan(40);
    expect(message.length).toBeLessThan(400);
    expect(/\p{Cc}/u.test(message)).toBe(false);
  }
});

test("names that the format cannot hold are not written", () => {
  expect(() => writeSafetensors({ tensors: { __metadata__: tensor(1) } })).toThrow(CheckpointError);
  expect(() => writeSafetensors({ tensors: { "\ud800": tensor(1) } })).toThrow(CheckpointError);
  expect(() => writeSafetensors({ tensors: {}, metadata: { k: "\udfff" } })).toThrow(CheckpointError);
});
