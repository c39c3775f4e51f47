// Workers for the tests: a program is bundled from the sources, as an application's bundler would do it.

import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/** The path of a bundled worker, and how to remove it. */
export interface BuiltWorker {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/** Bundles a program that may import `@gradus/core`, `gradus-data` and `gradus-worker`. */
export async function buildWorker(program: string): Promise<BuiltWorker> {
  const folder = await mkdtemp(join(tmpdir(), "gradus-worker-"));
  const entry = join(folder, "entry.ts");
  writeFileSync(entry, program);
  const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  await build({
    configFile: false,
    logLevel: "silent",
    resolve: {
      conditions: ["@gradus/source"],
      alias: {
        "@gradus/core": source("../../../core/src/index.ts"),
        "gradus-data": source("../../src/index.ts"),
        "gradus-worker": source("../../src/worker.ts"),
      },
    },
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      lib: { entry, formats: ["es"], fileName: () => "worker.mjs" },
      rolldownOptions: { external: [/^node:/] },
    },
  });
  return { path: join(folder, "worker.mjs"), remove: () => rm(folder, { recursive: true, force: true }) };
}
