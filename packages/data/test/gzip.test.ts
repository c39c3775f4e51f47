import { gzipSync } from "node:zlib";
import { DataError } from "@gradus/core";
import { describe, expect, test } from "vitest";
import { gunzip, isGzip, parseIdx, readIdx } from "../src/index.ts";
import { idxFile, messageOf } from "./files.ts";

const values = Array.from({ length: 300_000 }, (_, index) => (Math.imul(index, 2654435761) >>> 24) & (index >> 8));
const plain = idxFile("uint8", [300, 1000], values);
const packed = new Uint8Array(gzipSync(plain));

const changed = (at: number, value: number): Uint8Array => {
  const copy = packed.slice();
  copy[at] = value;
  return copy;
};

describe("gunzip", () => {
  test("unpacks what zlib packed", async () => {
    expect(packed.length).toBeGreaterThan(100_000);
    expect(Buffer.compare(await gunzip(packed), plain)).toBe(0);
    expect(await gunzip(new Uint8Array(gzipSync(new Uint8Array(0))))).toEqual(new Uint8Array(0));
  });

  test("isGzip looks at the magic number", () => {
    expect(isGzip(packed)).toBe(true);
    expect(isGzip(plain)).toBe(false);
    expect(isGzip(new Uint8Array([0x1f]))).toBe(false);
  });

  test.each([
    ["another format", plain, /f: expected a gzip file, which starts with 1f 8b, found 00 00 at byte 0/],
    ["an empty file", new Uint8Array(0), /found nothing at byte 0/],
    ["a header alone", packed.subarray(0, 10), /at least 18 bytes, found the end of the file at byte 10/],
    ["another method", changed(2, 7), /method 8 \(deflate\), found 7 at byte 2/],
    [
      "a flipped byte in the data",
      changed(70_000, (packed[70_000] ?? 0) ^ 0x55),
      /corrupt gzip file of \d+ bytes: expected/,
    ],
    [
      "a wrong checksum",
      changed(packed.length - 6, (packed[packed.length - 6] ?? 0) ^ 1),
      /checksum, found .* from byte \d+ to the end/,
    ],
    ["a wrong length in the trailer", changed(packed.length - 2, 0x7f), /corrupt gzip file/],
    ["a truncated file", packed.subarray(0, packed.length >> 1), /truncated or corrupt gzip file/],
    ["a trailer cut short", packed.subarray(0, packed.length - 4), /truncated or corrupt gzip file/],
    ["bytes after the end", new Uint8Array([...packed, 1, 2, 3]), /truncated or corrupt gzip file/],
    ["a second member", new Uint8Array([...packed, ...packed]), /truncated or corrupt gzip file/],
  ])("refuses %s", async (_, bytes, message) => {
    expect(await messageOf(DataError, () => gunzip(bytes, { name: "f" }))).toMatch(message);
  });

  test("stops a bomb that declares fewer bytes than it unpacks to", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));
    bomb.set([16, 0, 0, 0], bomb.length - 4);
    const message = await messageOf(DataError, () => gunzip(bomb));
    expect(message).toMatch(/expected to unpack 16 bytes, as the trailer declares at byte \d+, found more than that/);
  });
});

describe("readIdx of a gzip file", () => {
  test("gives the same as the plain file", async () => {
    const { shape, data } = await readIdx(packed);
    expect(shape).toEqual([300, 1000]);
    expect(Buffer.compare(Buffer.from(data), Buffer.from(parseIdx(plain).data))).toBe(0);
  });

  test("refuses a wrong header before it unpacks the rest", async () => {
    const hostile = plain.slice();
    hostile.set([0xff, 0xff, 0xff, 0xff], 4);
    const message = await messageOf(DataError, () => readIdx(new Uint8Array(gzipSync(hostile)), { name: "x.gz" }));
    expect(message).toMatch(/^x\.gz \(unpacked\): expected 4294967295000 bytes of uint8/);
    const swapped = await messageOf(DataError, () => readIdx(packed, { rank: 1 }));
    expect(swapped).toMatch(/expected labels \(1 dimension\), found 2 dimensions \[300,1000\] at byte 3/);
  });

  test("refuses short content", async () => {
    const empty = await messageOf(DataError, () => readIdx(new Uint8Array(gzipSync(new Uint8Array(0)))));
    expect(empty).toMatch(/at least 4 bytes/);
    const short = await messageOf(DataError, () => readIdx(new Uint8Array(gzipSync(plain.subarray(0, 100)))));
    expect(short).toMatch(/expected 300000 bytes of uint8 .* found a length of 100 in gzip's trailer .*truncated/);
  });

  test("does not take a trailer's word for the length of a file that is damaged", async () => {
    for (const damaged of [packed.subarray(0, -50), new Uint8Array([...packed, 1, 2, 3, 4])]) {
      const message = await messageOf(DataError, () => readIdx(damaged, { name: "x.gz" }));
      expect(message).toContain("in gzip's trailer (the file is truncated or corrupt, before it was packed or after");
      expect(message).toContain(`at byte ${damaged.length - 4}`);
      expect(message).not.toContain("more bytes");
    }
  });
});
