// The programs in READMEs: every block of TypeScript, with what a reader of the page would add to it. Names that a block takes for
// granted are imported from the package that exports them, or stand in for what the text around it speaks of.

import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { examples, programOf, root } from "./program.ts";

/** A block of TypeScript in a page. */
export interface Block {
  /** The page, from the root of the repository. */
  readonly page: string;
  /** Where its first line stands in the page, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** A block as it was checked. */
export interface CheckedBlock extends Block {
  /** What the compiler says about it, with the line in the page. */
  readonly problems: readonly string[];
  /** The declarations that stand in for names, to be run before it. */
  readonly standIns: string;
}

/** The blocks of a page that are marked as `ts`. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split("\n").length + 1,
    text: match[1] ?? "",
  }));
}

/** Type-checks blocks, each as a module of its own in the folder of the examples. */
export function checkBlocks(
  blocks: readonly Block[],
  packages: readonly string[],
  given: Record<string, string>,
): CheckedBlock[] {
  const imports = importsOf(packages);
  const unknown = unknownNames(blocks.map(({ text }) => text));
  const additions = blocks.map(({ text }, index) => {
    const names = new Set(unknown[index]);
    const standIns = [...names].flatMap((name) => (imports.has(name) ? [] : (given[name] ?? [])));
    // What stand-ins use themselves, unless the block has it.
    for (const [word] of standIns.join(" ").matchAll(/\w+/g)) if (!text.includes(word)) names.add(word);
    return { imports: [...names].flatMap((name) => imports.get(name) ?? []).join(" "), standIns: standIns.join(" ") };
  });
  // On the line before the block's first, so that lines keep their numbers.
  const checker = new Checker(
    blocks.map(({ text }, index) => `${additions[index]?.imports} ${additions[index]?.standIns}\n${text}`),
  );
  return blocks.map((block, index) => {
    const say = ({ line, said }: Remark): string => `${block.page}:${block.line + line - 1}: ${said}`;
    const problems = [...checker.errors(index), ...checker.wrongTypes(index)].map(say);
    return { ...block, problems, standIns: additions[index]?.standIns ?? "" };
  });
}

/** How each public name of the packages is imported. */
function importsOf(packages: readonly string[]): ReadonlyMap<string, string> {
  const index = join(examples, "all-packages.ts");
  const text = packages.map((name, number) => `import * as p${number} from "${name}"; p${number};`).join("\n");
  const program = programOf(new Map([[index, text]]));
  const checker = program.getTypeChecker();
  const found = new Map<string, string>();
  for (const statement of program.getSourceFile(index)?.statements ?? []) {
    if (!ts.isImportDeclaration(statement)) continue;
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
    for (const entry of symbol === undefined ? [] : checker.getExportsOfModule(symbol)) {
      const target = entry.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(entry) : entry;
      const kind = target.flags & ts.SymbolFlags.Value ? "" : "type ";
      const from = statement.moduleSpecifier.getText();
      if (!found.has(entry.name)) found.set(entry.name, `import { ${kind}${entry.name} } from ${from};`);
    }
  }
  return found;
}

/** The names that each text uses and does not declare, those that every program has among them. */
function unknownNames(texts: readonly string[]): readonly (readonly string[])[] {
  const files = modulesOf(texts);
  // Nothing is resolved and no library read, which is quick: what is left unknown is what the text does not declare.
  const program = programOf(files, { noResolve: true, noLib: true, types: [] });
  return [...files.keys()].map((name) =>
    program.getSemanticDiagnostics(program.getSourceFile(name)).flatMap(({ messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, "\n");
      return /^(Cannot find name|No value exists in scope)/.test(text) ? (/'(\w+)'/.exec(text)?.[1] ?? []) : [];
    }),
  );
}

interface Remark {
  /** Counted from 0. */
  readonly line: number;
  readonly said: string;
}

/** Modules in the folder of the examples. */
function modulesOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text, number) => [join(examples, `block-${number}.ts`), `${text}\nexport {};`]));
}

/** The compiler, on modules that exist only here. */
class Checker {
  readonly #program: ts.Program;
  readonly #names: readonly string[];

  constructor(texts: readonly string[]) {
    const files = modulesOf(texts);
    this.#names = [...files.keys()];
    this.#program = programOf(files);
  }

  #source(name: string): ts.SourceFile {
    const source = this.#program.getSourceFile(name);
    if (source === undefined) throw new Error(`no source ${relative(dirname(examples), name)}`);
    return source;
  }

  #diagnostics(index: number): readonly ts.Diagnostic[] {
    const source = this.#source(this.#names[index] ?? "");
    return [...this.#program.getSyntacticDiagnostics(source), ...this.#program.getSemanticDiagnostics(source)];
  }

  errors(index: number): Remark[] {
    const source = this.#source(this.#names[index] ?? "");
    return this.#diagnostics(index).map(({ start, messageText }) => ({
      line: source.getLineAndCharacterOfPosition(start ?? 0).line,
      said: ts.flattenDiagnosticMessageText(messageText, "\n"),
    }));
  }

  /** Where a comment `// Tensor<…>` behind a declaration states another type than the compiler infers. */
  wrongTypes(index: number): Remark[] {
    const source = this.#source(this.#names[index] ?? "");
    const checker = this.#program.getTypeChecker();
    return source.statements.flatMap((statement) => {
      const [comment] = ts.getTrailingCommentRanges(source.text, statement.end) ?? [];
      const stated = comment === undefined ? "" : source.text.slice(comment.pos + 2, comment.end).trim();
      const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0]?.name : undefined;
      if (declared === undefined || !/^Tensor<.*>$/.test(stated)) return [];
      const inferred = checker.typeToString(checker.getTypeAtLocation(declared));
      const { line } = source.getLineAndCharacterOfPosition(statement.getStart());
      return inferred === stated ? [] : [{ line, said: `the type is ${inferred}, the comment says ${stated}` }];
    });
  }
}
