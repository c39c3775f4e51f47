// Every lesson, in a short variant: it measures all that it claims, the same numbers each time. The program: as a user runs it, in
// deterministic mode, whose random numbers take longer. The long tests run all lessons as they are.

import { readdirSync, readFileSync } from "node:fs";
import { findMnist, mnist } from "@gradus/data";
import { beforeAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/failure.ts";
import { parseRequest } from "../../src/lessons/command-line.ts";
import { Laboratory } from "../../src/lessons/frame/laboratory.ts";
import { examine } from "../../src/lessons/frame/lesson.ts";
import { json } from "../../src/lessons/frame/report.ts";
import { lessons } from "../../src/lessons/index.ts";
import { lessons as program } from "../program.ts";

const folder = new URL("../../src/lessons/", import.meta.url);
const names = lessons.map(({ name }) => name);

describe("lessons", () => {
  let laboratory: Laboratory;
  beforeAll(async () => {
    laboratory = new Laboratory(await mnist({ folder: findMnist(import.meta.url), shape: [784] }), { quick: true });
  });

  test("are all in the list, each in a short file of its name", () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
    const others = ["index.ts", "main.ts", "command-line.ts"];
    expect(names.map((name) => `${name}.ts`).sort()).toEqual(files.filter((file) => !others.includes(file)).sort());
    for (const file of files) {
      expect(readFileSync(new URL(file, folder), "utf8").split("\n").length, file).toBeLessThanOrEqual(150);
    }
  });

  test.each(lessons.map((lesson) => [lesson.name, lesson] as const))("%s", async (_, lesson) => {
    const once = await examine(lesson, laboratory);
    const again = await examine(lesson, laboratory);
    const text = json(new Map([[lesson, once]]));
    expect(json(new Map([[lesson, again]]))).toBe(text);
    expect(Object.keys(lesson.claims).length).toBeGreaterThan(0);
    expect(once.verdicts.map(({ name }) => name)).toEqual(Object.keys(lesson.claims));
    expect(once.charts.length).toBeGreaterThan(0);
  });
});

describe("the words of the command line", () => {
  test("name lessons, or all of them", () => {
    expect(parseRequest([], lessons)).toEqual({ kind: "run", lessons, json: false });
    const request = parseRequest(["--", "dead-relu", "--json"], lessons);
    expect(request).toMatchObject({ kind: "run", json: true, lessons: [{ name: "dead-relu" }] });
    expect(parseRequest(["dead-relu", "--list"], lessons)).toEqual({ kind: "list" });
    expect(parseRequest(["-h"], lessons)).toEqual({ kind: "help" });
  });

  test.each([
    [["dead-rellu"], 'there is no lesson "dead-rellu": did you mean dead-relu?'],
    [["x"], 'there is no lesson "x": --list names them'],
    [["--jsn"], "unknown option --jsn: did you mean --json?"],
    [["--json=yes"], '--json takes no value, got "yes"'],
  ])("%j is refused", (words, message) => {
    expect(() => parseRequest(words, lessons)).toThrow(new UsageError(message));
  });
});

describe("the program", () => {
  test("prints what the lecture says, what was measured, and whether it holds", async () => {
    const { stdout, stderr, code } = await program(["epochs-batches-steps"]);
    expect([stderr, code]).toEqual(["", 0]);
    expect(stdout).toContain("The lecture  An epoch is one pass over all training samples.");
    expect(stdout).toContain("steps of an epoch, the mean of 10: 10 (holds: exactly 10)");
    expect(stdout).toContain("1 lesson: 5 of 5 claims hold");
    expect(stdout).not.toContain("\x1b");
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  test("prints JSON", async () => {
    const { stdout } = await program(["epochs-batches-steps", "--json"]);
    const claims = JSON.parse(stdout).lessons[0].claims;
    expect(claims.map(({ measured }: { measured: number }) => measured)).toEqual([10, 100, 1000, 6, 16]);
  });

  test("lists, helps, and refuses in one line", async () => {
    const { stdout } = await program(["--list"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(names);
    expect((await program(["--help"])).stdout).toContain("lessons NAME …");
    const wrong = await program(["vanishing"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toBe('error: there is no lesson "vanishing": did you mean vanishing-gradient?\n');
  });
});

test.runIf(process.env["GRADUS_LONG"] === "1")("all lessons: within four minutes, the same numbers again", async () => {
  const start = performance.now();
  const once = await program(["--json"]);
  expect((performance.now() - start) / 1000).toBeLessThan(240);
  expect(once).toMatchObject({ code: 0, stderr: "" });
  expect(await program(["--json"])).toEqual(once);
  const report: { lessons: { name: string; claims: { name: string; holds: boolean }[] }[] } = JSON.parse(once.stdout);
  const failed = report.lessons.flatMap(({ name, claims }) =>
    claims.flatMap((claim) => (claim.holds ? [] : [`${name}: ${claim.name}`])),
  );
  // What this lecture says, and what these experiments show otherwise.
  expect(failed).toEqual([
    "derivative-ranges: tanhPositive",
    "constant-initialization: constantLearns",
    "initialization: tanh",
    "batchnorm-initialization: all",
    "overfitting: accuracy",
  ]);
});
