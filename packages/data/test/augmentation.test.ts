// Images changed: exactly where that is possible, by the formula where not, and at random within bounds.

import {
  DTypeError,
  Generator,
  manualSeed,
  OptionError,
  pad,
  ShapeError,
  type Tensor,
  tensor,
  uniform,
} from "@gradus/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AugmentOptions,
  addNoise,
  augment,
  DataLoader,
  flipImages,
  fromArrays,
  IterableDataset,
  rotateImages,
  shiftImages,
  zoomImages,
} from "../src/index.ts";

const image = tensor([
  [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ],
]);

const some = (shape: readonly number[], seed = 0): Tensor =>
  uniform(shape, { dtype: "float64", generator: new Generator(seed) });

function distance(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  const other = b.toTypedArray();
  return Math.max(0, ...Array.from(a.toTypedArray(), (value, index) => Math.abs(value - (other[index] ?? Number.NaN))));
}

describe("exact", () => {
  test("shifts by whole pixels", () => {
    expect(shiftImages(image, [1, 0]).toArray()).toEqual([
      [
        [0, 0, 0],
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(shiftImages(image, [-1, 1], { fill: 7 }).toArray()).toEqual([
      [
        [7, 4, 5],
        [7, 7, 8],
        [7, 7, 7],
      ],
    ]);
    expect(shiftImages(image, [0, 9]).toArray()).toEqual([
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ]);
    const bytes = tensor(new Uint8Array([1, 2, 3, 4]), { shape: [1, 2, 2] });
    const moved = shiftImages(bytes, [0, 1]);
    expect([moved.dtype, moved.toArray()]).toEqual([
      "uint8",
      [
        [
          [0, 1],
          [0, 3],
        ],
      ],
    ]);
  });

  test("shifts there and back give what stayed inside", () =>
    fc.assert(
      fc.property(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), (down, right) => {
        const inner = pad(some([2, 3, 3, 2]), [
          [0, 0],
          [3, 3],
          [3, 3],
          [0, 0],
        ]);
        expect(distance(shiftImages(shiftImages(inner, [down, right]), [-down, -right]), inner)).toBe(0);
      }),
      { numRuns: 30 },
    ));

  test("quarter turns, counter-clockwise", () => {
    expect(rotateImages(image, 90).toArray()).toEqual([
      [
        [3, 6, 9],
        [2, 5, 8],
        [1, 4, 7],
      ],
    ]);
    for (const size of [4, 5, 28]) {
      const images = some([2, size, size, 3]);
      const turned = images.permute([0, 2, 1, 3]).flip([1]);
      expect(distance(rotateImages(images, 90), turned)).toBeLessThan(1e-12);
      expect(distance(rotateImages(images, -270), turned)).toBeLessThan(1e-12);
      expect(distance(rotateImages(images, 180), images.flip([1, 2]))).toBeLessThan(1e-12);
      expect(distance(rotateImages(rotateImages(images, 37), 0), rotateImages(images, 37))).toBe(0);
    }
  });

  test("flips, of all or some images, twice nothing", () => {
    expect(flipImages(image).toArray()).toEqual([
      [
        [3, 2, 1],
        [6, 5, 4],
        [9, 8, 7],
      ],
    ]);
    const images = some([3, 2, 5, 3]);
    expect(distance(flipImages(flipImages(images)), images)).toBe(0);
    const second = flipImages(images, [false, true, false]);
    expect(distance(second.slice([0, 1]), images.slice([0, 1]))).toBe(0);
    expect(distance(second.slice([1, 2]), flipImages(images).slice([1, 2]))).toBe(0);
  });
});

describe("between pixels, the formula", () => {
  test("a shift by half a pixel is the mean of two, a place in the middle that of four", () => {
    expect(shiftImages(image, [0, 0.5]).toArray()).toEqual([
      [
        [0.5, 1.5, 2.5],
        [2, 4.5, 5.5],
        [3.5, 7.5, 8.5],
      ],
    ]);
    expect(shiftImages(image, [-0.25, -0.5]).slice([0, 1], [0, 1], [0, 1]).item()).toBeCloseTo(
      0.75 * 0.5 * (1 + 2) + 0.25 * 0.5 * (4 + 5),
      6,
    );
  });

  test("a plane stays a plane under zoom and turn, away from the border", () => {
    const plane = (f: (y: number, x: number) => number): Tensor =>
      tensor(
        Float64Array.from({ length: 81 }, (_, index) => f(Math.floor(index / 9) - 4, (index % 9) - 4)),
        { shape: [1, 9, 9] },
      );
    const slope = plane((y, x) => 3 * x - 2 * y);
    expect(
      distance(
        zoomImages(slope, 2),
        plane((y, x) => (3 * x - 2 * y) / 2),
      ),
    ).toBeLessThan(1e-12);
    const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const inside = (images: Tensor): Tensor => images.slice([0, 1], [2, 7], [2, 7]);
    // What is at (x, y) after a turn by 30° was at (x cos − y sin, y cos + x sin) with y downwards turned to (x, −y).
    const turned = plane((y, x) => 3 * (x * cos - y * sin) - 2 * (y * cos + x * sin));
    expect(distance(inside(rotateImages(slope, 30)), inside(turned))).toBeLessThan(1e-12);
  });

  test("amounts may differ from image to image; bytes are rounded", () => {
    const two = some([2, 4, 4]);
    const each = shiftImages(two, [
      [1, 0],
      [0, -2],
    ]);
    expect(distance(each.slice([0, 1]), shiftImages(two.slice([0, 1]), [1, 0]))).toBe(0);
    expect(distance(each.slice([1, 2]), shiftImages(two.slice([1, 2]), [0, -2]))).toBe(0);
    const bytes = tensor(new Uint8Array([0, 1, 255]), { shape: [1, 1, 3] });
    expect(shiftImages(bytes, [0, 0.5]).toArray()).toEqual([[[0, 1, 128]]]);
  });
});

describe("augment", () => {
  const batch = { inputs: some([20, 6, 6]), targets: tensor([...Array(20).keys()]) };
  const from = (options: AugmentOptions, seed: number): Tensor =>
    augment(options)(batch, { generator: new Generator(seed) }).inputs;

  test("is what its generator says; without one, the default generator's or the option's", () => {
    const options = { shift: 1, rotate: 20, zoom: 0.2, flip: true, noise: 0.1 };
    expect(distance(from(options, 3), from(options, 3))).toBe(0);
    expect(distance(from(options, 3), from(options, 4))).toBeGreaterThan(0.1);
    manualSeed(3);
    expect(distance(augment(options)(batch).inputs, from(options, 3))).toBe(0);
    const own = augment({ ...options, generator: new Generator(3) });
    expect(distance(own(batch).inputs, from(options, 3))).toBe(0);
    expect(distance(own(batch).inputs, from(options, 3))).toBeGreaterThan(0.1);
    expect(own(batch).targets).toBe(batch.targets);
    expect(distance(augment({})(batch).inputs, batch.inputs)).toBe(0);
  });

  test("shifts by every whole number of pixels within bounds, about equally often", () => {
    const dot = {
      inputs: pad(tensor([[[1]]]), [
        [0, 0],
        [2, 2],
        [2, 2],
      ]).tile([2000, 1, 1]),
      targets: tensor([0]),
    };
    const { inputs } = augment({ shift: [1, 2] })(dot, { generator: new Generator(1) });
    const sums = inputs.sum(0).toTypedArray();
    expect(inputs.sum().item()).toBe(2000);
    for (const [place, times] of sums.entries()) {
      const within = Math.abs(Math.floor(place / 5) - 2) <= 1;
      const expected = within ? 2000 / 15 : 0;
      expect(Math.abs(times - expected)).toBeLessThanOrEqual(within ? 6 * Math.sqrt(expected) : 0);
    }
  });

  test("flips as often as asked, and noise has its deviation", () => {
    const edge = { inputs: tensor([[[1, 0]]]).tile([2000, 1, 1]), targets: tensor([0]) };
    const flipped = augment({ flip: 0.25 })(edge, { generator: new Generator(2) }).inputs;
    expect(Math.abs(flipped.slice([0, 2000], [0, 1], [1, 2]).sum().item() - 500)).toBeLessThan(
      6 * Math.sqrt(2000 * 0.25 * 0.75),
    );
    const noise = addNoise(tensor(new Float64Array(10000), { shape: [100, 10, 10] }), 0.5, {
      generator: new Generator(1),
    });
    expect(noise.square().mean().sqrt().item()).toBeCloseTo(0.5, 1);
  });

  test("one option leaves the random choices of the others as they are", () => {
    const onlyFlip = from({ flip: true }, 5);
    const both = from({ flip: true, shift: 1 }, 5);
    const shifted = from({ shift: 1 }, 5);
    const isFlipped = (at: number): boolean =>
      distance(onlyFlip.slice([at, at + 1]), batch.inputs.slice([at, at + 1])) > 0;
    for (let at = 0; at < 20; at++) {
      if (!isFlipped(at)) expect(distance(both.slice([at, at + 1]), shifted.slice([at, at + 1]))).toBe(0);
    }
  });

  test("in a stream, every pass is new, and a resumed one the same", async () => {
    const make = (): IterableDataset<{ inputs: Tensor; targets: Tensor }> =>
      IterableDataset.from(
        new DataLoader(
          fromArrays({
            inputs: { data: new Uint8Array(96).map((_, i) => i), shape: [6, 4, 4] },
            targets: new Uint8Array(6),
          }),
          {
            batchSize: 3,
          },
        ),
      ).map(augment({ shift: 2 }), { seed: 4 });
    const passes = async (stream: AsyncIterable<{ inputs: Tensor }>): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { inputs } of stream) found.push([inputs.dtype, inputs.toArray()]);
      return found;
    };
    const stream = make();
    const [first, second] = [await passes(stream), await passes(stream)];
    expect(first).not.toEqual(second);
    const resumed = make();
    resumed.state = { pass: 1, items: 1, length: 2 };
    expect(await passes(resumed)).toEqual(second.slice(1));
    expect(JSON.stringify(first)).toContain("uint8");
  });
});

describe("what is wrong is told", () => {
  const flat = tensor([[1, 2]]);
  const unknown: object = { shfit: 2 };
  test.each<[() => unknown, new (m: string) => Error, string]>([
    [() => shiftImages(flat, [1, 1]), ShapeError, "shiftImages: expected images [batch, height, width] or"],
    [
      () => rotateImages(tensor([[[true]]]), 3),
      DTypeError,
      "rotateImages: images must be float32 or float64, or bytes (uint8), got bool",
    ],
    [() => addNoise(tensor(new Uint8Array(1), { shape: [1, 1, 1] }), 1), DTypeError, "got uint8"],
    [() => addNoise(image, -1), OptionError, "addNoise: deviation must be a number ≥ 0, got -1"],
    [() => rotateImages(image, Number.NaN), OptionError, "rotateImages: degrees must be finite, got NaN"],
    [
      () => shiftImages(image, [[1, 2], 0]),
      OptionError,
      "shiftImages: down must be a number, or a list of 1, got [1,2]",
    ],
    [() => zoomImages(image, 0), OptionError, "zoomImages: factor must be above 0, got 0"],
    [() => flipImages(image, []), OptionError, "flipImages: which must be a list of 1"],
    [() => shiftImages(image, [0, 0], { fill: Infinity }), OptionError, "fill must be a finite number"],
    [
      () => augment({ shift: 0.5 }),
      OptionError,
      "augment: shift must be a whole number of pixels ≥ 0, or two, got 0.5",
    ],
    [() => augment({ rotate: -1 }), OptionError, "rotate must be from 0 to 180 degrees, got -1"],
    [() => augment({ zoom: 1 }), OptionError, "zoom must be from 0 to below 1, got 1"],
    [() => augment({ flip: 2 }), OptionError, "flip must be true, false or a probability, got 2"],
    [() => augment({ noise: Number.NaN }), OptionError, "noise must be a number ≥ 0, got NaN"],
    [() => augment(unknown), OptionError, 'augment: unknown option "shfit"'],
    [() => augment({ shift: 1 })({ inputs: flat, targets: flat }), ShapeError, "augment: expected images"],
  ])("%#", (make, kind, words) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(words);
  });
});
