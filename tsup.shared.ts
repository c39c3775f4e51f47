import { basename } from "node:path";
import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];
type Sources = Omit<Options, "entry"> & { readonly entry?: readonly string[] };

/**
 * Keeps the modules that index.ts exports as namespaces (`export * as schedules from "./schedules.ts"`) files of their own. Bundled
 * into it, a namespace is an object with a getter for each of its names, which no program's bundler can drop or thin out.
 */
const apart = (names: readonly string[]): Plugin => ({
  name: "namespaces-apart",
  setup({ initialOptions, onResolve }) {
    const extension = initialOptions.outExtension?.[".js"] ?? ".js";
    onResolve({ filter: new RegExp(`^\\./(${names.join("|")})\\.ts$`) }, ({ path }) => ({
      path: path.replace(/\.ts$/, extension),
      external: true,
    }));
  },
});

/**
 * Blanks imports of shared chunks for nothing but their effects: esbuild leaves them to keep the order of effects, but chunks have
 * none, and bundlers that read so in package.json warn of each. Blanks, so that the source map stays true.
 */
const withoutBareImports: NonNullable<Options["plugins"]>[number] = {
  name: "without-bare-imports",
  renderChunk: (code) => ({ code: code.replace(/^import "\.\/chunk-\w+\.js";$/gm, (line) => " ".repeat(line.length)) }),
};

/** The recipe for a library with namespaces, each of which is a file in src. */
export const libraryWith = (...namespaces: readonly string[]): ReturnType<typeof defineConfig> =>
  library({
    entry: ["index", ...namespaces].map((name) => `src/${name}.ts`),
    esbuildPlugins: [apart(namespaces)],
  });

/**
 * One build recipe for every library: ESM + CJS + declarations for both. Declarations are what `tsc` (TypeScript 7) has made of src
 * just before, in the folder `declarations`; here they only become one file for each entry, which needs no types to be checked.
 */
export const library = ({ entry = ["src/index.ts"], ...overrides }: Sources = {}): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry: [...entry],
    format: ["esm", "cjs"],
    platform: "neutral",
    target: "es2022",
    dts: {
      entry: Object.fromEntries(
        entry.map((file) => [basename(file, ".ts"), `declarations/${basename(file, ".ts")}.d.ts`]),
      ),
      // tsup 8 sets `baseUrl` for its declaration build, an error in TypeScript 6; `rootDir` is where the declarations were made from.
      compilerOptions: { ignoreDeprecations: "6.0", rootDir: "." },
    },
    sourcemap: true,
    clean: true,
    tsconfig: "tsconfig.build.json",
    plugins: [withoutBareImports],
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
