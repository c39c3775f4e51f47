// `pnpm bench:types [rounds]`: what the shape types cost the type checker. All projects, but for the tests of types themselves, are
// checked as they are and with the shape rules stubbed (every check passes, every result is a `Shape`), in turns, in temporary copies.
// It fails where the ratio of the median check times or of the instantiations reaches the limit. `--errors` shows what tsc reports.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const limit = 1.5;
const [given = "3"] = process.argv.slice(2).filter((argument) => argument !== "--errors");
const rounds = Number(given);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`rounds must be a whole number ≥ 1, got ${given}`);
const root = fileURLToPath(new URL("../", import.meta.url));
const tsc = join(root, "node_modules/@typescript/native/bin/tsc");

const projects = [
  ...["packages", "apps"].flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`)),
  "examples",
].filter((project) => existsSync(join(root, project, "tsconfig.json")));

/** What the rules become: where a definition begins, and what stands in the place of all of it. */
const stubs = {
  "packages/core/src/shape-types.ts": [
    [/^export type Check<R> =[^;]*;/m, "export type Check<R> = unknown;"],
    [/^export type Result<R> =[^;]*;/m, "export type Result<R> = Shape;"],
  ],
  "packages/layers/src/layer-types.ts": [
    [/^export type CheckChain<L[^;]*;/m, 'export type CheckChain<L extends readonly unknown[], K = "0"> = unknown;'],
  ],
};

/** A copy of the sources. What is installed is linked; packages of the workspace are those of the copy. */
function copy(to) {
  const skipped = new Set(["node_modules", "dist", "reports", "coverage", ".turbo"]);
  const filter = (path) => !skipped.has(basename(path)) && !/\.(jsonl|test-d\.ts)$/.test(path);
  for (const entry of readdirSync(root)) {
    const isNeeded = ["packages", "apps", "examples"].includes(entry) || /\.(ts|json)$/.test(entry);
    if (isNeeded) cpSync(join(root, entry), join(to, entry), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(to, "node_modules"));
  for (const project of projects)
    linkInstalled(join(root, project, "node_modules"), join(to, project, "node_modules"), to);
}

function linkInstalled(from, to, copied) {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from).filter((entry) => !entry.startsWith("."))) {
    if (name.startsWith("@")) linkInstalled(join(from, name), join(to, name), copied);
    else {
      const target = realpathSync(join(from, name));
      const isOurs = dirname(target) === resolve(root, "packages");
      mkdirSync(to, { recursive: true });
      symlinkSync(isOurs ? join(copied, "packages", name) : target, join(to, name));
    }
  }
}

function stub(folder) {
  for (const [file, replacements] of Object.entries(stubs)) {
    let text = readFileSync(join(folder, file), "utf8");
    for (const [definition, replacement] of replacements) {
      if (!definition.test(text)) throw new Error(`${file}: nothing to stub for ${definition}`);
      text = text.replace(definition, replacement);
    }
    writeFileSync(join(folder, file), text);
  }
}

/** Takes out what other tests say of types: stubbed it does not hold, and the compiler would spend most of its time on saying so. */
function stripTypeTests(folder) {
  const names = readdirSync(folder, { recursive: true });
  for (const name of names.filter((path) => path.endsWith(".test.ts") && !path.includes("node_modules"))) {
    const text = readFileSync(join(folder, name), "utf8");
    writeFileSync(join(folder, name), text.replace(/^\s*expectTypeOf\([\s\S]*?\(\);$/gm, ""));
  }
}

/** Seconds of checking and type instantiations of all projects. */
function measure(folder) {
  const total = { seconds: 0, instantiations: 0, errors: 0 };
  for (const project of projects) {
    const args = [tsc, "-p", "tsconfig.json", "--noEmit", "--extendedDiagnostics"];
    const { stdout } = spawnSync(process.execPath, args, { cwd: join(folder, project), encoding: "utf8" });
    const [seconds, instantiations] = [/^Check time:\s+([\d.]+)s/m, /^Instantiations:\s+(\d+)/m].map((pattern) =>
      Number(pattern.exec(stdout)?.[1]),
    );
    if (!(seconds >= 0 && instantiations >= 0))
      throw new Error(`tsc said nothing of its costs in ${project}:\n${stdout}`);
    total.seconds += seconds;
    total.instantiations += instantiations;
    total.errors += stdout.match(/: error TS/g)?.length ?? 0;
    if (process.argv.includes("--errors")) console.log(stdout.match(/^.*: error TS.*$/gm)?.join("\n") ?? "");
  }
  return total;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const folder = realpathSync(mkdtempSync(join(tmpdir(), "gradus-types-")));
try {
  const variants = { typed: [], stubbed: [] };
  for (const name of Object.keys(variants)) {
    copy(join(folder, name));
    for (const project of projects) stripTypeTests(join(folder, name, project));
  }
  stub(join(folder, "stubbed"));
  for (let round = 0; round < rounds; round++)
    for (const [name, costs] of Object.entries(variants)) costs.push(measure(join(folder, name)));
  const of = (name, cost) => median(variants[name].map((costs) => costs[cost]));
  const ratio = (cost) => of("typed", cost) / of("stubbed", cost);
  for (const name of Object.keys(variants))
    console.log(`${name.padEnd(8)} ${of(name, "seconds").toFixed(2)} s, ${of(name, "instantiations")} instantiations`);
  console.log(
    `ratio    ${ratio("seconds").toFixed(2)} of the time, ${ratio("instantiations").toFixed(2)} of the instantiations`,
  );
  if (ratio("seconds") >= limit || ratio("instantiations") >= limit) {
    console.log(`The shape types cost ${limit} times as much as none, or more.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
