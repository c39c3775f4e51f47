// Checkpoints with random damage: resuming from one is refused with a typed error, or works.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GradusError } from "@gradus/core";
import { expect, test } from "vitest";
import { loadCheckpoint, saveCheckpoint } from "../../src/checkpoint.ts";
import { dice, mutate } from "./mutations.ts";
import { scratchFolder, training } from "./trainings.ts";

const count = process.env["GRADUS_LONG"] === "1" ? 2000 : 200;

/** Digits and letters of the metadata replaced: the file is whole, and says something else. */
function reword(bytes: Uint8Array, length: number, roll: (bound: number) => number): Uint8Array {
  const file = bytes.slice();
  for (let times = 1 + roll(3); times > 0; times--) {
    const at = 8 + roll(length);
    const byte = file[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) file[at] = [0x30 + roll(10), 0x2d, 0x39][roll(3)] ?? byte;
    else if (byte >= 0x61) file[at] = 0x61 + roll(26);
  }
  return file;
}

test(`${count} damaged checkpoints`, async () => {
  const folder = scratchFolder();
  const [good, path] = [join(folder, "good"), join(folder, "damaged")];
  const { trainer, fit } = training();
  const save = async ({ totalSteps }: { totalSteps: number }): Promise<void> => {
    if (totalSteps === 10) await saveCheckpoint(good, trainer.state());
  };
  await fit({ epochs: 2, callbacks: [{ name: "save", settled: save }] });
  const bytes = new Uint8Array(readFileSync(good));
  const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const metadata = new TextDecoder().decode(bytes.subarray(8, 8 + header)).indexOf('},"');
  const roll = dice(11);
  const other = training({ seed: 5 });
  let refused = 0;
  for (let number = 0; number < count; number++) {
    writeFileSync(path, number % 4 === 0 ? mutate(bytes, header, roll) : reword(bytes, metadata, roll));
    try {
      const { state } = await loadCheckpoint(path);
      other.trainer.restore(state);
      await other.fit({ epochs: 2 });
    } catch (error) {
      if (!(error instanceof GradusError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(count / 4);
  expect(refused).toBeLessThan(count);
});
