// The command line: `run.mjs QUESTION [options]`.
import { parseArgs } from "node:util";

export const usage = `pnpm bench QUESTION [options]

Questions
  step          the lecture's training step: forward, backward, Adam, running statistics, dropout
  cnn           the training step of a small convolutional network
  gemm          matrix products in the three forms that a dense layer needs, and their share of the SIMD peak
  elementwise   relu(x·a + b), exp, tanh and sums on a million floats
  startup       an import and the first 2×2 product, over an empty process

Options
  --json        print one object { question, node, rows } as the last line
  --batch N     samples in a training step (64)
  --steps N     timed calls of each case and contender (300; processes, for startup: 20)
  --warm-up MS  milliseconds of each case before it is timed (300 to 1500, by the question)
  --threads N   threads of Gradus's compiled programs (1); the peers always have one
  --profile     step: also print what each kernel of the compiled step costs
  --only NAMES  contenders whose name contains one of these, separated by commas: --only gradus,jax-js
  --python FILE the Python to ask for PyTorch (python3, then /usr/bin/python3)
  --help        this text`;

const options = {
  json: { type: "boolean", default: false },
  batch: { type: "string", default: "64" },
  steps: { type: "string" },
  "warm-up": { type: "string" },
  threads: { type: "string", default: "1" },
  profile: { type: "boolean", default: false },
  only: { type: "string" },
  python: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
};

/** A bad command line: the message says what is wrong, and the usage follows it. */
export class UsageError extends Error {}

/** The question and its options; throws a UsageError that names what is wrong. */
export const parse = (args, questions) => {
  const { values, positionals } = read(args);
  if (values.help) return { help: true };
  const [question, ...rest] = positionals;
  if (question === undefined) throw new UsageError("which question?");
  if (!questions.includes(question)) throw new UsageError(`unknown question ${JSON.stringify(question)}`);
  if (rest.length > 0)
    throw new UsageError(`one question at a time, not also ${rest.map((word) => JSON.stringify(word))}`);
  if (values.profile && question !== "step") throw new UsageError("--profile belongs to the question step");
  return {
    question,
    json: values.json,
    profile: values.profile,
    batch: count("--batch", values.batch, 2, 4096),
    steps: values.steps === undefined ? undefined : count("--steps", values.steps, 1, 1_000_000),
    warmUp: values["warm-up"] === undefined ? undefined : count("--warm-up", values["warm-up"], 0, 60_000),
    threads: count("--threads", values.threads, 1, 64),
    only: values.only?.split(",").map((name) => name.trim().toLowerCase()),
    python: values.python,
  };
};

const read = (args) => {
  try {
    // `pnpm bench -- step` passes the dashes on.
    return parseArgs({ args: args.filter((arg) => arg !== "--"), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message.split(". ")[0]);
  }
};

const count = (name, text, least, most) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
};
