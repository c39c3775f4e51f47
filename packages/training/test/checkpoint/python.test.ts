// Our files in the hands of another reader: one of a few lines of Python. Skipped where there is no Python 3.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { saveCheckpoint } from "../../src/checkpoint.ts";
import { scratchFolder, training } from "./trainings.ts";

const python = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!python)("a checkpoint is read to the last bit, weights under their own names", async () => {
  const { model, trainer, fit } = training();
  await fit({ epochs: 1 });
  const path = join(scratchFolder(), "state.safetensors");
  await saveCheckpoint(path, trainer.state());
  const script = fileURLToPath(new URL("read_safetensors.py", import.meta.url));
  const { stdout, stderr } = spawnSync("python3", [script, path], { encoding: "utf8" });
  expect(stderr).toBe("");
  const file: unknown = JSON.parse(stdout);
  expect(file).toMatchObject({ metadata: { format: "gradus-checkpoint-1" } });
  const weights = [...model.stateDict()].map(([name, value]) => [
    `model.${name}`,
    ["F32", value.shape, Array.from(value.toTypedArray(), hexadecimal)],
  ]);
  expect(file).toMatchObject({ tensors: Object.fromEntries(weights) });
});

/** A float32 as Python's `float.hex` writes it. */
function hexadecimal(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0x0.0p+0`;
  let exponent = Math.floor(Math.log2(Math.abs(value)));
  let fraction = Math.abs(value) / 2 ** exponent;
  if (fraction >= 2) [fraction, exponent] = [fraction / 2, exponent + 1];
  if (fraction < 1) [fraction, exponent] = [fraction * 2, exponent - 1];
  const digits = Math.round((fraction - 1) * 2 ** 52)
    .toString(16)
    .padStart(13, "0");
  return `${sign}0x1.${digits}p${exponent < 0 ? "" : "+"}${exponent}`;
}
