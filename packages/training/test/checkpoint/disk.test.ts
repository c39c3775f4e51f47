// Disks that fail: a typed error says what and where, the last good checkpoint stands, and training goes on if that was asked for.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CheckpointError, tensor } from "@gradus/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Checkpoints, loadCheckpoint, loadWeights, saveWeights } from "../../src/checkpoint.ts";
import type { Callback, FitOptions } from "../../src/index.ts";
import { bits, scratchFolder, steps, training } from "./trainings.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets a function of an open file, or of the file system, fail with a code of the system's while `failing` says so. */
function breakDisk(name: "writeFile" | "sync" | "open" | "rename", code: string, failing: () => boolean): void {
  const files = process.getBuiltinModule("node:fs/promises");
  const fail = (): never => {
    throw Object.assign(new Error(`${code}: the system's words`), { code });
  };
  const isFailing = (path: unknown): boolean => failing() && /checkpoint-|\.tmp$/.test(String(path));
  const broken = {
    ...files,
    rename: async (from: string, to: string) =>
      name === "rename" && isFailing(from) ? fail() : files.rename(from, to),
    open: async (path: string, flags: string) => {
      if (name === "open" && isFailing(path)) fail();
      const handle = await files.open(path, flags);
      return {
        stat: () => handle.stat(),
        read: (bytes: Uint8Array, at: number, length: number) => handle.read(bytes, at, length),
        close: () => handle.close(),
        sync: async () => (name === "sync" && isFailing(path) ? fail() : handle.sync()),
        // Half of it is written, as when the disk is full.
        writeFile: async (bytes: Uint8Array) => {
          await handle.writeFile(
            bytes.subarray(0, isFailing(path) && name === "writeFile" ? bytes.length / 2 : undefined),
          );
          if (name === "writeFile" && isFailing(path)) fail();
        },
      };
    },
  };
  const real = process.getBuiltinModule.bind(process);
  vi.spyOn(process, "getBuiltinModule").mockImplementation((id: string) =>
    id === "node:fs/promises" ? broken : real(id),
  );
}

/** A fit with checkpoints after every epoch, whose disk fails from the third epoch on. */
function failing(name: Parameters<typeof breakDisk>[0], code: string): { callback: Callback; broken: () => void } {
  let broken = false;
  breakDisk(name, code, () => broken);
  return {
    broken: () => {
      broken = false;
    },
    callback: {
      name: "fault",
      epochStart({ epoch }) {
        broken = epoch >= 2;
      },
    },
  };
}

const faults = [
  ["writeFile", "ENOSPC", "the disk is full"],
  ["sync", "EIO", "EIO: the system's words"],
  ["open", "EROFS", "the disk is read-only"],
  ["open", "EACCES", "you have no permission"],
  ["rename", "EDQUOT", "your share of the disk is full"],
] as const;

describe.each(faults)("%s fails with %s", (name, code, words) => {
  test("training ends with a typed error, and the last good checkpoint is still there", async () => {
    const folder = scratchFolder();
    const { callback, broken } = failing(name, code);
    const { fit } = training();
    const ended = fit({ epochs: 5, callbacks: [callback, new Checkpoints(folder)] });
    await expect(ended).rejects.toThrow(CheckpointError);
    await expect(ended).rejects.toThrow(
      `cannot save to ${join(folder, `checkpoint-0000000${3 * steps}.safetensors`)}: ${words}`,
    );
    broken();
    // Nothing half written is left.
    expect(readdirSync(folder).sort()).toEqual([
      "checkpoint-000000008.safetensors",
      "checkpoint-000000016.safetensors",
    ]);
    const later = training({ seed: 9 });
    await new Checkpoints(folder).resumeTraining(later.trainer);
    await later.fit({ epochs: 5 });
    const whole = training();
    await whole.fit({ epochs: 5 });
    expect(bits(later.model)).toBe(bits(whole.model));
  });

  test("or it goes on without checkpoints, with one warning", async () => {
    const folder = scratchFolder();
    const { callback } = failing(name, code);
    const { model, trainer, fit } = training();
    const warnings: string[] = [];
    trainer.on("warning", ({ message }) => void warnings.push(message));
    await fit({ epochs: 5, callbacks: [callback, new Checkpoints(folder, { onError: "continue" })] });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(words);
    expect(warnings[0]).toContain("training goes on without checkpoints");
    vi.restoreAllMocks();
    const whole = training();
    await whole.fit({ epochs: 5 });
    expect(bits(model)).toBe(bits(whole.model));
    expect((await new Checkpoints(folder).latest())?.state.position.epoch).toBe(2);
  });
});

describe("a folder that is deleted while training", () => {
  const deleting = (folder: string): Callback => ({
    name: "delete",
    epochStart({ epoch }) {
      if (epoch === 2) rmSync(folder, { recursive: true });
    },
  });
  const run = (folder: string, options: FitOptions & { onError?: "continue" }) => {
    const { onError, ...rest } = options;
    const checkpoints = new Checkpoints(folder, onError === undefined ? {} : { onError });
    const { trainer, fit } = training();
    const warnings: string[] = [];
    trainer.on("warning", ({ message }) => void warnings.push(message));
    return { warnings, done: fit({ epochs: 4, callbacks: [deleting(folder), checkpoints], ...rest }) };
  };

  test("is a typed error", async () => {
    const { done } = run(scratchFolder(), {});
    await expect(done).rejects.toThrow(CheckpointError);
    await expect(done).rejects.toThrow("there is no such file or folder");
  });

  test("or one warning", async () => {
    const { done, warnings } = run(scratchFolder(), { onError: "continue" });
    expect((await done).epoch).toEqual([0, 1, 2, 3]);
    expect(warnings).toHaveLength(1);
  });
});

test.skipIf(process.getuid?.() === 0)("a folder without permission is refused by the system itself", async () => {
  const folder = scratchFolder();
  chmodSync(folder, 0o555);
  const refused = training().fit({ epochs: 1, callbacks: [new Checkpoints(folder)] });
  await expect(refused).rejects.toThrow("you have no permission");
});

test("a file where the folder should be is a typed error before the first step, or a warning", async () => {
  const file = join(scratchFolder(), "file");
  writeFileSync(file, "");
  const { model, fit } = training();
  const before = bits(model);
  await expect(fit({ epochs: 1, callbacks: [new Checkpoints(file)] })).rejects.toThrow(CheckpointError);
  expect(bits(model)).toBe(before);
  const other = training();
  const warnings: string[] = [];
  other.trainer.on("warning", ({ message }) => void warnings.push(message));
  await other.fit({ epochs: 2, callbacks: [new Checkpoints(file, { onError: "continue" })] });
  expect(warnings).toEqual([
    `cannot read the folder ${file}: a part of the path is a file, not a folder; training goes on without checkpoints`,
  ]);
});

describe("weights", () => {
  const model = { stateDict: () => new Map([["w", tensor([1, 2])]]), loadStateDict: (): void => undefined };

  test("a file that cannot be written leaves the older one as it was", async () => {
    const folder = scratchFolder();
    const path = join(folder, "checkpoint-w.safetensors");
    await saveWeights(model, path);
    const before = readFileSync(path);
    breakDisk("writeFile", "ENOSPC", () => true);
    await expect(saveWeights(model, path)).rejects.toThrow(`cannot save to ${path}: the disk is full`);
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(folder)).toEqual(["checkpoint-w.safetensors"]);
  });

  test("a symbolic link stays one", async () => {
    const folder = scratchFolder();
    mkdirSync(join(folder, "other"));
    writeFileSync(join(folder, "other", "real"), "");
    symlinkSync(join(folder, "other", "real"), join(folder, "link"));
    await saveWeights(model, join(folder, "link"));
    expect(readFileSync(join(folder, "other", "real")).length).toBeGreaterThan(50);
    expect(readdirSync(join(folder, "other"))).toEqual(["real"]);
  });

  test("where nothing can be read, the error says why", async () => {
    const folder = scratchFolder();
    await expect(loadWeights(model, join(folder, "none"))).rejects.toThrow("there is no such file or folder");
    await expect(loadWeights(model, folder)).rejects.toThrow(/cannot read .*: it is a folder, not a file/);
    await expect(saveWeights(model, join(folder, "none", "w"))).rejects.toThrow("there is no such file or folder");
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

test("a platform without files says so", async () => {
  vi.spyOn(process, "getBuiltinModule").mockImplementation(() => undefined);
  await expect(loadCheckpoint("x")).rejects.toThrow("has no files: use readSafetensors");
});
