// What the program refuses of images and weights that are whole files, and yet of no use.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "@gradus/training/checkpoint";
import { expect, test } from "vitest";
import { createModel } from "../src/model.ts";
import { encodePng } from "./png-encoder.ts";
import { demoHere, scratchFolder } from "./program.ts";
import { idx } from "./small-mnist.ts";

const folder = scratchFolder();

const write = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

/** A folder of black images, all of them zeros. */
function images(name: string, { sides = [28, 28], training = 28, testing = 4 }): string {
  mkdirSync(join(folder, name), { recursive: true });
  for (const [part, length] of [
    ["train", training],
    ["t10k", testing],
  ] as const) {
    const pixels = new Uint8Array(sides.reduce((product, size) => product * size, length));
    write(join(name, `${part}-images-idx3-ubyte`), idx([length, ...sides], pixels));
    write(join(name, `${part}-labels-idx1-ubyte`), idx([length], new Uint8Array(length)));
  }
  return join(folder, name);
}

function divergedWeights(): string {
  const tensors = new Map([...createModel("mlp").stateDict()].map(([name, x]) => [name, x.mul(Number.NaN)]));
  return write("diverged", writeSafetensors({ tensors }));
}

function picture(): string {
  const pixel = (x: number): number[] => [x > 20 && x < 25 ? 0 : 240];
  return write("one.png", encodePng({ width: 50, height: 50, colour: "grey", depth: 8, pixel }));
}

const rows: readonly (readonly [name: string, words: () => readonly string[], code: number, message: RegExp])[] = [
  [
    "images of another size",
    () => ["--data", images("large", { sides: [20, 20] })],
    1,
    /^error: mnist: 28 training images \(.*\) of \[20,20\] do not have the shape \[784\], of 784 pixels$/,
  ],
  ["no test images", () => ["--data", images("untested", { testing: 0 })], 1, /^error: .*untested has no test images$/],
  [
    "a last batch of one image",
    () => ["--data", images("odd", {}), "--batch-size", "3"],
    2,
    /^error: --batch-size 3: 22 images in batches of 3 leave one over, .*: try 4$/,
  ],
  [
    "a last batch of one image, with the next sizes too",
    () => ["--data", images("odder", { training: 17 }), "--batch-size", "2"],
    2,
    /^error: --batch-size 2: 13 images in batches of 2 leave one over, .*: try 5$/,
  ],
  [
    "one image to train on",
    () => ["--data", images("single", { training: 2 })],
    1,
    /^error: one image is left to train on, and batch normalization needs two$/,
  ],
  [
    "weights of a training that diverged",
    () => ["predict", divergedWeights(), picture()],
    1,
    /^error: .*diverged has weights that are no numbers: the training diverged$/,
  ],
];

test.each(rows)("%s", async (_, words, code, message) => {
  const run = await demoHere(words());
  expect(run.stdout).toBe("");
  expect(run.stderr.trimEnd()).toMatch(message);
  expect(run.code).toBe(code);
});
