// Every export of every package says what it is: a docstring for each, for all that can be called an `@example`, and its name in the
// package's README. What the examples say is examined where they stand, in the tests of their packages.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { programOf, root } from "./program.ts";

/** What a package exports, from one of its entries. */
interface Entry {
  /** As it is imported: `@gradus/core/compile`. */
  readonly name: string;
  readonly file: string;
  /** The text of the package's README. */
  readonly readme: string;
}

/** The public entries of all packages, read from their manifests. */
const entries: readonly Entry[] = readdirSync(join(root, "packages")).flatMap((folder) => {
  const readme = readFileSync(join(root, "packages", folder, "README.md"), "utf8");
  const manifest = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
  return Object.entries<{ "@gradus/source"?: string }>(manifest.exports).flatMap(
    ([path, { "@gradus/source": source }]) =>
      source === undefined
        ? []
        : { name: join(manifest.name, path), file: join(root, "packages", folder, source), readme },
  );
});

const files = entries.map(({ file }) => file).filter((file) => existsSync(file));
const program = programOf(new Map(files.map((file) => [file, null])));
const checker = program.getTypeChecker();

/** An export, and where it is declared. */
interface Documented {
  /** `schedules.cosine`, or the name alone. */
  readonly name: string;
  readonly place: string;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
}

/** The exports of a module, those of its namespaces among them. */
function exportsOf(module: ts.Symbol, prefix = ""): Documented[] {
  return checker.getExportsOfModule(module).flatMap((entry) => {
    const symbol = entry.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(entry) : entry;
    const name = `${prefix}${entry.name}`;
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined || symbol.flags & ts.SymbolFlags.ValueModule) return exportsOf(symbol, `${name}.`);
    const source = declaration.getSourceFile();
    const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
    return { name, place: `${relative(root, source.fileName)}:${line + 1}`, symbol, declaration };
  });
}

/** Whether something can be called, or made with `new`. */
function isCallable({ symbol, declaration }: Documented): boolean {
  if (!(symbol.flags & ts.SymbolFlags.Value)) return false;
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  return type.getCallSignatures().length + type.getConstructSignatures().length > 0;
}

const hasSentence = ({ symbol }: Documented): boolean => symbol.getDocumentationComment(checker).length > 0;
const hasExample = ({ symbol }: Documented): boolean =>
  symbol.getJsDocTags(checker).some(({ name }) => name === "example");

describe.each(entries)("$name", ({ file, readme }) => {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const all = module === undefined ? [] : exportsOf(module);
  const places = (found: readonly Documented[]): string[] => found.map(({ name, place }) => `${name} (${place})`);

  test("has exports", () => expect(all.length).toBeGreaterThan(0));

  test("says what each of them is", () => {
    expect(places(all.filter((entry) => !hasSentence(entry)))).toEqual([]);
  });

  test("shows how each function and class is used", () => {
    expect(places(all.filter((entry) => isCallable(entry) && !hasExample(entry)))).toEqual([]);
  });

  test("has a place in the README for each function and class", () => {
    const isNamed = ({ name }: Documented): boolean => new RegExp(`\\b${name.split(".").at(-1)}\\b`).test(readme);
    expect(places(all.filter((entry) => isCallable(entry) && !isNamed(entry)))).toEqual([]);
  });
});
