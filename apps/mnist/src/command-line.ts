// From the words of a command line to a command, with every mistake told as such.

import { parseArgs } from "node:util";
import { UsageError } from "./failure.ts";
import type { ModelName } from "./model.ts";
import * as option from "./options.ts";
import { nearest } from "./suggestion.ts";

/** What training takes. */
export interface TrainOptions {
  /** The network. */
  readonly model: ModelName;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** The folder of the data, or null for the package that comes with the demo. */
  readonly data: string | null;
  /** The file for the weights, or null for none. */
  readonly save: string | null;
  /** The folder of the training's checkpoints, or null for none. */
  readonly checkpoint: string | null;
  /** Whether to go on from the newest of them. */
  readonly resume: boolean;
  /** How many threads compiled steps may use. */
  readonly threads: number | "auto";
  /** Whether each operation runs by itself. */
  readonly noCompile: boolean;
  /** Whether the bits are to be the same on every machine. */
  readonly deterministic: boolean;
}

/** What the user wants done. */
export type Command =
  | ({ readonly name: "train" } & TrainOptions)
  | { readonly name: "evaluate"; readonly file: string; readonly data: string | null }
  | { readonly name: "predict"; readonly file: string; readonly image: string }
  | { readonly name: "help" }
  | { readonly name: "version" };

/** The words that a command takes after its name, and its options. */
interface Form {
  readonly words: readonly string[];
  readonly options: readonly option.Option<unknown>[];
}

const {
  model,
  epochs,
  batchSize,
  learningRate,
  seed,
  data,
  save,
  checkpoint,
  resume,
  threads,
  noCompile,
  deterministic,
} = option;

/** The commands; training is what happens without a name. */
export const forms: Readonly<Record<"train" | "evaluate" | "predict", Form>> = {
  train: {
    words: [],
    options: [
      model,
      epochs,
      batchSize,
      learningRate,
      seed,
      data,
      save,
      checkpoint,
      resume,
      threads,
      noCompile,
      deterministic,
    ],
  },
  evaluate: { words: ["FILE"], options: [data] },
  predict: { words: ["FILE", "IMAGE.png"], options: [] },
};

const flags = ["help", "version"] as const;

/**
 * The command that the words of a command line ask for.
 * @throws UsageError for what is unknown (with a suggestion), missing, too much or out of range
 */
export function parseCommandLine(words: readonly string[]): Command {
  const { tokens } = parseArgs({
    // Script runners pass on the "--" that stands between their options and the script's.
    args: words[0] === "--" ? words.slice(1) : [...words],
    options: { ...optionTypes(), help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = flags.find((candidate) => candidate === token.name);
    if (flag !== undefined) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, got ${quote(token.value)}`);
      return { name: flag };
    }
    checkKnown(token.rawName, token.name);
    if (isSwitch(token.name)) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, got ${quote(token.value)}`);
      given.set(token.name, "");
      continue;
    }
    // A value that looks like an option is the next option; a negative number is left to `read`.
    if (token.value === undefined || (!token.inlineValue && /^--?[a-z]/i.test(token.value))) {
      throw new UsageError(`${token.rawName} needs a value: see --help`);
    }
    given.set(token.name, token.value);
  }
  const [first, ...operands] = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const name = commandName(first);
  for (const option of given.keys()) checkBelongs(option, name);
  checkOperands(name, operands);
  const read = <T>({ name, standard, read }: option.Option<T>): T => {
    const text = given.get(name);
    return text === undefined ? standard : read(text);
  };
  const [file = "", image = ""] = operands;
  if (name === "evaluate") return { name, file, data: read(data) };
  if (name === "predict") return { name, file, image };
  if (read(resume) && read(checkpoint) === null) {
    throw new UsageError("--resume needs --checkpoint FOLDER: where the training is that is to go on");
  }
  return {
    name,
    model: read(model),
    epochs: read(epochs),
    batchSize: read(batchSize),
    learningRate: read(learningRate),
    seed: read(seed),
    data: read(data),
    save: read(save),
    checkpoint: read(checkpoint),
    resume: read(resume),
    threads: read(threads),
    noCompile: read(noCompile),
    deterministic: read(deterministic),
  };
}

function optionTypes(): Record<string, { type: "string" | "boolean" }> {
  return Object.fromEntries(
    forms.train.options.map(({ name }) => [name, { type: isSwitch(name) ? "boolean" : "string" }]),
  );
}

function isSwitch(name: string): boolean {
  return forms.train.options.some((candidate) => candidate.name === name && candidate.value === "");
}

function commandName(word: string | undefined): keyof typeof forms {
  if (word === undefined || word === "train") return "train";
  if (word === "evaluate" || word === "predict") return word;
  const suggestion = nearest(word, Object.keys(forms));
  const help = suggestion === undefined ? "the commands are evaluate and predict" : `did you mean ${suggestion}?`;
  throw new UsageError(`unknown command ${quote(word)}: ${help}`);
}

function checkKnown(raw: string, name: string): void {
  const known = forms.train.options.map((candidate) => candidate.name);
  if (raw.startsWith("--") && known.includes(name)) return;
  const suggestion = nearest(name, [...known, ...flags]);
  const help = suggestion === undefined ? "see --help" : `did you mean --${suggestion}?`;
  throw new UsageError(`unknown option ${raw}: ${help}`);
}

function checkBelongs(name: string, command: keyof typeof forms): void {
  const known = forms[command].options.map((candidate) => candidate.name);
  if (known.includes(name)) return;
  const own = known.length === 0 ? "it has none" : `it has ${known.map((other) => `--${other}`).join(", ")}`;
  throw new UsageError(`--${name} is no option of ${command}: ${own}`);
}

function checkOperands(command: keyof typeof forms, operands: readonly string[]): void {
  const { words } = forms[command];
  const usage = ["demo", command, ...words].join(" ");
  const missing = words[operands.length];
  if (missing !== undefined) throw new UsageError(`${command} needs ${missing}: ${usage}`);
  const surplus = operands[words.length];
  if (surplus !== undefined) throw new UsageError(`${command} takes no ${quote(surplus)}: ${usage}`);
  const empty = operands.indexOf("");
  if (empty >= 0) throw new UsageError(`${words[empty]} must be a path, got ""`);
}

const quote = (text: string): string => JSON.stringify(text);
