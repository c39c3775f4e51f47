// The worker of data.browser.ts.

import { DataError } from "@gradus/core";
import { augment, DataLoader, fromArrays, IterableDataset } from "../../src/index.ts";
import { serveBatches } from "../../src/worker.ts";

serveBatches(({ fail }: { readonly fail: boolean }) => {
  const pixels = new Uint8Array(12 * 4 * 4).map((_, index) => index);
  const images = fromArrays({
    inputs: { data: pixels, shape: [12, 4, 4] },
    targets: [...pixels.subarray(0, 12)],
    scale: 1 / 255,
  });
  const loader = new DataLoader(images, { batchSize: 5, shuffle: true, seed: 3 });
  return IterableDataset.from(loader)
    .map(augment({ shift: 1, rotate: 10 }), { seed: 1 })
    .map((batch, { index }) => {
      if (fail && index === 1) throw new DataError("no second batch");
      return batch;
    });
});
