// The program as a user runs it, on a small part of MNIST.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dense, Sequential } from "@gradus/layers";
import { writeSafetensors } from "@gradus/training/checkpoint";
import { beforeAll, describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { digitImage } from "../src/digit-image.ts";
import { createModel } from "../src/model.ts";
import { type Picture, readPicture } from "../src/picture.ts";
import { probabilities } from "../src/predict.ts";
import { loadWeights } from "../src/weights-file.ts";
import { encodePng, type PngImage } from "./png-encoder.ts";
import { demo, demoHere, type Run, scratchFolder } from "./program.ts";
import { type Digit, enlarged, testDigits, writeSmallMnist } from "./small-mnist.ts";

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const small = at("small");
const weights = at("digits.safetensors");
const training = ["--data", small, "--epochs", "2"];
let digits: readonly Digit[] = [];
let first: Run = { stdout: "", stderr: "", code: null };

/** The last two lines: accuracy and hash. */
const result = ({ stdout }: Run): string[] => stdout.trimEnd().split("\n").slice(-2);

beforeAll(async () => {
  await writeSmallMnist(small, 5000, 500);
  digits = await testDigits(60);
  first = await demo([...training, "--save", weights]);
}, 120_000);

describe("training", () => {
  test("prints the network, a line per epoch, and the result as the last two lines", () => {
    expect(first.stderr).toBe("");
    expect(first.code).toBe(0);
    const lines = first.stdout.split("\n");
    expect(lines.filter((line) => /(Dense|BatchNorm|ReLU|Dropout)\)/.test(line))).toHaveLength(11);
    expect(first.stdout).toContain("Total params: 244,554");
    expect(first.stdout).toContain("Training on 4,000 images, validating on 1,000, seed 0");
    const epoch =
      /^63\/63 ━{20} \d+s \d+(ms|s)\/step - accuracy: 0\.\d{4} - loss: \d\.\d{4} - val_accuracy: 0\.\d{4} - val_loss: \d\.\d{4}$/;
    expect(lines.filter((line) => epoch.test(line))).toHaveLength(2);
    expect(first.stdout).not.toContain("\r");
    expect(first.stdout).not.toContain("\x1b");
    const [accuracy = "", hash = ""] = result(first);
    expect(Number(accuracy.match(/^Test Accuracy: (0\.\d{4})$/)?.[1])).toBeGreaterThan(0.85);
    expect(hash).toMatch(/^Weights: sha256:[0-9a-f]{64}$/);
  });

  test("the same seed gives the same weights to the last bit, with one thread and two", async () => {
    expect(result(await demo([...training, "--threads", "1"]))).toEqual(result(first));
    expect(result(await demo([...training, "--threads", "2"]))).toEqual(result(first));
  });

  test("another seed gives another training; uncompiled steps nearly the same loss", async () => {
    const lossOf = ({ stdout }: Run): number => Number(stdout.match(/ loss: (\d\.\d{4})/)?.[1]); // the first epoch's
    const once = ["--data", small, "--epochs", "1"];
    expect(lossOf(await demo([...once, "--seed", "1"]))).not.toBe(lossOf(first));
    expect(lossOf(await demo([...once, "--no-compile"]))).toBeCloseTo(lossOf(first), 2);
  });

  test("evaluate finds the accuracy and the hash that training printed", async () => {
    const run = await demo(["evaluate", weights, "--data", small]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(result(run)).toEqual(result(first));
  });

  test("the convolutional network is trained, saved, tested and used by its file", async () => {
    const file = at("cnn.safetensors");
    const run = await demo(["--model", "cnn", "--data", small, "--epochs", "1", "--save", file]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain("│ conv2d_1 (Conv2D)            │ [?,14,14,32]         │        4,640 │");
    expect(run.stdout).toContain("Total params: 20,490");
    const [accuracy = ""] = result(run);
    expect(Number(accuracy.match(/^Test Accuracy: (0\.\d{4})$/)?.[1])).toBeGreaterThan(0.75);
    expect(result(await demo(["evaluate", file, "--data", small]))).toEqual(result(run));
    const [digit] = digits;
    if (digit === undefined) throw new Error("no digit");
    writeFileSync(at("cnn.png"), png(enlarged(digit, { factor: 3 })));
    const { stdout, code } = await demo(["predict", file, at("cnn.png")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Digit: \d$/m);
  });

  test("Ctrl-C ends it with its line complete, exit code 130 and nothing saved", async () => {
    const file = at("interrupted.safetensors");
    let sent = false;
    const run = await demo(["--data", small, "--epochs", "500", "--save", file], (stdout, program) => {
      if (!sent && stdout.includes("Epoch 2/500")) sent = program.kill("SIGINT");
    });
    expect(run.code).toBe(130);
    expect(run.stderr).toBe("");
    expect(run.stdout.endsWith("\n")).toBe(true);
    expect(run.stdout).not.toContain("Test Accuracy");
    expect(readdirSync(folder).filter((name) => name.includes("interrupted"))).toEqual([]);
  });
});

/** A picture as a PNG in blue ink on yellowish paper, or in greys. */
function png({ width, height, values }: Picture, options: Partial<PngImage> & { coloured?: boolean } = {}): Uint8Array {
  const { coloured = false, ...more } = options;
  const level = (x: number, y: number): number => values[y * width + x] ?? 0;
  const mix = (from: number, to: number, share: number): number => Math.round(from + (to - from) * share);
  if (!coloured)
    return encodePng({ width, height, colour: "grey", depth: 8, pixel: (x, y) => [mix(0, 255, level(x, y))], ...more });
  const pixel = (x: number, y: number): number[] => {
    const share = level(x, y);
    return [mix(20, 250, share), mix(40, 240, share), mix(160, 200, share)];
  };
  return encodePng({ width, height, colour: "rgb", depth: 8, pixel, ...more });
}

describe("predict", () => {
  const styles: readonly (readonly [string, (digit: Digit) => Uint8Array])[] = [
    ["as in MNIST", (digit) => png(enlarged(digit, {}))],
    ["dark on light", (digit) => png(enlarged(digit, { inverted: true }))],
    [
      "enlarged, interlaced",
      (digit) => png(enlarged(digit, { factor: 6, margin: 31, inverted: true }), { interlaced: true }),
    ],
    ["coloured", (digit) => png(enlarged(digit, { factor: 3, margin: 5, inverted: true }), { coloured: true })],
  ];

  test.each(styles)("%s: the digit that the network sees in MNIST's own image", async (_, draw) => {
    const model = createModel();
    loadWeights(model, weights);
    const seen = (pixels: Float32Array): number => {
      const chances = probabilities(model, pixels);
      return chances.indexOf(Math.max(...chances));
    };
    for (const [index, digit] of digits.slice(0, 3).entries()) {
      writeFileSync(at("digit.png"), draw(digit));
      const read = digitImage(await readPicture(at("digit.png")));
      expect(read === null ? null : seen(read)).toBe(seen(digit.pixels));
      if (index > 0) continue; // one program for each style
      const { stdout, stderr, code } = await demo(["predict", weights, at("digit.png")]);
      expect([stderr, code]).toEqual(["", 0]);
      expect(stdout.trimEnd().split("\n").at(-1)).toBe(`Digit: ${seen(digit.pixels)}`);
      expect(stdout).toMatch(/[█▀▄]/);
      const percents = [...stdout.matchAll(/^\d .* +(\d+\.\d) %$/gm)].map((match) => Number(match[1]));
      expect(percents).toHaveLength(10);
      expect(Math.abs(percents.reduce((sum, percent) => sum + percent, 0) - 100)).toBeLessThan(0.6);
    }
  });

  test("enlarged pictures of test images are read right as often as one expects of so short a training", () => {
    const model = createModel();
    loadWeights(model, weights);
    const right = digits.filter((digit) => {
      const image = digitImage(enlarged(digit, { factor: 5, margin: 20, inverted: true }));
      const chances = image === null ? [] : probabilities(model, image);
      return chances.indexOf(Math.max(...chances)) === digit.label;
    });
    expect(right.length).toBeGreaterThanOrEqual(52);
  });
});

describe("bad input is one line on stderr, and nothing else", () => {
  const rows: readonly (readonly [string, () => readonly string[], number, RegExp])[] = [
    ["an unknown option", () => ["--epoch", "3"], 2, /^error: unknown option --epoch: did you mean --epochs\?$/],
    [
      "an unknown command",
      () => ["predcit", "a", "b"],
      2,
      /^error: unknown command "predcit": did you mean predict\?$/,
    ],
    ["no epochs", () => ["--epochs", "0"], 2, /^error: --epochs must be a whole number from 1 on, got "0"$/],
    ["half an image", () => ["--batch-size", "2.5"], 2, /^error: --batch-size must be a whole number/],
    [
      "a last batch of one image",
      () => ["--data", small, "--batch-size", "3"],
      2,
      /^error: --batch-size 3: 4,000 images in batches of 3 leave one over, .*: try 4$/,
    ],
    ["no such folder", () => ["--data", at("none")], 1, /^error: .*none.*: cannot read the folder/],
    ["a folder without the files", () => ["--data", folder], 1, /^error: .*: no file of training images; looked for /],
    ["a damaged data file", () => ["--data", damagedData()], 1, /^error: .*training images.*expected/],
    [
      "a missing folder for the weights",
      () => ["--data", small, "--save", at("none/w")],
      1,
      /^error: cannot save to .*: there is no such file or folder$/,
    ],
    [
      "a folder as the weights",
      () => ["--data", small, "--save", small],
      1,
      /^error: cannot save to .*: it is a folder/,
    ],
    [
      "no such weights",
      () => ["evaluate", at("none")],
      1,
      /^error: cannot read .*none: there is no such file or folder; demo --save FILE/,
    ],
    [
      "weights that are none",
      () => ["evaluate", text("weights.txt")],
      1,
      /^error: .*weights.txt: no safetensors file, or a damaged one: /,
    ],
    ["damaged weights", () => ["evaluate", cutWeights()], 1, /^error: .* only \d+ bytes of data$/],
    [
      "another model's weights",
      () => ["predict", otherWeights(), at("x.png")],
      1,
      /^error: .*other.*: 2\d differences: dense\.weight .*; .* is missing/,
    ],
    [
      "no such picture",
      () => ["predict", weights, at("none.png")],
      1,
      /^error: cannot read .*none.png: there is no such file or folder/,
    ],
    [
      "a picture that is none",
      () => ["predict", weights, text("text.png")],
      1,
      /^error: .*text.png is no PNG: it does not begin as one/,
    ],
    ["a blank picture", () => ["predict", weights, blankPicture()], 1, /^error: .*blank.png has no digit: /],
    ["no picture", () => ["predict", weights], 2, /^error: predict needs IMAGE.png: demo predict FILE IMAGE.png$/],
  ];

  test.each(rows)("%s", async (_, words, code, message) => {
    const run = await demoHere(words());
    expect(run.stdout).toBe("");
    expect(run.stderr.trimEnd()).toMatch(message);
    expect(run.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(run.code).toBe(code);
  });

  test("the program itself says the same", async () => {
    for (const words of [
      ["--epochs", "0"],
      ["--data", at("none")],
      ["predict", weights, text("text.png")],
    ]) {
      expect(await demo(words)).toEqual(await demoHere(words));
    }
  });

  const write = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(at(name), bytes);
    return at(name);
  };
  const text = (name: string): string => write(name, "this is nothing but text");
  const cutWeights = (): string => write("cut.safetensors", readFileSync(weights).subarray(0, -100));
  const blankPicture = (): string =>
    write("blank.png", encodePng({ width: 50, height: 50, colour: "grey", depth: 8, pixel: () => [240] }));
  const otherWeights = (): string => {
    return write("other", writeSafetensors({ tensors: new Sequential(new Dense(784, 10)).stateDict() }));
  };
  const damagedData = (): string => {
    if (!existsSync(at("damaged"))) mkdirSync(at("damaged"));
    for (const name of readdirSync(small)) {
      const bytes = readFileSync(join(small, name));
      writeFileSync(join(at("damaged"), name), name.startsWith("train-images") ? bytes.subarray(0, -1) : bytes);
    }
    return at("damaged");
  };
});

test("--help and --version", async () => {
  const help = await demo(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("demo predict FILE IMAGE.png");
  expect(await demo(["--version"])).toEqual({ code: 0, stderr: "", stdout: `${manifest.version}\n` });
});

test("a reader that stops early ends the program quietly", async () => {
  const run = await demo(["--data", small, "--epochs", "200"], (_, program) => program.stdout?.destroy());
  expect(run).toMatchObject({ code: 0, stderr: "" });
});

test.runIf(process.env["GRADUS_LONG"] === "1")(
  "five epochs on all of MNIST: five seeds reach the mean of the lecture",
  async () => {
    const accuracies: number[] = [];
    for (const seed of [0, 1, 2, 3, 4]) {
      const [accuracy = ""] = result(await demo(["--seed", String(seed)]));
      accuracies.push(Number(accuracy.replace("Test Accuracy: ", "")));
    }
    expect(accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length).toBeGreaterThanOrEqual(0.9762);
  },
);

test.runIf(process.env["GRADUS_LONG"] === "1")(
  "five epochs of the convolutional network read 98.8 % right",
  async () => {
    const [accuracy = ""] = result(await demo(["--model", "cnn"]));
    expect(Number(accuracy.replace("Test Accuracy: ", ""))).toBeGreaterThanOrEqual(0.988);
  },
);
