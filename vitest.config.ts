import { defineConfig } from "vitest/config";

/** Watch mode and merged coverage: all packages in one process. */
export default defineConfig({
  test: {
    projects: ["{packages,apps}/*/vitest.config.ts", "examples/vitest.config.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      reporter: ["text", "html", "lcov"],
      thresholds: { lines: 90 },
    },
  },
});
