// What must not compile, and the sentence that the compiler says: read from fixtures, with both supported compilers.

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { typescript6, typescript7, verdicts } from "../../../../vitest.diagnostics.ts";

const folder = fileURLToPath(new URL("../fixtures/types/", import.meta.url));

describe.each([
  ["TypeScript 7", typescript7],
  ["TypeScript 6", typescript6],
])("%s", (_, compiler) => {
  test.each(verdicts(folder, compiler))("$file", ({ expected, said }) => {
    expect(expected).not.toEqual([]);
    expect(said).toEqual(expected);
  });
});
