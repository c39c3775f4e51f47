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

/** One test recipe for every package. Workspace packages resolve to their TypeScript sources: no build before a test. */
export const project = (name: string): ViteUserConfig =>
  defineConfig({
    resolve: { conditions: ["@gradus/source", ...defaultClientConditions] },
    ssr: { resolve: { conditions: ["@gradus/source", ...defaultServerConditions] } },
    test: {
      name,
      include: ["test/**/*.test.ts"],
      typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] }, // expectTypeOf; runs `tsc` = TypeScript 7
      // Files share their worker's modules: half of the time went into loading them again. Tests that change a setting of the
      // process set it back; random numbers begin anew in each file.
      isolate: false,
      execArgv: patience,
      setupFiles: fileURLToPath(new URL("vitest.setup.ts", import.meta.url)),
      testTimeout: long ? 900_000 : 30_000, // room for a busy machine
      reporters: ["default", "json"], // the report feeds the closing line of `pnpm test`
      outputFile: { json: "reports/vitest.json" },
    },
  });
