// The same data in a browser: a web worker's batches, tables, pictures.

import { DataError } from "@gradus/core";
import { expect, test } from "vitest";
import { parseCsv } from "../../src/csv.ts";
import { readImage } from "../../src/images.ts";
import { augment, DataLoader, fromArrays, IterableDataset, type StreamBatch } from "../../src/index.ts";
import { workerBatches } from "../../src/worker.ts";

const start = (): Worker => new Worker(new URL("./batches.worker.ts", import.meta.url), { type: "module" });

async function all(stream: AsyncIterable<StreamBatch>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { inputs, targets } of stream) found.push([inputs.toArray(), targets.toArray()]);
  return found;
}

test("a web worker's batches are those made here, pass after pass", async () => {
  const pixels = new Uint8Array(12 * 4 * 4).map((_, index) => index);
  const inputs = { data: pixels, shape: [12, 4, 4] };
  const images = fromArrays({ inputs, targets: [...pixels.subarray(0, 12)], scale: 1 / 255 });
  const here = IterableDataset.from(new DataLoader(images, { batchSize: 5, shuffle: true, seed: 3 })).map(
    augment({ shift: 1, rotate: 10 }),
    { seed: 1 },
  );
  const there = workerBatches(start, { data: { fail: false } });
  for (let pass = 0; pass < 2; pass++) expect(await all(there)).toEqual(await all(here));
  await there.close();
});

test("its errors come through as what they were; one that cannot be loaded is a DataError", async () => {
  const failing = workerBatches(start, { data: { fail: true } });
  await expect(all(failing)).rejects.toThrow(new DataError("no second batch"));
  await failing.close();
  const none = workerBatches(() => new Worker("/no-such-worker.js", { type: "module" }));
  await expect(all(none)).rejects.toThrow(/workerBatches: the worker failed/);
  await none.close();
});

test("pictures and tables are read", async () => {
  const canvas = new OffscreenCanvas(3, 2);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.fillStyle = "rgb(10, 200, 30)";
  context.fillRect(0, 0, 2, 2);
  context.fillStyle = "rgb(255, 0, 0)";
  context.fillRect(2, 0, 1, 2);
  const { data, shape } = await readImage(await canvas.convertToBlob({ type: "image/png" }));
  expect(shape).toEqual([2, 3, 3]);
  expect([...data.subarray(0, 9)]).toEqual([10, 200, 30, 10, 200, 30, 255, 0, 0]);
  expect(parseCsv("a,y\n1,cat\n2,dog", { label: "y" }).classes).toEqual(["cat", "dog"]);
});
