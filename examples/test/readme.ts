// The programs in READMEs: every block of TypeScript, with what a reader of the page would add to it. Names that a block takes for
// granted are imported from the package that exports them, or stand in for what the text around it speaks of.

import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples");

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
  const first = new Checker(
    blocks.map(({ text }) => text),
    packages,
  );
  const additions = blocks.map((_, index) => {
    const names = new Set(first.missing(index));
    const standIns = [...names].flatMap((name) => (first.importOf(name) === null ? (given[name] ?? []) : []));
    // What stand-ins use themselves, unless the block has it.
    for (const [word] of standIns.join(" ").matchAll(/\w+/g)) if (!blocks[index]?.text.includes(word)) names.add(word);
    const imports = [...names].flatMap((name) => first.importOf(name) ?? []);
    return { imports: imports.join(" "), standIns: standIns.join(" ") };
  });
  // On the line before the block's first, so that lines keep their numbers.
  const texts = blocks.map(({ text }, index) => `${additions[index]?.imports} ${additions[index]?.standIns}\n${text}`);
  const second = new Checker(texts, packages);
  return blocks.map((block, index) => {
    const say = ({ line, said }: Remark): string => `${block.page}:${block.line + line - 1}: ${said}`;
    const problems = [...second.errors(index), ...second.wrongTypes(index)].map(say);
    return { ...block, problems, standIns: additions[index]?.standIns ?? "" };
  });
}

interface Remark {
  /** Counted from 0. */
  readonly line: number;
  readonly said: string;
}

/** What both rounds read alike: libraries and the sources of the packages, parsed and bound once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The compiler, on modules that exist only here. */
class Checker {
  readonly #program: ts.Program;
  readonly #names: readonly string[];
  readonly #exports = new Map<string, string>();

  constructor(texts: readonly string[], packages: readonly string[]) {
    const { config } = ts.readConfigFile(join(examples, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, examples);
    const index = join(examples, "all-packages.ts");
    const files = new Map(texts.map((text, number) => [join(examples, `block-${number}.ts`), `${text}\nexport {};`]));
    this.#names = [...files.keys()];
    files.set(index, packages.map((name, number) => `import * as p${number} from "${name}"; p${number};`).join("\n"));
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.getSourceFile = (name, ...rest) => {
      const text = files.get(name);
      if (text !== undefined) return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
      if (!parsed.has(name)) parsed.set(name, getSourceFile(name, ...rest));
      return parsed.get(name);
    };
    this.#program = ts.createProgram([...files.keys()], options, host);
    this.#readExports(index, packages);
  }

  #readExports(index: string, packages: readonly string[]): void {
    const checker = this.#program.getTypeChecker();
    for (const statement of this.#source(index).statements) {
      if (!ts.isImportDeclaration(statement)) continue;
      const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
      const from = statement.moduleSpecifier.getText().slice(1, -1);
      for (const entry of symbol === undefined || !packages.includes(from) ? [] : checker.getExportsOfModule(symbol)) {
        const target = entry.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(entry) : entry;
        const kind = target.flags & ts.SymbolFlags.Value ? "" : "type ";
        if (!this.#exports.has(entry.name))
          this.#exports.set(entry.name, `import { ${kind}${entry.name} } from "${from}";`);
      }
    }
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

  /** The names that a block uses and nobody declares. */
  missing(index: number): string[] {
    return this.#diagnostics(index).flatMap(({ code, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, "\n");
      return [2304, 2552, 18004].includes(code) ? (/'(\w+)'/.exec(text)?.[1] ?? []) : [];
    });
  }

  /** How a public name is imported, or null if no package exports it. */
  importOf(name: string): string | null {
    return this.#exports.get(name) ?? null;
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
