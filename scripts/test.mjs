// The whole check, as `pnpm test`: lint, types, tests, builds, packages, what a consumer gets, and whether every benchmark runs;
// turbo runs and caches the tasks. The last line, "N passed, N failed, N skipped", adds up the tests of all packages.
// `pnpm test:long` (--long) runs the tests alone, the long ones among them.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";

const check = [
  "lint",
  "lint:imports",
  "typecheck",
  "test",
  "test:browser",
  "build",
  "check:packages",
  "smoke",
  "check:bench",
];
const long = process.argv.includes("--long");
const passedOn = process.argv.slice(2).filter((argument) => argument !== "--long");

const projects = [
  ...["packages", "apps"].flatMap((group) => readdirSync(group).map((name) => `${group}/${name}`)),
  "examples",
];
const reports = [...projects.map((project) => `${project}/reports/vitest.json`), "reports/vitest-browser.json"];
for (const report of reports) rmSync(report, { force: true }); // turbo restores the cached ones

const turbo = spawnSync(
  "turbo",
  ["run", ...(long ? ["test"] : check), "--continue=dependencies-successful", ...passedOn],
  {
    stdio: "inherit",
    shell: process.platform === "win32",
    env: {
      ...process.env,
      NODE_LINE: process.version, // keeps turbo from replaying one Node's results under another
      TURBO_TELEMETRY_DISABLED: "1",
      GOGC: "400", // the compilers written in Go collect garbage a quarter as often: their processes end in seconds
      ...(long ? { GRADUS_LONG: "1" } : {}),
    },
  },
);

const total = { passed: 0, failed: 0, skipped: 0 };
for (const report of reports.filter((path) => existsSync(path))) {
  const result = JSON.parse(readFileSync(report, "utf8"));
  // A file that fails before its first test has no test to count: it counts as one.
  const broken = result.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests + broken.length;
  total.skipped += result.numPendingTests + result.numTodoTests;
}
if (turbo.status !== 0 && total.failed === 0)
  console.log("\nThe check failed outside the tests: see the task named above.");
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = turbo.status ?? 1;
