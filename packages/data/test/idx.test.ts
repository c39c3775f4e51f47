import { DataError } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { parseIdx, readIdx } from "../src/index.ts";
import { idxFile, messageOf } from "./files.ts";

const file = idxFile("uint8", [2, 3], [1, 2, 3, 4, 5, 255]);

/** A header alone: element type, then the sizes. */
const header = (type: number, ...sizes: number[]): Uint8Array =>
  new Uint8Array([0, 0, type, sizes.length, ...sizes.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size])]);

describe("parseIdx reads", () => {
  test.each([
    ["uint8", [0, 1, 128, 255], Uint8Array],
    ["int8", [0, 1, -1, -128], Int8Array],
    ["int16", [0, 258, -2, -32768], Int16Array],
    ["int32", [0, 16909060, -2, -(2 ** 31)], Int32Array],
    ["float32", [0, 0.5, -1e-3, Number.NaN], Float32Array],
    ["float64", [0, Math.PI, -1e-300, Number.POSITIVE_INFINITY], Float64Array],
  ] as const)("%s", (dtype, values, kind) => {
    const array = parseIdx(idxFile(dtype, [2, 2], values));
    expect(array.dtype).toBe(dtype);
    expect(array.shape).toEqual([2, 2]);
    expect(array.data).toBeInstanceOf(kind);
    expect(array.data).toEqual(kind.from(values));
  });

  test("the example of its documentation", () => {
    const array = parseIdx(new Uint8Array([0, 0, 0x08, 1, 0, 0, 0, 3, 5, 0, 4]));
    expect(array).toEqual({ dtype: "uint8", shape: [3], data: new Uint8Array([5, 0, 4]) });
  });

  test("bytes without a copy, from any place in a buffer", () => {
    const inside = new Uint8Array([9, 9, 9, ...file]).subarray(3);
    const { data } = parseIdx(inside);
    expect(data).toEqual(new Uint8Array([1, 2, 3, 4, 5, 255]));
    expect(data.buffer).toBe(inside.buffer);
  });

  test("wider elements from an odd place in a buffer", () => {
    const inside = new Uint8Array([9, ...idxFile("float64", [1], [Math.E])]).subarray(1);
    expect(parseIdx(inside).data[0]).toBe(Math.E);
  });

  test("no dimensions (one element) and no elements", () => {
    expect(parseIdx(idxFile("int16", [], [7]))).toEqual({ dtype: "int16", shape: [], data: Int16Array.of(7) });
    expect(parseIdx(idxFile("uint8", [0, 28, 28], [])).shape).toEqual([0, 28, 28]);
  });
});

describe("parseIdx refuses", () => {
  test.each([
    ["an empty file", new Uint8Array(0), /at least 4 bytes.*end of the file at byte 0/],
    ["three bytes", new Uint8Array([0, 0, 8]), /at least 4 bytes.*end of the file at byte 3/],
    ["another format", new TextEncoder().encode("<!doctype html>"), /starts with 00 00, found 3c 21 64 6f at byte 0/],
    ["a gzip file", new Uint8Array([0x1f, 0x8b, 8, 0, 0]), /found 1f 8b 08 00 \(a gzip file.*at byte 0/],
    ["an unknown element type", header(0x0a, 1), /element type .*found 0a at byte 2/],
    [
      "a header cut short",
      header(8, 1, 2).subarray(0, 9),
      /2 sizes up to byte 12, found the end of the file at byte 9/,
    ],
    [
      "a truncated file",
      file.subarray(0, 15),
      /6 bytes of uint8 \[2,3\] from byte 12 to 18, found the end .*3 bytes short\) at byte 15/,
    ],
    ["trailing bytes", new Uint8Array([...file, 0]), /the end of the file, found 1 more bytes at byte 18/],
    ["sizes that promise more than the file", header(14, 60000, 28, 28), /376320000 bytes of float64 .*at byte 16/],
    [
      "sizes whose product overflows",
      header(8, 0xffffffff, 0xffffffff, 0xffffffff),
      /product below 2⁵³, found \[4294967295,.*at byte 4/,
    ],
    ["sizes that overflow beside a zero", header(8, 0, 0xffffffff, 0xffffffff), /product below 2⁵³/],
    ["255 dimensions of the largest size", header(14, ...new Array<number>(255).fill(0xffffffff)), /product below 2⁵³/],
  ])("%s", async (_, bytes, message) => {
    expect(await messageOf(DataError, () => parseIdx(bytes))).toMatch(message);
  });

  test("images in the place of labels, and the reverse", async () => {
    const images = idxFile("uint8", [1, 2, 2], [1, 2, 3, 4]);
    const labels = idxFile("uint8", [2], [1, 2]);
    const first = await messageOf(DataError, () => parseIdx(images, { rank: 1, name: "a.idx" }));
    expect(first).toBe("a.idx: expected labels (1 dimension), found images (3 dimensions) [1,2,2] at byte 3");
    const second = await messageOf(DataError, () => parseIdx(labels, { rank: 3, name: "b.idx" }));
    expect(second).toBe("b.idx: expected images (3 dimensions), found labels (1 dimension) [2] at byte 3");
  });

  test("every truncation of a good file", () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => parseIdx(file.subarray(0, length))).toThrow(DataError);
    }
  });

  test("or reads, but never fails in another way, on random headers", () => {
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (let trial = 0; trial < 5000; trial++) {
      const bytes = file.slice(0, Math.floor(random() * (file.length + 1)));
      for (let change = 0; change < 3 && bytes.length > 0; change++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      try {
        const { shape, data } = parseIdx(bytes);
        expect(shape.reduce((product, size) => product * size, 1)).toBe(data.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });
});

describe("readIdx", () => {
  test("takes bytes, buffers, blobs, responses and data addresses", async () => {
    const address = `data:application/octet-stream;base64,${Buffer.from(file).toString("base64")}`;
    for (const source of [file, file.buffer, new Blob([file]), new Response(file), address, new URL(address)]) {
      expect((await readIdx(source)).data).toEqual(new Uint8Array([1, 2, 3, 4, 5, 255]));
    }
  });

  test("names a path or address that cannot be read", async () => {
    const path = await messageOf(DataError, () => readIdx("/nowhere/labels.idx"));
    expect(path).toMatch(/^\/nowhere\/labels\.idx: cannot read the file .*ENOENT/);
    const address = await messageOf(DataError, () => readIdx("http://127.0.0.1:1/labels.idx"));
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:1\/labels\.idx: cannot fetch .*check the address/);
    const status = await messageOf(DataError, () =>
      readIdx(new Response("no", { status: 404, statusText: "Not Found" })),
    );
    expect(status).toMatch(/found status 404 Not Found/);
  });
});
