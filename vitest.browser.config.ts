import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { chromium } from "playwright";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

const candidates = (): readonly (string | undefined)[] => [
  process.env["CHROME_PATH"],
  chromium.executablePath(),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];
const findChromium = (): string | undefined => candidates().find((path) => path !== undefined && existsSync(path));

// As root in a container Chromium needs --no-sandbox; the rest keeps it off the network.
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const executablePath = findChromium();
const test = {
  name: "browser",
  include: ["packages/*/test/**/*.browser.ts"],
  testTimeout: 30_000,
  reporters: ["default", "json"],
  outputFile: { json: "reports/vitest-browser.json" },
};

if (executablePath === undefined)
  console.warn("SKIP browser tests: no Chromium found (install Debian's chromium, or set CHROME_PATH).");

/** The browser tests of all packages in one Chromium where there is one; where there is none they are counted as skipped. */
export default executablePath === undefined
  ? defineConfig({ test: { ...test, testNamePattern: /(?!)/ } }) // collected in Node, all skipped
  : defineConfig({
      resolve: { conditions: ["@gradus/source", ...defaultClientConditions] },
      server: {
        headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
      },
      test: {
        ...test,
        browser: {
          enabled: true,
          headless: true,
          screenshotFailures: false,
          provider: playwright({ launchOptions: { executablePath, args } }),
          instances: [{ browser: "chromium" }],
        },
      },
    });
