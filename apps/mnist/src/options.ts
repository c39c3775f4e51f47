// The options of the commands: what each is called, what it may be, and what it is if nothing is said.

import { UsageError } from "./failure.ts";
import { isModelName, type ModelName, modelNames } from "./model.ts";

/** An option. */
export interface Option<T> {
  /** Without the dashes: `batch-size`. */
  readonly name: string;
  /** What stands for the value in the help: `N`; empty for a switch, which takes none. */
  readonly value: string;
  /** What it does, for the help. */
  readonly help: string;
  /** The value if the option is not given. */
  readonly standard: T;
  /** The value that a text stands for. @throws UsageError if it is none */
  readonly read: (text: string) => T;
}

/** A number within bounds, whole unless `rule` says otherwise. */
function number(
  parts: Pick<Option<number>, "name" | "value" | "help" | "standard">,
  rule: string,
  valid: (value: number) => boolean,
): Option<number> {
  const read = (text: string): number => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (!valid(value)) throw new UsageError(`--${parts.name} must be ${rule}, got ${JSON.stringify(text)}`);
    return value;
  };
  return { ...parts, read };
}

/** A path, which cannot be empty. */
function path(parts: Pick<Option<string | null>, "name" | "value" | "help">): Option<string | null> {
  const read = (text: string): string => {
    if (text === "") throw new UsageError(`--${parts.name} must be a path, got ""`);
    return text;
  };
  return { ...parts, standard: null, read };
}

const isWhole = (least: number) => (value: number) => Number.isSafeInteger(value) && value >= least;

/** Which network is trained. */
export const model: Option<ModelName> = {
  name: "model",
  value: "NAME",
  help: "the network: mlp, or cnn, slower and better",
  standard: "mlp",
  read: (text) => {
    if (isModelName(text)) return text;
    throw new UsageError(`--model must be ${modelNames.join(" or ")}, got ${JSON.stringify(text)}`);
  },
};

export const epochs: Option<number> = number(
  { name: "epochs", value: "N", help: "passes over the training images", standard: 5 },
  "a whole number from 1 on",
  isWhole(1),
);

export const batchSize: Option<number> = number(
  { name: "batch-size", value: "N", help: "images per step", standard: 64 },
  "a whole number from 2 on (batch normalization compares the images of a batch)",
  isWhole(2),
);

export const learningRate: Option<number> = number(
  { name: "learning-rate", value: "X", help: "the size of Adam's steps", standard: 0.001 },
  "a number above 0",
  (value) => Number.isFinite(value) && value > 0,
);

export const seed: Option<number> = number(
  { name: "seed", value: "N", help: "what all random numbers come from", standard: 0 },
  "a whole number from 0 to 9007199254740991",
  isWhole(0),
);

export const data: Option<string | null> = path({
  name: "data",
  value: "FOLDER",
  help: "the four files of MNIST, or of a set in its form",
});

export const save: Option<string | null> = path({
  name: "save",
  value: "FILE",
  help: "where the trained weights go, as safetensors",
});

export const checkpoint: Option<string | null> = path({
  name: "checkpoint",
  value: "FOLDER",
  help: "where training is kept, so that it can be resumed",
});

/** How many threads compiled steps may use; the digits of the weights do not depend on it. */
export const threads: Option<number | "auto"> = {
  name: "threads",
  value: "N",
  help: "threads of the compiled steps, or auto",
  standard: "auto",
  read: (text) => {
    const value = Number(text);
    if (text === "auto") return text;
    if (/^\d+$/.test(text) && value >= 1 && value <= 56) return value;
    throw new UsageError(`--threads must be "auto" or a whole number from 1 to 56, got ${JSON.stringify(text)}`);
  },
};

/** An option that is given or not. */
const flag = (name: string, help: string): Option<boolean> => ({
  name,
  value: "",
  help,
  standard: false,
  read: () => true,
});

export const noCompile: Option<boolean> = flag("no-compile", "run each operation by itself instead of compiling steps");

export const deterministic: Option<boolean> = flag("deterministic", "the same bits on every machine, a little slower");

export const resume: Option<boolean> = flag("resume", "go on from the newest checkpoint in that folder");
