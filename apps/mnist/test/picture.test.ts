// PNG files of every kind, and files that are none.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { Failure } from "../src/failure.ts";
import { type Picture, readPicture } from "../src/picture.ts";
import { type Colour, chunk, encodePng, type PngImage } from "./png-encoder.ts";
import { scratchFolder } from "./program.ts";

const folder = scratchFolder();

function read(bytes: Uint8Array, name = "image.png"): Promise<Picture> {
  writeFileSync(join(folder, name), bytes);
  return readPicture(join(folder, name));
}

const depths: Readonly<Record<Colour, readonly PngImage["depth"][]>> = {
  grey: [1, 2, 4, 8, 16],
  rgb: [8, 16],
  palette: [1, 2, 4, 8],
  greyAlpha: [8, 16],
  rgba: [8, 16],
};

/** Grey from 0 to 1 in a pattern that differs in x and y. */
const pattern = (x: number, y: number): number => ((x * 7 + y * 13) % 16) / 15;

function image(colour: Colour, depth: PngImage["depth"], interlaced: boolean, width: number, height: number): PngImage {
  const most = 2 ** depth - 1;
  const level = (x: number, y: number): number => Math.round(pattern(x, y) * most);
  const samples = { grey: 1, rgb: 3, palette: 1, greyAlpha: 1, rgba: 3 }[colour];
  const opaque = colour === "greyAlpha" || colour === "rgba" ? [most] : [];
  const steps = Array.from({ length: most + 1 }, (_, index) => Math.round((index * 255) / most));
  return {
    width,
    height,
    colour,
    depth,
    interlaced,
    pixel: (x, y) => [...Array<number>(samples).fill(level(x, y)), ...opaque],
    ...(colour === "palette" && { palette: steps.map((grey) => [grey, grey, grey] as const) }),
  };
}

const kinds = Object.entries(depths).flatMap(([colour, list]) =>
  list.flatMap((depth) => [false, true].map((interlaced) => [colour as Colour, depth, interlaced] as const)),
);

describe("every colour type, bit depth and interlacing", () => {
  test.each(kinds)("%s, %i bits, interlaced: %s", async (colour, depth, interlaced) => {
    for (const [width, height] of [
      [13, 9],
      [1, 1],
      [3, 2],
      [40, 30],
    ] as const) {
      const { values, ...size } = await read(encodePng(image(colour, depth, interlaced, width, height)));
      expect(size).toEqual({ width, height });
      const most = 2 ** depth - 1;
      const expected = Float32Array.from({ length: width * height }, (_, index) => {
        return Math.round(pattern(index % width, Math.floor(index / width)) * most) / most;
      });
      expect(Math.max(...values.map((value, index) => Math.abs(value - (expected[index] ?? 0))))).toBeLessThan(0.006);
    }
  });
});

describe("transparency shows the ink", () => {
  const square = (x: number, y: number): boolean => x > 2 && x < 6 && y > 2 && y < 6;
  test.each([
    ["black", 0, [1, 0]],
    ["white", 255, [0, 1]],
  ] as const)("%s ink on nothing", async (_, level, [paper, ink]) => {
    const pixel = (x: number, y: number): number[] => (square(x, y) ? [level, 255] : [level, 0]);
    const { values } = await read(encodePng({ width: 9, height: 9, colour: "greyAlpha", depth: 8, pixel }));
    expect(values[0]).toBe(paper);
    expect(values[4 * 9 + 4]).toBeCloseTo(ink);
  });

  test("a transparent entry of a palette", async () => {
    const pixel = (x: number, y: number): number[] => [square(x, y) ? 1 : 0];
    const palette = [
      [0, 0, 0],
      [0, 0, 0],
    ] as const;
    const { values } = await read(
      encodePng({ width: 9, height: 9, colour: "palette", depth: 1, pixel, palette, transparency: [0, 255] }),
    );
    expect([values[0], values[4 * 9 + 4]]).toEqual([1, 0]);
  });
});

test("colours weigh as bright as they look", async () => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
  ] as const;
  const { values } = await read(
    encodePng({ width: 3, height: 1, colour: "rgb", depth: 8, pixel: (x) => colours[x] ?? [0, 0, 0] }),
  );
  expect([...values].map((value) => value.toFixed(4))).toEqual(["0.2126", "0.7152", "0.0722"]);
});

describe("what is no PNG is refused", () => {
  const png = encodePng(image("rgb", 8, false, 30, 30));
  const huge = Buffer.from(png);
  huge.writeUInt32BE(100_000, 16);
  huge.writeUInt32BE(100_000, 20);
  huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
  test.each<[string, Uint8Array, string]>([
    ["an empty file", Buffer.alloc(0), "is no PNG: the file is empty"],
    ["text", Buffer.from("a picture of a seven"), "is no PNG: it does not begin as one"],
    ["a JPEG", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), "is no PNG: it is a JPEG file; save the picture as PNG"],
    ["the signature alone", png.subarray(0, 8), "it ends too early, at byte"],
    ["a file that is cut", png.subarray(0, png.length >> 1), "it ends too early, at byte"],
    ["a changed byte", png.map((byte, at) => (at === 60 ? byte ^ 1 : byte)), "the checksum at byte"],
    ["more pixels than memory", huge, "100000 × 100000 pixels are too many; make it smaller"],
  ])("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(Failure);
    await expect(read(bytes)).rejects.toThrow(message);
  });

  test("no file, and a folder", async () => {
    await expect(readPicture(join(folder, "none.png"))).rejects.toThrow("there is no such file or folder");
    mkdirSync(join(folder, "sub"));
    await expect(readPicture(join(folder, "sub"))).rejects.toThrow("it is a folder, not a file");
  });
});

describe("damage behind right checksums is found as well", () => {
  const signature = encodePng(image("grey", 8, false, 1, 1)).subarray(0, 8);
  const end = chunk("IEND", Buffer.alloc(0));
  const header = (width: number, height: number, ...rest: number[]): Buffer => {
    const data = Buffer.alloc(13);
    data.writeUInt32BE(width, 0);
    data.writeUInt32BE(height, 4);
    data.set(rest, 8);
    return chunk("IHDR", data);
  };
  const grey = header(20, 20, 8, 0, 0, 0, 0);
  const indexed = header(20, 20, 8, 3, 0, 0, 0);
  const rows = (bytes: Uint8Array): Buffer => chunk("IDAT", deflateSync(bytes));
  const good = Buffer.alloc(20 * 21);
  const palette = chunk("PLTE", Buffer.from([1, 2, 3]));
  test.each<[string, readonly Buffer[], string]>([
    ["no rows", [grey, end], "its compressed rows are broken"],
    ["empty rows", [grey, chunk("IDAT", Buffer.alloc(0)), end], "its compressed rows are broken"],
    [
      "rows that are no zlib stream",
      [grey, chunk("IDAT", Buffer.from("rubbish")), end],
      "its compressed rows are broken",
    ],
    [
      "a stream that is cut",
      [grey, chunk("IDAT", deflateSync(good).subarray(0, -6)), end],
      "its compressed rows are broken",
    ],
    ["too few rows", [grey, rows(good.subarray(21)), end], "expected 420 bytes of rows, found 399"],
    ["too many rows", [grey, rows(Buffer.alloc(9999)), end], "expected 420 bytes of rows, found more"],
    ["no end", [grey, rows(good)], "it ends too early, at byte"],
    ["an unknown filter", [grey, rows(good.map(() => 9)), end], "a row has the unknown filter 9"],
    ["no pixels", [header(0, 20, 8, 0, 0, 0, 0), rows(good), end], "it has 0 × 20 pixels"],
    [
      "an unknown colour type",
      [header(20, 20, 8, 5, 0, 0, 0), rows(good), end],
      "there is no colour type 5 with 8 bits",
    ],
    ["an impossible depth", [header(20, 20, 4, 2, 0, 0, 0), rows(good), end], "there is no colour type 2 with 4 bits"],
    ["an unknown interlacing", [header(20, 20, 8, 0, 0, 0, 2), rows(good), end], "interlacing is unknown"],
    ["a short header", [chunk("IHDR", Buffer.alloc(12)), rows(good), end], "expected a header of 13 bytes, found 12"],
    ["rows before the header", [rows(good), grey, end], 'expected a header, found a chunk "IDAT"'],
    ["a necessary chunk of the future", [grey, chunk("JXLi", good), rows(good), end], 'its chunk "JXLi" is unknown'],
    ["no palette", [indexed, rows(good), end], "expected a palette of three bytes per colour, found 0"],
    ["an index too high", [indexed, palette, rows(good.fill(1, 1, 21)), end], "a pixel has colour 1 of a palette of 1"],
  ])("%s", async (_, chunks, message) => {
    await expect(read(Buffer.concat([signature, ...chunks]))).rejects.toThrow(Failure);
    await expect(read(Buffer.concat([signature, ...chunks]))).rejects.toThrow(message);
  });

  test("what need not be known is passed over, and rows may come in parts", async () => {
    const stream = deflateSync(Buffer.alloc(20 * 21, 0));
    const parts = [chunk("IDAT", stream.subarray(0, 5)), chunk("IDAT", stream.subarray(5))];
    const file = Buffer.concat([signature, grey, chunk("tEXt", Buffer.from("Title\0seven")), ...parts, end]);
    expect(await read(file)).toMatchObject({ width: 20, height: 20 });
  });
});

test("no cut and no changed byte is taken for a picture of something else, or never answered", async () => {
  const png = encodePng(image("grey", 8, false, 20, 20));
  for (let at = 0; at < png.length; at += 5) {
    await expect(read(png.subarray(0, at))).rejects.toThrow(Failure);
    await expect(read(png.map((byte, index) => (index === at ? byte ^ 0x55 : byte)))).rejects.toThrow(Failure);
  }
});
