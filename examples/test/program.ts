// The compiler as the examples are compiled. Libraries and the sources of the packages are parsed and bound once, whoever asks.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of the examples. */
export const examples: string = join(root, "examples");

const { config } = ts.readConfigFile(join(examples, "tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, examples);
const parsed = new Map<string, ts.SourceFile | undefined>();

/** A program of files: where each is, and its text if it exists only here, or null. */
export function programOf(files: ReadonlyMap<string, string | null>, more: ts.CompilerOptions = {}): ts.Program {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, ...rest) => {
    const text = files.get(name);
    if (typeof text === "string") return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
    return parsed.get(name);
  };
  return ts.createProgram([...files.keys()], { ...options, ...more }, host);
}
