// Checkpoints of a training: whatever ends it, it goes on from the last one as if nothing had been.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CheckpointError, OptionError } from "@gradus/core";
import { beforeAll, describe, expect, test } from "vitest";
import { Checkpoints, type CheckpointsOptions, loadCheckpoint, saveCheckpoint } from "../../src/checkpoint.ts";
import { type Callback, EarlyStopping, type FitOptions, ReduceLROnPlateau } from "../../src/index.ts";
import { bits, Killed, killAt, scratchFolder, steps, type Training, training } from "./trainings.ts";

const silent = { warn: () => undefined };

/** A training that is killed at a step, and its folder. */
async function killed(totalSteps: number, options: CheckpointsOptions, compile = false): Promise<string> {
  const folder = scratchFolder();
  const { fit } = training({ compile });
  const callbacks = [killAt(totalSteps), new Checkpoints(folder, options)];
  await expect(fit({ epochs: 3, callbacks })).rejects.toThrow(Killed);
  return folder;
}

describe.each([false, true])("compiled: %s", (compile) => {
  let whole: { readonly bits: string; readonly history: Awaited<ReturnType<Training["fit"]>> };
  beforeAll(async () => {
    const { fit, model } = training({ compile });
    const history = await fit({ epochs: 3 });
    whole = { bits: bits(model), history };
  });

  test.each<[number, CheckpointsOptions]>([
    [3, { every: { steps: 1 } }],
    [steps, { every: { steps: 3 } }],
    [steps + 1, {}],
    [2 * steps + 5, { every: { steps: 4 }, keep: 1 }],
    [2 * steps + 5, { every: { seconds: 0 } }],
    [2 * steps + 5, { every: { epochs: 2 } }],
    [2 * steps + 5, { every: { epochs: 1, steps: 5, seconds: 100 } }],
  ])("killed at step %i with %o, resumed to the end, it has the bits of one that was not", async (at, options) => {
    const folder = await killed(at, options, compile);
    const other = training({ compile, seed: 77 });
    const checkpoints = new Checkpoints(folder, options);
    const found = await checkpoints.resumeTraining(other.trainer);
    expect(found?.state.position.totalSteps).toBeGreaterThan(0);
    expect(found?.difference).toBeNull();
    const resumed = await other.fit({ epochs: 3, callbacks: [checkpoints] });
    expect(bits(other.model)).toBe(whole.bits);
    expect(resumed.history).toEqual(whole.history.history);
    expect(resumed.epoch).toEqual(whole.history.epoch);
  });
});

test("callbacks, accumulated gradients and a changed learning rate go through the file, too", async () => {
  const options = (): FitOptions & { callbacks: readonly Callback[] } => ({
    ...{ epochs: 14, accumulate: 3, clipNorm: 1, seed: 2, validateEvery: { steps: 3 } },
    callbacks: [
      new EarlyStopping({ monitor: "val_loss", patience: 2, minDelta: 0.08, restoreBest: true }),
      new ReduceLROnPlateau({ monitor: "val_loss", factor: 0.5, patience: 0, minDelta: 0.08 }),
    ],
  });
  const whole = training();
  const history = await whole.fit(options());
  expect(history.epoch.length).toBeLessThan(14); // It does stop early,
  expect(whole.rate()).toBeLessThan(0.01); // and the rate is reduced before.
  for (const at of [3, steps + 2, 2 * steps + 1]) {
    const folder = scratchFolder();
    const every = { steps: 1 };
    const callbacks = [...options().callbacks, killAt(at + 1), new Checkpoints(folder, { every })];
    await expect(training().fit({ ...options(), callbacks })).rejects.toThrow(Killed);
    const other = training({ seed: 3 });
    const checkpoints = new Checkpoints(folder, { every: { epochs: 5 } });
    expect((await checkpoints.resumeTraining(other.trainer))?.state.position.totalSteps).toBe(at);
    const resumed = await other.fit({ ...options(), callbacks: [...options().callbacks, checkpoints] });
    expect(resumed.history).toEqual(history.history);
    expect(bits(other.model)).toBe(bits(whole.model));
    expect(other.rate()).toBe(whole.rate());
  }
});

test("the last two are kept under the numbers of their steps, and no other file", async () => {
  const folder = scratchFolder();
  await training().fit({ epochs: 4, callbacks: [new Checkpoints(folder)] });
  expect(readdirSync(folder).sort()).toEqual([3 * steps, 4 * steps].map((n) => `checkpoint-0000000${n}.safetensors`));
  const three = scratchFolder();
  const checkpoints = new Checkpoints(three, { every: { steps: 5 }, keep: 3 });
  await training().fit({ epochs: 3, callbacks: [checkpoints] });
  // Steps 15 and 20, and the end.
  expect((await checkpoints.list()).map((path) => Number(/(\d+)\.safe/.exec(path)?.[1]))).toEqual([24, 20, 15]);
});

test("a training that is over goes on, with the numbers that it would have had", async () => {
  const whole = training();
  await whole.fit({ epochs: 4 });
  const folder = scratchFolder();
  await training().fit({ epochs: 2, callbacks: [new Checkpoints(folder)] });
  const later = training({ seed: 5 });
  const checkpoints = new Checkpoints(folder);
  await checkpoints.resumeTraining(later.trainer);
  await later.fit({ epochs: 4, callbacks: [checkpoints] });
  expect(bits(later.model)).toBe(bits(whole.model));
  // And where there is nothing left to do, nothing happens.
  const again = training();
  const same = new Checkpoints(folder);
  await same.resumeTraining(again.trainer);
  await again.fit({ epochs: 4, callbacks: [same] });
  expect(bits(again.model)).toBe(bits(whole.model));
});

test("without a checkpoint training begins anew; a folder of another training is refused before the first step", async () => {
  const whole = training();
  await whole.fit({ epochs: 1 });
  const folder = join(scratchFolder(), "new", "folder");
  const first = training();
  const checkpoints = new Checkpoints(folder);
  expect(await checkpoints.resumeTraining(first.trainer)).toBeNull();
  await first.fit({ epochs: 1, callbacks: [checkpoints] });
  expect(bits(first.model)).toBe(bits(whole.model));

  const other = training();
  const before = bits(other.model);
  for (const onError of ["throw", "continue"] as const) {
    const refused = other.fit({ callbacks: [new Checkpoints(folder, { onError })] });
    await expect(refused).rejects.toThrow(CheckpointError);
    await expect(refused).rejects.toThrow(`${folder} has checkpoints of an earlier training`);
  }
  expect(bits(other.model)).toBe(before);
});

describe("damage", () => {
  /** A folder with two checkpoints, the older one first. */
  const pair = async (): Promise<{ folder: string; older: string; newer: string }> => {
    const folder = await killed(2 * steps + 1, {});
    const [older = "", newer = ""] = readdirSync(folder).sort();
    return { folder, older: join(folder, older), newer: join(folder, newer) };
  };

  test("a damaged newest one is passed over with a warning, and training still ends with the same bits", async () => {
    const whole = training();
    await whole.fit({ epochs: 3 });
    const damages: readonly ((bytes: Buffer) => Uint8Array)[] = [
      () => Buffer.alloc(0),
      (bytes) => bytes.subarray(0, bytes.length - 1),
      (bytes) => bytes.subarray(0, 5000),
      (bytes) => Buffer.alloc(bytes.length),
    ];
    for (const damage of damages) {
      const { folder, older, newer } = await pair();
      writeFileSync(newer, damage(readFileSync(newer)));
      const warnings: string[] = [];
      const { trainer, fit, model } = training({ seed: 8 });
      const checkpoints = new Checkpoints(folder, { keep: 1, warn: (message) => warnings.push(message) });
      expect((await checkpoints.resumeTraining(trainer))?.path).toBe(older);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`${newer}: `);
      expect(warnings[0]).toContain(`going on from the older ${older}`);
      await fit({ epochs: 3, callbacks: [checkpoints] });
      expect(bits(model)).toBe(bits(whole.model));
      expect(await checkpoints.list()).toHaveLength(1);
    }
  });

  test("where none can be read, that is an error: training does not begin anew unasked", async () => {
    const { folder, older, newer } = await pair();
    writeFileSync(older, "nonsense");
    rmSync(newer);
    const refused = new Checkpoints(folder, silent).resumeTraining(training().trainer);
    await expect(refused).rejects.toThrow(CheckpointError);
    await expect(refused).rejects.toThrow("none of its checkpoints can be read");
  });

  test("another model's checkpoint is refused, and the model stays", async () => {
    const { newer } = await pair();
    const { state } = await loadCheckpoint(newer);
    const { trainer, model } = training({ seed: 6 });
    const before = bits(model);
    const { "dense.bias": _, ...rest } = state.model;
    expect(() => trainer.restore({ ...state, model: rest })).toThrow(CheckpointError);
    await saveCheckpoint(newer, { ...state, model: rest });
    const refused = new Checkpoints(dirname(newer), silent).resumeTraining(trainer);
    await expect(refused).rejects.toThrow(CheckpointError);
    await expect(refused).rejects.toThrow(`${newer}: `); // the folder has several
    expect(bits(model)).toBe(before);
  });

  test("what a killed writer left is removed, what is not ours stays", async () => {
    const folder = scratchFolder();
    writeFileSync(join(folder, ".checkpoint-000000009.safetensors.1a2b3c.tmp"), "half");
    writeFileSync(join(folder, "notes.txt"), "mine");
    await training().fit({ epochs: 1, callbacks: [new Checkpoints(folder)] });
    expect(readdirSync(folder).sort()).toEqual(["checkpoint-000000008.safetensors", "notes.txt"]);
  });
});

test("a checkpoint from another platform says that the bits will differ, and goes on", async () => {
  const folder = scratchFolder();
  const first = training();
  await first.fit({ epochs: 1, callbacks: [new Checkpoints(folder)] });
  const [path = ""] = await new Checkpoints(folder).list();
  const text = readFileSync(path, "latin1");
  const [found = ""] = /Node \d+/.exec(text) ?? [];
  writeFileSync(path, text.replace(found, "Node 99".padEnd(found.length).slice(0, found.length)), "latin1");
  const warnings: string[] = [];
  const other = training({ seed: 5 });
  const checkpoints = new Checkpoints(folder, { warn: (message) => warnings.push(message) });
  await checkpoints.resumeTraining(other.trainer);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^the checkpoint was written by Node 99 on \w+ \(.*\), this is Node \d+ on \w+ \(.*\): training goes on/,
  );
  expect(bits(other.model)).toBe(bits(first.model));
});

test("a state goes through a file of one's own, to the last bit", async () => {
  const { fit, trainer } = training();
  await fit({ epochs: 2 });
  const path = join(scratchFolder(), "state.safetensors");
  const state = trainer.state();
  await saveCheckpoint(path, state);
  const loaded = await loadCheckpoint(path);
  expect(loaded.state.position).toEqual(state.position);
  const flat = ({ model, optimizer, tensors }: typeof state): unknown =>
    [model, optimizer?.tensors ?? {}, tensors].map((part) =>
      Object.entries(part)
        .map(([name, value]) => [name, value.dtype, value.shape, [...value.toTypedArray()]])
        .sort(),
    );
  expect(flat(loaded.state)).toEqual(flat(state));
});

test("what is no checkpoint is refused in words", async () => {
  const folder = scratchFolder();
  await expect(loadCheckpoint(join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  await expect(loadCheckpoint(folder)).rejects.toThrow(CheckpointError);
  const { trainer, fit } = training();
  await fit({ epochs: 1 });
  const path = join(folder, "state.safetensors");
  await saveCheckpoint(path, trainer.state());
  const text = readFileSync(path, "latin1");
  for (const [from, to, message] of [
    ['"gradus-checkpoint-1"', '"gradus-checkpoint-2"', 'its format is "gradus-checkpoint-2"'],
    ['\\"version\\":1', '\\"version\\":2', "position is none that this version knows"],
    ['"optimizer":"{', '"optimizer":"[', "optimizer in the metadata is no JSON"],
    ['\\"engine\\":', '\\"angine\\":', "platform has other members"],
    ['"model.dense.bias"', '"madel.dense.bias"', "madel.dense.bias has no owner"],
    ['{\\"version\\"', '[\\"version\\"', "position in the metadata is no JSON"],
  ] as const) {
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to), "latin1");
    await expect(loadCheckpoint(path), message).rejects.toThrow(CheckpointError);
    await expect(loadCheckpoint(path)).rejects.toThrow(message);
  }
});

test("options out of range are refused by name", () => {
  const make = (options: object) => () => new Checkpoints("folder", options);
  for (const [options, message] of [
    [{ keep: 0 }, "keep must be a whole number ≥ 1, got 0"],
    [{ keep: 1.5 }, "keep must be"],
    [{ onError: "ignore" }, 'onError must be "throw" or "continue", got "ignore"'],
    [{ every: { steps: 0 } }, "every must have steps, epochs (whole numbers ≥ 1) or seconds (≥ 0), got"],
    [{ every: { minutes: 3 } }, 'got {"minutes":3}'],
    [{ every: {} }, "every must have"],
    [{ every: { steps: 2, seconds: -1 } }, "every must have"],
    [{ evry: 3 }, "there is no option evry: there are every, keep, onError, warn"],
  ] as const) {
    expect(make(options)).toThrow(OptionError);
    expect(make(options)).toThrow(message);
  }
  expect(() => new Checkpoints("")).toThrow(OptionError);
});
