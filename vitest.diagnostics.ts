// What the compilers say about code that must not compile. A fixture states in a comment what the next line is told:
//
//     // expect: matmul [64,784] × [785,10]: inner dimensions 784 and 785 differ
//     images.matmul(weights);
//
// Both TypeScript 7 (its command: it has no JavaScript API) and TypeScript 6 (its API) read a folder of fixtures with
// the tsconfig.json that stands there, and `verdicts` sets their diagnostics beside the comments, line by line.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import ts from "typescript";

/** What stands at a line of a fixture: a diagnostic, or what a comment expects there. */
interface Remark {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** A compiler: from a folder with a tsconfig.json to its diagnostics. */
export type Compiler = (folder: string) => readonly Remark[];

/** Runs `tsc` of TypeScript 7 on a folder. */
export const typescript7: Compiler = (folder) => {
  const manifest = createRequire(import.meta.url).resolve("@typescript/native/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  const args = [join(manifest, "..", bin.tsc), "-p", ".", "--pretty", "false", "--singleThreaded"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  // `name(line,column): error TS2345: text`, and the elaboration in indented lines below; sources lie outside the
  // folder.
  const heads = stdout.split(/\r?\n(?=\S)/).map((said) => /^([^/]+?)\((\d+),\d+\): error TS\d+: ([\s\S]*)$/.exec(said));
  return heads.flatMap((head) =>
    head === null ? [] : [{ file: head[1] ?? "", line: Number(head[2]), text: head[3] ?? "" }],
  );
};

/** Runs the API of TypeScript 6 on a folder. */
export const typescript6: Compiler = (folder) => {
  const { config } = ts.readConfigFile(join(folder, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const host = ts.createCompilerHost(options);
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone; // the sources' comments are as long as their code
  const program = ts.createProgram(fileNames, options, host);
  return fileNames.flatMap((name) => {
    const source = program.getSourceFile(name);
    return program.getSemanticDiagnostics(source).map(({ start, messageText }) => ({
      file: basename(name),
      line: (source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) + 1,
      text: ts.flattenDiagnosticMessageText(messageText, "\n"),
    }));
  });
};

function expectations(folder: string, file: string): Remark[] {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const text = /^\s*\/\/ expect: (.+)$/.exec(line)?.[1];
    return text === undefined ? [] : [{ file, line: index + 2, text }]; // the next line, counted from 1
  });
}

/**
 * For each fixture of a folder what it expects, and what the compiler says: the expected text where that is part of
 * it.
 */
export function verdicts(
  folder: string,
  compiler: Compiler,
): { readonly file: string; readonly expected: readonly string[]; readonly said: readonly string[] }[] {
  const remarks = compiler(folder);
  const fixtures = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  return fixtures.map((file) => {
    const expected = expectations(folder, file);
    const said = remarks
      .filter((remark) => remark.file === file)
      .map(({ line, text }) => {
        const match = expected.find((expectation) => expectation.line === line && text.includes(expectation.text));
        return `${line}: ${match?.text ?? text}`;
      });
    return { file, expected: expected.map(({ line, text }) => `${line}: ${text}`), said };
  });
}
