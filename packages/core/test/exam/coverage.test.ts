// docs/coverage.md is what the register says today. Where that has changed the page is written anew, but not on CI, which complains.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { coveragePage } from "./coverage.ts";

const path = new URL("../../../../docs/coverage.md", import.meta.url);

test("docs/coverage.md is what the operators can do", () => {
  const page = coveragePage();
  const old = existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : "";
  const onCI = (process.env["CI"] ?? "") !== "";
  if (!onCI && page !== old) {
    console.log("docs/coverage.md has been written anew");
    writeFileSync(path, page);
  }
  expect(onCI ? old : page, "docs/coverage.md is out of date: run `pnpm docs:coverage`").toBe(page);
});
