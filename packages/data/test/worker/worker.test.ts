// Batches made in a worker: the same as here, in any pass from any batch on; and what happens when something goes wrong there.

import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
import { DataError, OptionError, ShapeError } from "@gradus/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { augment, DataLoader, fromArrays, IterableDataset, type StreamBatch } from "../../src/index.ts";
import { serveBatches, workerBatches } from "../../src/worker.ts";
import { type BuiltWorker, buildWorker } from "./build.ts";

const pixels = new Uint8Array(12 * 4 * 4).map((_, index) => index);
const here = IterableDataset.from(
  new DataLoader(
    fromArrays({ inputs: { data: pixels, shape: [12, 4, 4] }, targets: [...pixels.subarray(0, 12)], scale: 1 / 255 }),
    { batchSize: 5, shuffle: true, seed: 3 },
  ),
).map(augment({ shift: 1 }), { seed: 1 });

let built: BuiltWorker;
beforeAll(async () => {
  built = await buildWorker(`
    import { OptionError } from "@gradus/core";
    import { augment, DataLoader, fromArrays, IterableDataset } from "gradus-data";
    import { serveBatches } from "gradus-worker";
    serveBatches((data) => {
      if (data?.fail === "start") throw new OptionError("no such data: " + data.fail);
      const pixels = new Uint8Array(12 * 4 * 4).map((_, index) => index);
      const arrays = fromArrays({ inputs: { data: pixels, shape: [12, 4, 4] }, targets: [...pixels.subarray(0, 12)], scale: 1 / 255 });
      return IterableDataset.from(new DataLoader(arrays, { batchSize: 5, shuffle: true, seed: 3 }))
        .map(augment({ shift: 1 }), { seed: 1 })
        .map((batch, { index }) => {
          if (index === 1 && data?.fail === "shape") batch.inputs.reshape([7]);
          if (index === 1 && data?.fail === "other") throw new RangeError("too far");
          if (index === 1 && data?.fail === "die") process.exit(7);
          if (index === 1 && data?.fail === "item") return 5;
          return batch;
        });
    });
  `);
});
afterAll(() => built.remove());

const start = (): Worker => new Worker(built.path);

async function batches(stream: AsyncIterable<StreamBatch>): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { inputs, targets } of stream) found.push([inputs.toArray(), targets.toArray(), targets.dtype]);
  return found;
}

test("are the same as those made here, pass after pass, and from any state", async () => {
  const there = workerBatches(start, { ahead: 3 });
  for (let pass = 0; pass < 3; pass++) expect(await batches(there)).toEqual(await batches(here));
  const resumed = workerBatches(start);
  resumed.state = { pass: 2, items: 1, length: null };
  here.state = { pass: 2, items: 1, length: 3 };
  expect(await batches(resumed)).toEqual(await batches(here));
  await Promise.all([there.close(), resumed.close()]);
});

test.each([
  ["start", OptionError, "no such data: start"],
  ["shape", ShapeError, "reshape"],
  ["other", DataError, "the worker's data threw RangeError: too far"],
  ["die", DataError, "workerBatches: the worker stopped (exit code 7)"],
  ["item", DataError, "serveBatches: expected batches"],
] as const)("an error there (%s) is thrown here, as what it was", async (fail, kind, words) => {
  const there = workerBatches(start, { data: { fail } });
  const found = async (): Promise<unknown> => batches(there).catch((error: unknown) => error);
  for (let time = 0; time < 2; time++) {
    const error = await found();
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toContain(words);
  }
  await there.close();
});

test("a pass may be left, and a wrong length is told", async () => {
  const there = workerBatches(start, { length: 3 });
  for await (const _ of there) break;
  expect(await batches(there)).toHaveLength(3);
  await there.close();
  const wrong = workerBatches(start, { length: 4 });
  await expect(batches(wrong)).rejects.toThrow("length is 4, but the worker's pass has 3 batches");
  await wrong.close();
  const closed = workerBatches(start);
  const pending = expect(batches(closed)).rejects.toThrow("the worker was closed");
  await closed.close();
  await pending;
});

test("what is no worker, no option, and cannot be sent is refused", async () => {
  expect(() => workerBatches(start, { ahead: 0 })).toThrow("ahead must be a whole number ≥ 1, got 0");
  expect(() => workerBatches(start, { length: -1 })).toThrow(OptionError);
  const unknown: object = { head: 2 };
  expect(() => workerBatches(start, unknown)).toThrow('unknown option "head"');
  const none = workerBatches(() => ({ postMessage: () => {}, terminate: () => {} }));
  await expect(batches(none)).rejects.toThrow("start must return a new Worker(…)");
  const unsendable = workerBatches(start, { data: () => 1 });
  await expect(batches(unsendable)).rejects.toThrow("data cannot be sent to a worker");
  expect(() => serveBatches(() => [])).toThrow("this is no worker");
});

test("keeps no process alive, and is waited for", async () => {
  const program = await buildWorker(`
    import { Worker } from "node:worker_threads";
    import { workerBatches } from "gradus-worker";
    const batches = workerBatches(() => new Worker(process.argv[2]));
    let count = 0;
    for await (const _ of batches) count++;
    for await (const _ of batches) break;
    console.log("batches", count);
  `);
  const output = execFileSync(process.execPath, [program.path, built.path], { timeout: 20_000, encoding: "utf8" });
  expect(output).toBe("batches 3\n");
  await program.remove();
});
