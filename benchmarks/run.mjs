// `pnpm bench QUESTION [options]`: measures Gradus beside its peers, in one run, taking turns. See README.md.
import { cpus } from "node:os";
import { parse, UsageError, usage } from "./harness/options.mjs";
import { buildLibraries, installPeers } from "./harness/prepare.mjs";
import { findPython } from "./harness/python.mjs";
import { table } from "./harness/table.mjs";

const questions = ["step", "cnn", "gemm", "elementwise", "startup"];
const peersFromNpm = ["jax-js", "tensorflow"];

/** One changing line on a terminal, nothing elsewhere. */
const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}${text === "" ? "" : " …"}`);
};

const main = async () => {
  const { help, question, json, profile, only, python, ...options } = parse(process.argv.slice(2), questions);
  if (help) return console.log(usage);

  const { contenders, ask } = await import(`./questions/${question}.mjs`);
  const isWanted = ({ name }) => only === undefined || only.some((part) => name.includes(part));
  const entries = contenders.filter((entry) => isWanted(entry));
  if (entries.length === 0) {
    throw new UsageError(`--only ${only} names none of ${contenders.map(({ name }) => name).join(", ")}`);
  }
  if (entries.some(({ contender }) => peersFromNpm.includes(contender))) installPeers(progress);
  const needs = (contender) => entries.some((entry) => entry.contender === contender);
  if (needs("gradus")) buildLibraries(progress);

  const answer = await ask({
    ...options,
    entries,
    python: needs("pytorch") ? findPython(python) : undefined,
    progress,
  });
  progress("");
  const conditions = `Node ${process.version} · ${cpus()[0]?.model ?? "unknown CPU"} · ${process.platform} ${process.arch}`;
  console.log(table({ ...answer, conditions }));
  if (profile) {
    const { profile: costs } = await import("./contenders/gradus.mjs");
    console.log(`\nThe kernels of the compiled step\n${await costs(options)}`);
  }
  if (json) console.log(JSON.stringify({ question, node: process.version, rows: answer.rows }));
};

try {
  await main();
} catch (error) {
  progress("");
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
