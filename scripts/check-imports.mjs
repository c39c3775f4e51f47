// Two rules that the linter cannot express, read off the syntax trees of the TypeScript files:
//   imports: between packages and, within core, between stages they point one way only (ARCHITECTURE.md);
//   casts: one through `unknown` needs a reason: `// cast: why` on its line or the one above.
// An import that is only of types (`import type`, `import("…").T`) leaves no trace at run time and is judged separately.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";

/** Which workspace packages a package's sources may import: for their values, and beyond those for their types. */
const packageRules = {
  core: { values: [], types: [] },
  layers: { values: ["core"], types: [] },
  optimizers: { values: ["core"], types: [] },
  data: { values: ["core"], types: [] },
  diagnostics: { values: ["core", "layers"], types: [] },
  training: { values: ["core"], types: ["data", "diagnostics", "layers", "optimizers"] },
};

/**
 * The stages of packages/core/src in the order in which data flows: a file imports values only from its own stage or
 * from one above it. A name is a file, or a folder for those of its files that have no line of their own; a line may
 * hold several names, which then are one stage.
 */
const coreStages = [
  ["errors.ts", "call-site.ts", "words.ts"],
  ["dtype.ts"],
  ["shape.ts"],
  ["window.ts"],
  ["shape-types.ts", "shape-types/"],
  ["view.ts"],
  ["expr/"],
  ["random.ts"],
  ["wasm/"],
  ["deterministic.ts"],
  ["engine/"],
  ["scope.ts"],
  ["tracing.ts"],
  ["anomaly.ts", "detect-anomaly.ts"],
  ["tape.ts"],
  ["print.ts"],
  ["tensor.ts"],
  ["ops/"],
  ["autograd.ts", "checkpoint.ts", "custom-op.ts", "gradcheck.ts"],
  ["graph/"],
  ["program/"],
  ["structure.ts"],
  ["verify.ts"],
  ["compile.ts", "threads.ts", "convolution.ts"],
  ["index.ts"],
];

const problems = [];

/** The TypeScript files below a folder, with `/` as the separator. */
const sources = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).split(sep).join("/"))
        .filter((path) => !/(^|\/)(node_modules|dist|declarations|reports|coverage)\//.test(path))
    : [];

/** What a file imports: the specifier, whether values come with it, whether the module waits for it, and the line. */
const importsOf = (source) => {
  const found = [];
  const add = (specifier, node, { types = false, lazy = false } = {}) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    found.push({ specifier: specifier.text, types, lazy, line: lineOf(source, node.getStart(source)) });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node, { types: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword });
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node, { types: node.isTypeOnly });
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node, { types: node.isTypeOnly });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, node, { types: true });
    } else if (ts.isCallExpression(node)) {
      const required = ts.isIdentifier(node.expression) && node.expression.text === "require";
      if (required || node.expression.kind === ts.SyntaxKind.ImportKeyword)
        add(node.arguments[0], node, { lazy: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
};

const lineOf = (source, position) => source.getLineAndCharacterOfPosition(position).line;

const stageOf = (path) => {
  const file = coreStages.findIndex((stage) => stage.includes(path));
  return file >= 0 ? file : coreStages.findIndex((stage) => stage.includes(`${path.split("/")[0]}/`));
};
const named = (stage) => coreStages[stage].join(", ");

/** The directions of imports between packages and, in core, between stages. Tests may import what they like. */
const checkImports = (path, source) => {
  const [, name, within] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? [];
  if (name === undefined) return;
  const rule = packageRules[name];
  const report = (line, text) => problems.push(`${path}:${line + 1} ${text}`);
  if (rule === undefined) return report(0, `the package ${name} has no rule in scripts/check-imports.mjs`);
  const stage = name === "core" ? stageOf(within) : -1;
  if (name === "core" && stage < 0)
    report(0, "stands in no stage of core: add it to the list in scripts/check-imports.mjs");
  for (const { specifier, types, lazy, line } of importsOf(source)) {
    const [, other] = /^@gradus\/([^/]+)/.exec(specifier) ?? [];
    if (other !== undefined) {
      if (!rule.values.includes(other) && !rule.types.includes(other)) {
        report(line, `${name} may not import ${specifier} (it may import ${rule.values.join(", ") || "no package"})`);
      } else if (!types && !rule.values.includes(other)) {
        report(line, `${name} may import ${specifier} for its types only: write \`import type\``);
      }
    } else if (specifier.startsWith(".")) {
      const target = relative("", resolve(dirname(path), specifier))
        .split(sep)
        .join("/");
      const inside = `packages/${name}/src/`;
      if (!target.startsWith(inside)) report(line, `reaches outside of its package: ${specifier}`);
      else if (stage >= 0 && !types) {
        const above = stageOf(target.slice(inside.length));
        if (above > stage) report(line, `${named(stage)} imports ${specifier} of a later stage (${named(above)})`);
      }
    } else if (specifier.startsWith("node:") && !types && !lazy) {
      report(
        line,
        `${specifier} would keep the library out of browsers: import it where it is used, with \`await import\``,
      );
    }
  }
};

/** Casts through `unknown` that give no reason. */
const checkCasts = (path, source) => {
  const lines = source.text.split("\n");
  const reason = /\/\/ cast: \S/;
  const isCast = (node) => ts.isAsExpression(node) || ts.isTypeAssertionExpression(node);
  const bare = (node) => (ts.isParenthesizedExpression(node) ? bare(node.expression) : node);
  const visit = (node) => {
    const inner = isCast(node) ? bare(node.expression) : undefined;
    if (inner !== undefined && isCast(inner) && inner.type.kind === ts.SyntaxKind.UnknownKeyword) {
      const [first, last] = [lineOf(source, node.getStart(source)), lineOf(source, node.getEnd())];
      if (!lines.slice(Math.max(first - 1, 0), last + 1).some((line) => reason.test(line))) {
        problems.push(`${path}:${first + 1} casts through \`unknown\` without a reason (\`// cast: why\`)`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
};

/** Comments are read as text where they matter. */
const syntax = { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone };
const files = ["packages", "apps", "examples"].flatMap(sources);
for (const path of files) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), syntax);
  checkImports(path, source);
  checkCasts(path, source);
}
for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
