// Every program in a README is type-checked, runs, and gives what its comments say.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@gradus/core";
import * as compiling from "@gradus/core/compile";
import * as threads from "@gradus/core/threads";
import * as data from "@gradus/data";
import * as diagnostics from "@gradus/diagnostics";
import * as layers from "@gradus/layers";
import * as optimizers from "@gradus/optimizers";
import * as training from "@gradus/training";
import * as checkpoints from "@gradus/training/checkpoint";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { runExample } from "../../packages/core/test/examples/run.ts";
import { blocksOf, type CheckedBlock, checkBlocks } from "./readme.ts";

const root = new URL("../../", import.meta.url);
const modules = {
  "@gradus/core": core,
  "@gradus/core/compile": compiling,
  "@gradus/core/threads": threads,
  "@gradus/data": data,
  "@gradus/diagnostics": diagnostics,
  "@gradus/layers": layers,
  "@gradus/optimizers": optimizers,
  "@gradus/training": training,
  "@gradus/training/checkpoint": checkpoints,
};
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(new URL("packages", root)).map((name) => `packages/${name}/README.md`),
];

/** What texts speak of and blocks take for granted. */
const standIns = {
  bytes: "const bytes = new Uint8Array(500 * 32 * 32 * 3);",
  labels: "const labels = randint([500], { high: 10 });",
  logits: "const logits = uniform([500, 10]);",
  model: "const model = new Dense(4, 2);",
  optimizer: "const optimizer = new Adam(new Dense(4, 2).parameters());",
  loss: "const loss = crossEntropy;",
  train: "const train = fromArrays({ inputs: uniform([40, 4]), targets: randint([40], { high: 10 }) });",
  trainer: `const network = new Dense(4, 10);
    const trainer = new Trainer({ model: network, optimizer: new Adam(network.parameters()), loss: crossEntropy, metrics: ["accuracy"] });`,
  camera: `const camera = (async function* () {
    for (let shot = 0; shot < 100; shot++) yield { images: uniform([2, 4]), labels: randint([2], { high: 10 }) };
  })();`,
};

/** Where the app is: there the package with the four files of MNIST is installed. */
const app = new URL("apps/mnist/package.json", root).href;
const folder = data.findMnist(app);
const files: Record<string, string> = {
  "images.idx.gz": "t10k-images-idx3-ubyte",
  "labels.idx.gz": "t10k-labels-idx1-ubyte",
};
const names = {
  ...Object.assign({}, ...Object.values(modules)),
  app,
  readIdx: (file: string) => data.readIdx(join(String(folder), files[file] ?? file)),
};

/** Runs a block and gives the values of its names; one epoch of a training stands for all. */
async function run(
  { text, standIns: given }: CheckedBlock,
  wanted: readonly string[] = [],
  more = "",
): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const own = text.replaceAll("import.meta.url", "app").replace(/epochs: \d+/g, "epochs: 1");
  const keep = (values: Record<string, unknown>): void => void Object.assign(found, values);
  await runExample(`${given}\n${own}\n${more}\nkeep({ ${wanted.join(", ")} });`, { ...names, keep });
  return found;
}

const blocks = checkBlocks(pages.flatMap(blocksOf), Object.keys(modules), standIns);
const blockWith = (part: string): CheckedBlock => {
  const block = blocks.find(({ page, text }) => page === "README.md" && text.includes(part));
  if (block === undefined) throw new Error(`README.md has no block with ${part}`);
  return block;
};

// What blocks write goes to a folder of its own, where a training has been before.
const before = process.cwd();
const place = mkdtempSync(join(tmpdir(), "gradus-pages-"));
beforeAll(async () => {
  process.chdir(place);
  await run(
    { page: "", line: 0, text: "", problems: [], standIns: `${standIns.train} ${standIns.trainer}` },
    [],
    'await trainer.fit(train, { epochs: 1, seed: 0, verbose: 0 }); await saveCheckpoint("last", trainer.state());',
  );
});
afterAll(() => {
  process.chdir(before);
  rmSync(place, { recursive: true, force: true });
});

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("pages", () => {
  test.each(pages)("%s begins with a program", (page) => {
    expect(blocks.some((block) => block.page === page)).toBe(true);
  });

  test.each(blocks)("$page, line $line: its types", ({ problems }) => {
    expect(problems.join("\n")).toBe("");
  });

  // The data's programs need files and workers, which that package's own tests have.
  const running = blocks.filter(
    ({ page, text }) => page !== "packages/data/README.md" && !text.includes("new Trainer"),
  );
  test.each(running)("$page, line $line: runs", async (block) => {
    await run(block);
  });
});

describe("README.md", () => {
  test("its program is 15 lines, and reads digits after one epoch", async () => {
    const block = blockWith("new Trainer");
    expect(
      block.text
        .trim()
        .split("\n")
        .filter((line) => line !== "").length,
    ).toBe(15);
    const { accuracy } = await run(block, ["accuracy"]);
    expect(accuracy).toBeGreaterThan(0.94);
  });

  test("its layer and operator learn, shapes inferred", async () => {
    const block = blockWith("class Swish");
    expect(block.text).toContain("const logits = model.forward(uniform([32, 784])); // Tensor<readonly [32, 10]>");
    const { first, last, beta } = await run(
      block,
      ["first", "last", "beta"],
      `const [x, y] = [uniform([32, 784]), randint([32], { high: 10 })];
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      const step = compile(() => {
        const loss = crossEntropy(model.forward(x), y);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const first = step().item();
      for (let count = 0; count < 50; count++) step();
      const last = step().item();
      const beta = model.at(1).beta.item();`,
    );
    expect(first).toBeGreaterThan(1);
    expect(last).toBeLessThan(0.5);
    expect(beta).not.toBe(1);
  });
});
