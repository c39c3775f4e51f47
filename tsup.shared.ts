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
 * One build recipe for programs that run in Node: an ESM file for each, bundled from the workspace's TypeScript sources
 * (the `@gradus/source` condition), so that they need no library to be built before them.
 */
export const program = (...entry: readonly string[]): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: [...entry],
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
