import { defineConfig, type Options } from "tsup";

/** One build recipe for every library: ESM + CJS + declarations for both. */
export const library = (overrides: Options = {}): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: ["src/index.ts"],
    format: ["esm", "cjs"],
    platform: "neutral",
    target: "es2022",
    // `ignoreDeprecations`: tsup 8 sets `baseUrl` for its declaration build, an error in TypeScript 6.
    // `stripInternal`: what is marked @internal in the sources does not reach the published declarations.
    dts: { compilerOptions: { ignoreDeprecations: "6.0", stripInternal: true } },
    sourcemap: true,
    clean: true,
    tsconfig: "tsconfig.build.json",
    ...overrides,
  });

/**
 * One build recipe for a program that runs in Node: a single ESM file, bundled from the workspace's TypeScript sources
 * (the `@gradus/source` condition), so that it needs no library to be built before it.
 */
export const program = (entry: string): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: [entry],
    format: ["esm"],
    platform: "node",
    target: "node20",
    sourcemap: true,
    clean: true,
    tsconfig: "tsconfig.build.json",
    noExternal: [/^@gradus\//],
    esbuildOptions(options) {
      options.conditions = ["@gradus/source"];
    },
  });
