// Pictures: every kind of PNG as bytes of pixels, folders as datasets, and damage named with its file.
// The decoder's own refusals are examined where the demo reads pictures (apps/mnist/test/picture.test.ts).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DataError, OptionError } from "@gradus/core";
import { afterAll, describe, expect, test } from "vitest";
import { type Colour, encodePng, type PngImage } from "../../../apps/mnist/test/png-encoder.ts";
import { decodePng, imageFolder, isPng, readImage, readImages } from "../src/images.ts";

const folder = mkdtempSync(join(tmpdir(), "gradus-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

const kinds: Record<Colour, { readonly depths: readonly PngImage["depth"][]; readonly channels: number }> = {
  grey: { depths: [1, 2, 4, 8, 16], channels: 1 },
  rgb: { depths: [8, 16], channels: 3 },
  palette: { depths: [1, 2, 4, 8], channels: 3 },
  greyAlpha: { depths: [8, 16], channels: 2 },
  rgba: { depths: [8, 16], channels: 4 },
};
const samplesOf = { grey: 1, rgb: 3, palette: 1, greyAlpha: 2, rgba: 4 } as const;

/** Sample `part` of a pixel, in a pattern that differs in x, y and part. */
const level = (x: number, y: number, part: number, most: number): number => (x * 7 + y * 13 + part * 5) % (most + 1);

const all = (Object.keys(kinds) as Colour[]).flatMap((colour) =>
  kinds[colour].depths.flatMap((depth) => [false, true].map((interlaced) => ({ colour, depth, interlaced }))),
);

test.each(all)(
  "a PNG of $colour, $depth bits, interlaced: $interlaced, is decoded to the bit",
  async ({ colour, depth, interlaced }) => {
    const most = 2 ** depth - 1;
    const palette = Array.from(
      { length: most + 1 },
      (_, index) => [index % 256, (3 * index) % 256, 255 - (index % 256)] as const,
    );
    for (const [width, height] of [
      [13, 9],
      [1, 1],
      [3, 2],
      [5, 17],
    ] as const) {
      const pixel = (x: number, y: number): number[] =>
        Array.from({ length: samplesOf[colour] }, (_, part) => level(x, y, part, most));
      const png = encodePng({
        width,
        height,
        colour,
        depth,
        interlaced,
        pixel,
        ...(colour === "palette" && { palette }),
      });
      const image = await decodePng(png);
      const { channels } = kinds[colour];
      expect([image.width, image.height, image.channels, image.most]).toEqual([
        width,
        height,
        channels,
        depth === 16 ? 65535 : 255,
      ]);
      const expected = Array.from({ length: width * height }, (_, index) => {
        const [x, y] = [index % width, Math.floor(index / width)];
        if (colour === "palette") return [...(palette[level(x, y, 0, most)] ?? [])];
        return pixel(x, y).map((value) => (depth < 8 ? (value * 255) / most : value));
      });
      expect([...image.data]).toEqual(expected.flat());
    }
  },
);

describe("a picture as bytes", () => {
  const rgba = encodePng({
    width: 2,
    height: 1,
    colour: "rgba",
    depth: 8,
    pixel: (x) => (x === 0 ? [200, 100, 50, 255] : [0, 0, 0, 51]),
  });
  test("has the channels that are asked for, on the background where it is transparent", async () => {
    expect(await readImage(rgba)).toEqual({ data: new Uint8Array([200, 100, 50, 204, 204, 204]), shape: [1, 2, 3] });
    expect((await readImage(rgba, { background: 0 })).data).toEqual(new Uint8Array([200, 100, 50, 0, 0, 0]));
    expect((await readImage(rgba, { channels: 4 })).data).toEqual(new Uint8Array([200, 100, 50, 255, 0, 0, 0, 51]));
    const luma = Math.round(0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50);
    expect(await readImage(rgba, { channels: 1 })).toEqual({ data: new Uint8Array([luma, 204]), shape: [1, 2, 1] });
  });

  test("of 16 bits is rounded, and of grey alike in every colour", async () => {
    const deep = encodePng({ width: 1, height: 1, colour: "grey", depth: 16, pixel: () => [0x8081] });
    expect((await readImage(deep)).data).toEqual(new Uint8Array([128, 128, 128]));
    expect((await readImage(new Blob([new Uint8Array(deep)]), { channels: 4 })).data).toEqual(
      new Uint8Array([128, 128, 128, 255]),
    );
  });

  test("with a transparent colour has opacity", async () => {
    const keyed = encodePng({ width: 2, height: 1, colour: "grey", depth: 8, pixel: (x) => [x], transparency: [0, 1] });
    expect([...(await decodePng(keyed)).data]).toEqual([0, 255, 1, 0]);
    const colours = encodePng({
      width: 2,
      height: 1,
      colour: "rgb",
      depth: 8,
      pixel: (x) => [x, 2, 3],
      transparency: [0, 1, 0, 2, 0, 3],
    });
    expect([...(await decodePng(colours)).data]).toEqual([0, 2, 3, 255, 1, 2, 3, 0]);
  });

  test("that is none, is damaged or not there, is refused by name", async () => {
    expect([isPng(rgba), isPng(new Uint8Array(8))]).toEqual([true, false]);
    await expect(readImage(new Uint8Array([1, 2, 3]))).rejects.toThrow(
      "image: cannot read the PNG: it does not begin as a PNG file",
    );
    const path = join(folder, "cut.png");
    writeFileSync(path, rgba.subarray(0, 40));
    await expect(readImage(path)).rejects.toThrow(`${path}: cannot read the PNG: it ends too early, at byte 40`);
    await expect(readImage(join(folder, "none.png"))).rejects.toThrow("cannot read the file");
    await expect(readImage(rgba, { background: 256 })).rejects.toThrow(
      "readImage: background must be from 0 to 255, got 256",
    );
    const two: object = { channels: 2 };
    await expect(readImage(rgba, two)).rejects.toThrow(OptionError);
    for (let at = 0; at < rgba.length; at++) {
      await expect(decodePng(rgba.subarray(0, at))).rejects.toThrow(DataError);
      await expect(decodePng(rgba.map((byte, index) => (index === at ? byte ^ 0x55 : byte)))).rejects.toThrow(
        DataError,
      );
    }
  });
});

describe("a folder", () => {
  const grey = (value: number, width = 3): Buffer =>
    encodePng({ width, height: 2, colour: "grey", depth: 8, pixel: (x) => [value + x] });
  const make = (name: string, files: Readonly<Record<string, Buffer | string>>): string => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, path, ".."), { recursive: true });
      writeFileSync(join(folder, name, path), content);
    }
    return join(folder, name);
  };

  test("has a class for each sub-folder, and its pixels as bytes until a batch is made", async () => {
    const path = make("good", {
      "dog/b.png": grey(30),
      "dog/a.PNG": grey(20),
      "cat/x.png": grey(10),
      ".hidden/x": "",
      "dog/.DS_Store": "",
      "note.txt": "",
    });
    for (const place of [path, `${path}/`, pathToFileURL(path)]) {
      const dataset = await imageFolder(place, { channels: 1 });
      expect([dataset.classes, dataset.files]).toEqual([
        ["cat", "dog"],
        ["cat/x.png", "dog/a.PNG", "dog/b.png"],
      ]);
      expect(dataset.inputs.data).toBeInstanceOf(Uint8Array);
      const { inputs, targets } = dataset.batch([2, 0]);
      expect([inputs.shape, inputs.dtype, targets.toArray()]).toEqual([[2, 2, 3, 1], "float32", [1, 0]]);
      expect(inputs.toTypedArray()[1]).toBe(Math.fround(31 / 255));
    }
  });

  test("is refused with the file that is wrong", async () => {
    const good = { "a/1.png": grey(1) };
    const cases: readonly (readonly [string, Readonly<Record<string, Buffer | string>>, string])[] = [
      [
        "size",
        { ...good, "b/2.png": grey(1, 4) },
        "b/2.png: expected 2 × 3 pixels (height × width), as the first image has, found 2 × 4",
      ],
      ["kind", { ...good, "a/2.jpg": "" }, "a/2.jpg: expected PNG files alone"],
      ["text", { ...good, "a/2.png": "hello" }, "a/2.png: cannot read the PNG"],
      ["none", { "1.png": grey(1) }, "expected a sub-folder for each class, found none"],
      ["empty", { ...good, "b/.x": "" }, "b: expected PNG files, found none"],
    ];
    for (const [name, files, words] of cases) await expect(imageFolder(make(name, files))).rejects.toThrow(words);
    await expect(imageFolder(join(folder, "nowhere"))).rejects.toThrow("cannot read the folder");
    await expect(imageFolder(join(folder, "size"), { size: [3, 3] })).rejects.toThrow(
      "expected 3 × 3 pixels (height × width), found 2 × 3",
    );
    await expect(imageFolder("https://example.org/")).rejects.toThrow(DataError);
  });

  test("or a list of files with labels", async () => {
    const dataset = await readImages(
      [
        { image: grey(5), label: 3 },
        { image: new Blob([new Uint8Array(grey(9))]), label: 0 },
      ],
      { channels: 1 },
    );
    expect(dataset.batch([0, 1]).targets.toArray()).toEqual([3, 0]);
    await expect(readImages([])).rejects.toThrow("there are no images");
    await expect(readImages([{ image: grey(5), label: -1 }])).rejects.toThrow(
      "label of image 0 must be a whole number ≥ 0, got -1",
    );
    await expect(readImages([{ image: grey(5), label: 0 }], { size: [0, 3] })).rejects.toThrow(
      "size must be [height, width]",
    );
  });
});
