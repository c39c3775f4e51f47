// Runs the examples of docstrings. A statement may end in a comment that says what it gives:
//
//     slope(tensor([2])).toArray(); // [12]
//     detectAnomaly(() => tensor([0]).log()); // throws: log gave -Infinity
//     uniform([2]).shape; // any other words are for readers
//
// Values are compared to the digits that are shown. An example's imports of Gradus are replaced by the modules that the test gives.

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format } from "node:util";
import ts from "typescript";
import { describe, test } from "vitest";
import { Tensor } from "../../src/index.ts";
import { close } from "../exam/reference.ts";
import { type Example, examplesOf } from "./docstrings.ts";

/** The names that examples may use without importing them. */
export type Names = Readonly<Record<string, unknown>>;

/** What {@link testExamples} runs. */
export interface ExampleSuite {
  /** The folder of the sources. */
  readonly sources: URL;
  /** What every example may use; the exports of an example's own file are there as well. */
  readonly names: Names;
  /** Examples that are examined elsewhere. */
  readonly except?: (example: Example) => boolean;
}

/**
 * One test for each example in the docstrings below a folder. Another package's test is
 *
 *     testExamples({ sources: new URL("../src/", import.meta.url), names: { ...core, ...layers } });
 */
export function testExamples({ sources, names, except = () => false }: ExampleSuite): void {
  const folder = fileURLToPath(sources);
  const examples = examplesOf(folder).filter((example) => !except(example));
  describe("examples", () => {
    test.each(examples)("$file: $name", async (example) => {
      const own: Names = await import(pathToFileURL(join(folder, example.file)).href);
      await runExample(example.text, { ...names, ...own });
    });
  });
}

/** The value that a comment states, or undefined if it is prose. */
export function statedValue(comment: string): { readonly value: unknown } | null {
  const text = comment.trim().replace(/;$/, "");
  const number = /^(-?(\d+(\.\d+)?(e[+-]?\d+)?|Infinity)|NaN|true|false|null|undefined|"[^"]*"|'[^']*')$/;
  if (number.test(text)) return { value: literal(text) };
  if (!/^\[.*\]$/.test(text)) return null;
  try {
    const marked = text.replace(/\bNaN\b|-?\bInfinity\b/g, '"$&"').replace(/,(?=\s*\])/g, "");
    return { value: JSON.parse(marked, (_, value) => (typeof value === "string" ? literal(value) : value)) };
  } catch {
    return null;
  }
}

function literal(text: string): unknown {
  if (/^["'].*["']$/.test(text)) return text.slice(1, -1);
  if (text === "undefined") return undefined;
  if (/^(NaN|-?Infinity)$/.test(text)) return Number(text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a statement gave, in the terms in which comments speak. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.toArray();
  if (value instanceof Float32Array || value instanceof Float64Array) return Array.from(value);
  if (value instanceof Int32Array || value instanceof Uint8Array) return Array.from(value);
  if (value instanceof Map || value instanceof Set) return Array.from(value, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}

/** Throws unless running `body` gave what the comment says. */
async function check(comment: string, body: () => unknown): Promise<unknown> {
  const threat = /^throws\b:?\s*(.*)$/.exec(comment.trim());
  if (threat !== null) {
    const said = await Promise.resolve()
      .then(body)
      .then(
        () => null,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    const wanted = (threat[1] ?? "").split(/…|\.\.\./)[0]?.trim() ?? "";
    if (said === null) throw new Error(`the example should throw: ${comment}`);
    if (!said.includes(wanted)) throw new Error(`the example threw "${said}", its comment says "${wanted}"`);
    return undefined;
  }
  const value = await body();
  const stated = statedValue(comment);
  if (stated !== null && !close(plain(value), stated.value, 1e-6)) {
    throw new Error(`the example gave ${format("%o", plain(value))}, its comment says ${comment.trim()}`);
  }
  return value;
}

/** Runs an example's text with `names` in scope. @throws with the statement's result if it is not what its comment says */
export async function runExample(text: string, names: Names): Promise<void> {
  const { outputText } = ts.transpileModule(instrument(text), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const scope = { ...names, $check: check };
  const run = new Function(...Object.keys(scope), `"use strict"; return (async () => {\n${outputText}\n})();`);
  await run(...Object.values(scope));
}

/** The example with each commented expression wrapped in a check, and without its imports. */
function instrument(text: string): string {
  const source = ts.createSourceFile("example.ts", text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  const pieces = source.statements.map((statement) => {
    if (ts.isImportDeclaration(statement)) return "";
    const [comment] = ts.getTrailingCommentRanges(text, statement.end) ?? [];
    const code = statement.getText().replace(/^export /, "");
    if (comment === undefined) return code;
    const said = JSON.stringify(text.slice(comment.pos + 2, comment.end));
    if (ts.isExpressionStatement(statement))
      return `await $check(${said}, async () => (${statement.expression.getText()}));`;
    if (!ts.isVariableStatement(statement)) return code;
    const name = statement.declarationList.declarations.at(-1)?.name;
    return name !== undefined && ts.isIdentifier(name) ? `${code}\nawait $check(${said}, () => ${name.text});` : code;
  });
  return pieces.join("\n");
}
