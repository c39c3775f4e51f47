// The examples in the docstrings of this package's sources and in its README run, and give what they say. What they take for granted
// stands here: a dataset of small images, and files in a folder to be in. What needs a bundler's worker is run by test/worker.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as core from "@gradus/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng } from "../../../apps/mnist/test/png-encoder.ts";
import { examplesOf } from "../../core/test/examples/docstrings.ts";
import { runExample } from "../../core/test/examples/run.ts";
import * as layers from "../../layers/src/index.ts";
import * as optimizers from "../../optimizers/src/index.ts";
import { Trainer } from "../../training/src/index.ts";
import * as csv from "../src/csv.ts";
import * as images from "../src/images.ts";
import * as data from "../src/index.ts";
import * as worker from "../src/worker.ts";
import { idxFile } from "./files.ts";

const pixels = new Uint8Array(600 * 28 * 28).map((_, index) => index % 251);
const labels = Array.from({ length: 600 }, (_, index) => index % 10);
const train = data.fromArrays({ inputs: { data: pixels, shape: [600, 28, 28] }, targets: labels, scale: 1 / 255 });
const model = new layers.Sequential(new layers.Flatten(), new layers.Dense(784, 10));
const line = new layers.Sequential(new layers.Dense(1, 1));
const loader = new data.DataLoader(train, { batchSize: 64, shuffle: true, seed: 0 });

const names = {
  ...core,
  ...layers,
  ...data,
  ...csv,
  ...images,
  ...worker,
  readFile,
  here: import.meta.url,
  pixels: pixels.subarray(0, 5 * 784),
  labels: new Uint8Array(5),
  train,
  dataset: train,
  images: train,
  loader,
  model,
  file: encodePng({ width: 1, height: 1, colour: "grey", depth: 8, pixel: () => [7] }),
  saved: JSON.stringify(loader.state),
  trainer: new Trainer({
    model: line,
    optimizer: new optimizers.Adam(line.parameters()),
    loss: layers.meanSquaredError,
  }),
};

const before = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "gradus-data-"));
beforeAll(async () => {
  process.chdir(folder);
  for (const path of ["photos/cat", "photos/dog", "images", "data"]) mkdirSync(path, { recursive: true });
  const png = (side: number): Buffer =>
    encodePng({ width: side, height: side, colour: "rgb", depth: 8, pixel: (x, y) => [x, y, 0] });
  for (const path of ["photos/cat/1.png", "photos/dog/1.png", "images/cat.png"]) writeFileSync(path, png(28));
  for (const path of ["cat.png", "dog.png"]) writeFileSync(path, png(64));
  const real = join(data.findMnist(import.meta.url), "train-labels-idx1-ubyte");
  const packed = await readFile(`${real}.gz`).catch(() => null);
  const { gzipSync } = await import("node:zlib");
  for (const path of ["data/train-labels-idx1-ubyte.gz", "train-labels-idx1-ubyte.gz"]) {
    writeFileSync(path, packed ?? gzipSync(await readFile(real)));
  }
  writeFileSync("images.idx.gz", gzipSync(idxFile("uint8", [2, 1, 1], [1, 2])));
  writeFileSync("labels.idx.gz", gzipSync(idxFile("uint8", [2], [0, 1])));
  const rows = Array.from(
    { length: 10 },
    (_, row) => `${row},${row / 2},${row % 3 ? "blue" : "white"},${row % 2 ? "setosa" : "versicolor"}`,
  );
  writeFileSync("iris.csv", ["length,width,colour,kind", ...rows, ",1,blue,setosa"].join("\n"));
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** What runs only where a bundler makes workers, or where a server has the files. */
const elsewhere = (text: string): boolean =>
  /serveBatches\(|workerBatches\(|batches\.close|folder: "\/mnist/.test(text);

/** `import.meta` is no expression where examples run. */
const runnable = (text: string): string => text.replaceAll("import.meta.url", "here");

const sources = fileURLToPath(new URL("../src/", import.meta.url));
const examples = examplesOf(sources).filter(({ text }) => !elsewhere(text));

describe("examples", () => {
  test.each(examples)("$file: $name", async ({ file, text }) => {
    const own: Record<string, unknown> = await import(join(sources, file));
    await runExample(runnable(text), { ...names, ...own });
  });
});

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const programs = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, text = ""]) => text);

test.each(programs.filter((text) => !elsewhere(text)).map((text, index) => ({ text, index })))(
  "README, program $index",
  ({ text }) => runExample(runnable(text), names),
);

test("the README has its programs", () => {
  expect(programs).toHaveLength(8);
  expect(programs.filter(elsewhere)).toHaveLength(2);
});
