// What the docstrings of a package's sources say: every `@example`, with the declaration that it belongs to. Examples are part of
// the documentation and of the tests: what is shown to readers is what runs.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** An `@example` of a docstring. */
export interface Example {
  /** The file, relative to the folder that was searched. */
  readonly file: string;
  /** Where the docstring's declaration begins, counted from 1. */
  readonly line: number;
  /** The name of the declaration; for a member `Class.member`. */
  readonly name: string;
  readonly text: string;
  readonly declaration: ts.Node;
}

/** The syntax tree of a TypeScript file, with parents. */
function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
}

/** The TypeScript files below a folder, in alphabetical order. */
function sourcesOf(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).sort();
}

/** Every example in the docstrings of the sources below a folder. */
export function examplesOf(folder: string): Example[] {
  return sourcesOf(folder).flatMap((file) => examplesIn(parse(join(folder, file)), file));
}

/** Every example in the docstrings of one file. */
export function examplesIn(source: ts.SourceFile, file: string): Example[] {
  const found: Example[] = [];
  const visit = (node: ts.Node, owner: string): void => {
    const name = nameOf(node);
    const path = name === null ? owner : owner === "" ? name : `${owner}.${name}`;
    for (const tag of examplesAt(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      found.push({ file, line, name: path, text: textOf(tag), declaration: node });
    }
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(source, "");
  return found;
}

/** The tags that stand at a node itself: a variable's docstring belongs to its statement. */
function examplesAt(node: ts.Node): readonly ts.JSDocTag[] {
  const documented = ts.isStatement(node) || ts.isClassElement(node) || ts.isTypeElement(node);
  return documented ? ts.getJSDocTags(node).filter(({ tagName }) => tagName.text === "example") : [];
}

function nameOf(node: ts.Node): string | null {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText() ?? null;
  const named = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node);
  if (named || ts.isTypeAliasDeclaration(node) || ts.isMethodDeclaration(node) || ts.isGetAccessor(node)) {
    return node.name?.getText() ?? null;
  }
  return null;
}

/** The example's program, without the fences of a code block. */
function textOf(tag: ts.JSDocTag): string {
  const text = ts.getTextOfJSDocComment(tag.comment) ?? "";
  return text.replace(/^```\w*\n?|\n?```\s*$/g, "").trim();
}

/** Whether an example is a sample: one call, without a semicolon, and its value behind `//`. Samples are read by the exam. */
export function isSample({ text }: Example): boolean {
  return /^[^;\n]+ \/\/ [^\n]+$/.test(text);
}
