// Imports a TypeScript module of the project on every Node: bundled by the esbuild that the project's tsup brings.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const project = new URL("../../", import.meta.url);
const cache = new URL("../node_modules/.cache/", import.meta.url);

/** The exports of a module, named by its path in the project: `packages/core/bench/gemm.ts`. */
export const importTypeScript = async (path) => {
  const tsup = createRequire(new URL("package.json", project)).resolve("tsup");
  const { build } = createRequire(tsup)("esbuild");
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(path, project))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@gradus/source"],
    logLevel: "silent",
  });
  mkdirSync(cache, { recursive: true });
  const file = new URL(`${basename(path, ".ts")}-${process.pid}.mjs`, cache);
  writeFileSync(file, outputFiles[0].text);
  try {
    return await import(file);
  } finally {
    rmSync(file);
  }
};
