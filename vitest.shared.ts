import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** The long tests (steps by the ten thousand, whole trainings) run where this is set: `pnpm test:long`. */
const long = process.env["GRADUS_LONG"] === "1";

/**
 * Tests run most code a few times: Node 20's optimizing compiler, in threads beside them, took a fifth of the processor's time. It
 * waits longer here for what is worth its while; later Nodes have a faster one before it.
 */
const patience = process.version.startsWith("v20.") ? ["--interrupt-budget=1000000"] : [];

/** Megabytes for short-lived objects before V8 looks which of them are still needed: it looks less often. */
const nursery = ["--max-semi-space-size=64"];

const root = fileURLToPath(new URL(".", import.meta.url));

/**
 * One test recipe for every package. Workspace packages resolve to their TypeScript sources: no build before a test.
 * @param config where the package's vitest.config.ts is
 */
export const project = (config: string): ViteUserConfig => {
  const folder = fileURLToPath(new URL(".", config));
  const setup = join(folder, "test/global-setup.ts");
  return defineConfig({
    // One root for all, so that what one package's tests have made of a source is there for the next one's.
    root,
    cacheDir: join(folder, "node_modules/.vite"),
    resolve: { conditions: ["@gradus/source", ...defaultClientConditions] },
    ssr: { resolve: { conditions: ["@gradus/source", ...defaultServerConditions] } },
    test: {
      name: basename(folder),
      dir: folder,
      include: ["test/**/*.test.ts"],
      // expectTypeOf; runs `tsc` = TypeScript 7, on these files and what they import: all others are for `pnpm typecheck`.
      typecheck: { enabled: true, include: ["test/**/*.test-d.ts"], tsconfig: join(folder, "tsconfig.types.json") },
      // Files share their worker's modules: half of the time went into loading them again. Tests that change a setting of the
      // process set it back; random numbers begin anew in each file.
      isolate: false,
      experimental: { fsModuleCache: true },
      execArgv: [...nursery, ...patience],
      globalSetup: existsSync(setup) ? setup : [],
      setupFiles: join(root, "vitest.setup.ts"),
      testTimeout: long ? 900_000 : 30_000, // room for a busy machine
      reporters: ["default", "json"], // the report feeds the closing line of `pnpm test`
      outputFile: { json: join(folder, "reports/vitest.json") },
    },
  });
};
