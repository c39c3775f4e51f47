// What a user of the published packages gets. The packed tarballs are unpacked into a new project's node_modules, with
// no workspace around them; one program (fixture/program.ts) is then type-checked as ESM for a bundler and as ESM and
// CommonJS for Node, strictly; run both ways on this Node; and bundled for a browser.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

const here = import.meta.dirname;
const project = mkdtempSync(join(tmpdir(), "gradus-consumer-"));
const write = (name, content) => writeFileSync(join(project, name), JSON.stringify(content));

/** Runs a command in the project and returns what it printed; ends the check when it fails. */
const run = (step, command, ...args) => {
  const shell = process.platform === "win32" && command !== process.execPath;
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: project, encoding: "utf8", shell });
  if (status !== 0) throw new Error(`${step} failed: ${error?.message ?? `${stdout}${stderr}`}`);
  console.log(`ok  ${step}`);
  return stdout.trim();
};

try {
  for (const name of Object.keys(JSON.parse(readFileSync(join(here, "package.json"), "utf8")).dependencies)) {
    const target = join("node_modules", name);
    mkdirSync(join(project, target), { recursive: true });
    const { version } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
    const tarball = `${name.slice(1).replace("/", "-")}-${version}.tgz`; // @gradus/core: gradus-core
    copyFileSync(join(here, "reports", tarball), join(project, "package.tgz"));
    run(`unpack ${name}`, "tar", "-xzf", "package.tgz", "-C", target.replaceAll("\\", "/"), "--strip-components=1");
  }
  write("package.json", { private: true, type: "module" });
  for (const copy of ["program.ts", "program.mts", "program.cts"]) {
    copyFileSync(join(here, "fixture/program.ts"), join(project, copy));
  }
  const strict = { target: "ES2022", lib: ["ES2022", "DOM"], types: [], strict: true, skipLibCheck: false };
  const bundler = { ...strict, module: "ESNext", moduleResolution: "Bundler", noEmit: true };
  const node16 = { ...strict, module: "Node16", moduleResolution: "Node16", rootDir: ".", outDir: "out" };
  write("tsconfig.bundler.json", { compilerOptions: bundler, files: ["program.ts"] });
  write("tsconfig.node16.json", { compilerOptions: node16, files: ["program.mts", "program.cts"] });
  run("types: ESM, bundler", "tsc", "-p", "tsconfig.bundler.json");
  run("types: ESM and CommonJS, node16", "tsc", "-p", "tsconfig.node16.json");

  const esm = run(`run: ESM, Node ${process.version}`, process.execPath, "out/program.mjs");
  const cjs = run(`run: CommonJS, Node ${process.version}`, process.execPath, "out/program.cjs");
  if (esm !== cjs || esm === "") throw new Error(`ESM and CommonJS print different things:\n${esm}\n${cjs}`);

  // A module of Node that reaches a browser's bundle is a warning of vite's; here it is an error.
  const warnings = [];
  const onLog = (level, log) => level === "warn" && warnings.push(log.message);
  const rolldownOptions = { input: join(project, "program.ts"), onLog };
  await build({ root: project, configFile: false, logLevel: "error", build: { outDir: "web", rolldownOptions } });
  if (warnings.length > 0) throw new Error(`bundling for a browser warns:\n${warnings.join("\n")}`);
  const bundle = readdirSync(join(project, "web/assets")).find((name) => name.startsWith("program"));
  if (bundle === undefined) throw new Error("the bundle has no entry");
  console.log("ok  bundle: browser");
  const bundled = run("run: the bundle", process.execPath, join("web/assets", bundle));
  if (bundled !== esm) throw new Error(`the bundle prints something else:\n${esm}\n${bundled}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true, force: true });
}
