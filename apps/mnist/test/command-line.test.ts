// The words of a command line: what they mean, and how each mistake is told.

import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../src/command-line.ts";
import { UsageError } from "../src/failure.ts";
import { helpText } from "../src/help.ts";
import { editDistance, nearest } from "../src/suggestion.ts";

const standard = {
  name: "train",
  model: "mlp",
  epochs: 5,
  batchSize: 64,
  learningRate: 0.001,
  seed: 0,
  data: null,
  save: null,
  checkpoint: null,
  resume: false,
  threads: "auto",
  noCompile: false,
  deterministic: false,
};

test("without words: the training of the lecture", () => {
  expect(parseCommandLine([])).toEqual(standard);
  expect(parseCommandLine(["train"])).toEqual(standard);
});

test("options, in both spellings, behind the -- of a script runner too", () => {
  const words = [
    "--epochs",
    "2",
    "--batch-size=32",
    "--learning-rate",
    "1e-2",
    "--seed=7",
    "--data",
    "d",
    "--save",
    "s",
  ];
  const all = { ...standard, epochs: 2, batchSize: 32, learningRate: 0.01, seed: 7, data: "d", save: "s" };
  expect(parseCommandLine(words)).toEqual(all);
  expect(parseCommandLine(["--", ...words])).toEqual(all);
});

test("switches take no value; threads are counted or left to find out", () => {
  const switched = { ...standard, epochs: 2, noCompile: true, deterministic: true };
  expect(parseCommandLine(["--no-compile", "--deterministic", "--epochs", "2"])).toEqual(switched);
  expect(parseCommandLine(["--threads", "2"])).toEqual({ ...standard, threads: 2 });
  expect(parseCommandLine(["--threads=auto"])).toEqual(standard);
});

test("the network is one of two", () => {
  expect(parseCommandLine(["--model", "cnn"])).toEqual({ ...standard, model: "cnn" });
  expect(parseCommandLine(["--model=mlp"])).toEqual(standard);
});

test("the other commands", () => {
  expect(parseCommandLine(["evaluate", "w", "--data", "d"])).toEqual({ name: "evaluate", file: "w", data: "d" });
  expect(parseCommandLine(["predict", "w", "i.png"])).toEqual({ name: "predict", file: "w", image: "i.png" });
  expect(parseCommandLine(["predict", "--help"])).toEqual({ name: "help" });
  expect(parseCommandLine(["-v"])).toEqual({ name: "version" });
});

test("a training is kept in a folder, and resumed from there", () => {
  const kept = { ...standard, checkpoint: "c" };
  expect(parseCommandLine(["--checkpoint", "c"])).toEqual(kept);
  expect(parseCommandLine(["--checkpoint=c", "--resume"])).toEqual({ ...kept, resume: true });
});

describe("mistakes", () => {
  test.each<[string, string]>([
    ["--resume", "--resume needs --checkpoint FOLDER: where the training is that is to go on"],
    ["--resume=yes --checkpoint c", '--resume takes no value, got "yes"'],
    ["evaluate w --checkpoint c", "--checkpoint is no option of evaluate: it has --data"],
    ["--epoch 3", "unknown option --epoch: did you mean --epochs?"],
    ["--learningrate 3", "unknown option --learningrate: did you mean --learning-rate?"],
    ["--banana", "unknown option --banana: see --help"],
    ["-x", "unknown option -x: see --help"],
    ["evalute w", 'unknown command "evalute": did you mean evaluate?'],
    ["dance", 'unknown command "dance": the commands are evaluate and predict'],
    ["evaluate", "evaluate needs FILE: demo evaluate FILE"],
    ["predict w", "predict needs IMAGE.png: demo predict FILE IMAGE.png"],
    ["predict w i j", 'predict takes no "j": demo predict FILE IMAGE.png'],
    ["evaluate w --seed 3", "--seed is no option of evaluate: it has --data"],
    ["predict w i --data d", "--data is no option of predict: it has none"],
    ["--epochs", "--epochs needs a value: see --help"],
    ["--data --seed 1", "--data needs a value: see --help"],
    ["--epochs 0", '--epochs must be a whole number from 1 on, got "0"'],
    ["--epochs 2.5", '--epochs must be a whole number from 1 on, got "2.5"'],
    ["--epochs five", '--epochs must be a whole number from 1 on, got "five"'],
    ["--epochs=", '--epochs must be a whole number from 1 on, got ""'],
    ["--epochs 0x10", '--epochs must be a whole number from 1 on, got "0x10"'],
    ["--batch-size 1", "--batch-size must be a whole number from 2 on"],
    ["--batch-size -64", "--batch-size must be a whole number from 2 on"],
    ["--learning-rate 0", '--learning-rate must be a number above 0, got "0"'],
    ["--learning-rate NaN", '--learning-rate must be a number above 0, got "NaN"'],
    ["--learning-rate 1e999", '--learning-rate must be a number above 0, got "1e999"'],
    ["--model rnn", '--model must be mlp or cnn, got "rnn"'],
    ["--model=", '--model must be mlp or cnn, got ""'],
    ["evaluate w --model cnn", "--model is no option of evaluate: it has --data"],
    ["--seed -1", '--seed must be a whole number from 0 to 9007199254740991, got "-1"'],
    ["--seed 9007199254740992", "--seed must be a whole number from 0 to 9007199254740991"],
    ["--threads 0", '--threads must be "auto" or a whole number from 1 to 56, got "0"'],
    ["--threads many", '--threads must be "auto" or a whole number from 1 to 56, got "many"'],
    ["--deterministic=yes", '--deterministic takes no value, got "yes"'],
    ["--save=", '--save must be a path, got ""'],
    ["--help=me", '--help takes no value, got "me"'],
  ])("%s", (words, message) => {
    const parse = (): unknown => parseCommandLine(words.split(" "));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});

test("the help has every option with what it is by default", () => {
  expect(helpText()).toContain("--epochs N           passes over the training images (5)");
  expect(helpText()).toContain("--learning-rate X    the size of Adam's steps (0.001)");
  expect(
    helpText()
      .split("\n")
      .every((line) => line.length <= 80),
  ).toBe(true);
});

test("edits are counted with swaps; what is too far is not suggested", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("sede", "seed")).toBe(1);
  expect(nearest("pochs", ["seed", "epochs"])).toBe("epochs");
  expect(nearest("zebra", ["seed", "epochs"])).toBeUndefined();
});
