// `kill -9` at random moments of a training with checkpoints: resumed, it ends with the weights that it would have had.
// One of each kind always, twenty in the long tests.

import { join } from "node:path";
import { Generator, uniform } from "@gradus/core";
import { beforeAll, describe, expect, test } from "vitest";
import { demo, demoHere, type Run, scratchFolder } from "./program.ts";
import { writeSmallMnist } from "./small-mnist.ts";

const kills = process.env["GRADUS_LONG"] === "1" ? 20 : 1;
const folder = scratchFolder();
const small = join(folder, "small");

/** The hash of the weights, which is the last line. */
const hash = ({ stdout }: Run): string | undefined => stdout.trimEnd().split("\n").at(-1);

beforeAll(() => writeSmallMnist(small, 1200, 100));

/** Runs the program, and kills it so many milliseconds after its first word. @returns null if it was over before */
async function killed(words: readonly string[], after: number): Promise<Run | null> {
  let timer: NodeJS.Timeout | undefined;
  const run = await demo(words, (_, program) => {
    timer ??= setTimeout(() => program.kill("SIGKILL"), after);
  });
  clearTimeout(timer);
  return run.code === null ? run : null;
}

describe.each([
  ["compiled", []],
  ["each operation by itself", ["--no-compile"]],
] as const)("%s", (name, more) => {
  const words = (epochs: number, ...rest: readonly string[]): readonly string[] => {
    return ["--data", small, "--epochs", String(epochs), ...more, ...rest];
  };
  let whole: Run;
  let duration = 0;

  beforeAll(async () => {
    let start = 0;
    whole = await demo(words(4), () => {
      if (start === 0) start = performance.now();
    });
    duration = performance.now() - start;
    expect(hash(whole)).toMatch(/^Weights: sha256:[0-9a-f]{64}$/);
  });

  test(`${kills} of two epochs, killed and resumed to four: they have the hash of four at once`, async () => {
    const moments = uniform([2 * kills], { generator: new Generator(name.length) }).toTypedArray();
    const results: string[] = [];
    for (let number = 0; number < kills; number++) {
      const checkpoints = ["--checkpoint", join(folder, `${name.length}-${number}`)];
      await killed(words(2, ...checkpoints), (moments[2 * number] ?? 0) * duration * 0.6);
      // Every other one is killed a second time.
      if (number % 2 === 0) {
        await killed(words(4, ...checkpoints, "--resume"), (moments[2 * number + 1] ?? 0) * duration * 0.5);
      }
      const resumed = await demo(words(4, ...checkpoints, "--resume"));
      results.push(hash(resumed) === hash(whole) ? "same" : `${resumed.stdout}\n${resumed.stderr}`);
    }
    expect(results).toEqual(Array.from({ length: kills }, () => "same"));
  });
});

describe("what the options say", () => {
  const used = join(folder, "used");
  const base = ["--data", small, "--epochs", "1", "--checkpoint", used];

  beforeAll(async () => {
    expect((await demo(base)).code).toBe(0);
  });

  test("a folder with another training's checkpoints is refused without --resume", async () => {
    const { stderr, code } = await demoHere(base);
    expect(stderr).toBe(
      `error: ${used} has checkpoints of an earlier training: add --resume, or give another folder\n`,
    );
    expect(code).toBe(1);
  });

  test("options that the checkpoint would override are refused", async () => {
    const seed = await demo([...base, "--resume", "--seed", "3"]);
    expect(seed.stderr).toMatch(/^error: --seed 3: the training in .* began with 0\n$/);
    const rate = await demo([...base, "--resume", "--learning-rate", "0.1"]);
    expect(rate.stderr).toMatch(/^error: --learning-rate 0.1: the training in .* began with 0.001\n$/);
    const size = await demo([...base, "--resume", "--batch-size", "20", "--epochs", "2"]);
    expect(size.stderr).toMatch(/^error: .*batch/);
    expect([seed.code, rate.code, size.code]).toEqual([2, 2, 1]);
  });

  test("it says where it goes on from; a training that is over is tested at once", async () => {
    const { stdout, stderr } = await demo([...base, "--resume"]);
    expect(stderr).toBe("");
    expect(stdout).toContain(`Going on from ${join(used, "checkpoint-000000015.safetensors")}: 1 of 1 epochs done`);
    expect(stdout).not.toContain("Epoch 1/1");
    expect(stdout).toContain("Test Accuracy: ");
  });

  test("a folder that cannot be made is refused before the first step", async () => {
    const { stdout, stderr, code } = await demoHere([
      "--data",
      small,
      "--checkpoint",
      join(small, "t10k-labels-idx1-ubyte", "x"),
    ]);
    expect(stderr).toMatch(/^error: cannot .*: a part of the path is a file, not a folder\n$/);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });
});
