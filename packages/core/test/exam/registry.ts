// The register of public operators, which the exam walks: every function that the modules of operators export, with the sample
// that its docstring shows and the formula that its source states. A new operator is found here without touching a test.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { Tensor, tensor } from "../../src/index.ts";
import { type Example, examplesIn } from "../examples/docstrings.ts";
import { statedValue } from "../examples/run.ts";
import type { Numbers } from "./reference.ts";

/** The module that holds an operator: `elementwise` for `src/ops/elementwise.ts`. */
export type ModuleName = string;

/** The modules beside them: constructors, creation from nothing, what acts on Variables. */
const others = [
  "categorical",
  "constructors",
  "creation",
  "drawing",
  "install",
  "integers",
  "loss-reduction",
  "op",
  "parts",
  "peak",
  "random",
  "recurrent-steps",
  "update",
];

const folder = fileURLToPath(new URL("../../src/ops/", import.meta.url));
const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ""));

const modules: readonly (readonly [ModuleName, object])[] = await Promise.all(
  names
    .filter((name) => !others.includes(name))
    .map(async (name): Promise<readonly [ModuleName, object]> => [name, await import(`../../src/ops/${name}.ts`)]),
);

/** Types of the operators' modules that stand for tensors: `type TargetOf<…> = Tensor<T> & …`. */
const tensorTypes: readonly string[] = [
  "Tensor",
  ...names.flatMap((name) => {
    const text = readFileSync(`${folder}${name}.ts`, "utf8");
    return Array.from(text.matchAll(/^(?:export )?type (\w+)[^;]*? =\s+Tensor</gm), ([, alias = ""]) => alias);
  }),
];
const isTensorType = new RegExp(`\\b(${tensorTypes.join("|")})\\b`);

/** What an operator takes: tensors, lists of them, and plain arguments. */
export type Argument = unknown;

/** The sample of a docstring: `sigmoid([0, 2]) // [0.5, 0.880797]`. */
export interface Sample {
  readonly args: readonly Argument[];
  readonly expected: unknown;
  /** The properties read from the result, as in `batchNorm(…).output` or `split(…)[1]`. */
  readonly path: readonly string[];
}

/** A public operator. */
export interface Entry {
  readonly module: ModuleName;
  readonly name: string;
  readonly call: (...args: readonly Argument[]) => unknown;
  /** Null if its docstring has none, which fails the exam. */
  readonly sample: Sample | null;
  /** The text of `forward` and `gradient` where the operator is defined by formulas. */
  readonly formulas: { readonly forward: string | null; readonly gradient: string | null };
}

/** Calls an operator whose result must be a tensor. */
export function apply(entry: Entry, ...args: readonly Argument[]): Tensor {
  const result = entry.call(...args);
  if (!(result instanceof Tensor)) throw new Error(`${entry.name} gave no tensor`);
  return result;
}

/** What a sample's call gives. */
export function runSample({ call }: Entry, { args, path }: Sample): unknown {
  return path.reduce<unknown>(
    (value, key) => (value instanceof Object ? Reflect.get(value, key) : undefined),
    call(...args),
  );
}

/** Every public operator, in the order of the sources. */
export const registry: readonly Entry[] = modules.flatMap(([module, exports]) => {
  const path = `${folder}${module}.ts`;
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  const examples = examplesIn(source, `${module}.ts`);
  return Object.entries(exports).flatMap(([name, value]: [string, unknown]): Entry[] => {
    if (typeof value !== "function") return [];
    const call: Entry["call"] = (...args) => Reflect.apply(value, undefined, args);
    const example = examples.find((candidate) => candidate.name === name);
    return [
      {
        module,
        name,
        call,
        sample: example === undefined ? null : sampleOf(example),
        formulas: formulasOf(source, name),
      },
    ];
  });
});

/** The operators of some modules. */
export const operatorsOf = (...wanted: readonly ModuleName[]): readonly Entry[] =>
  registry.filter(({ module }) => wanted.includes(module));

/** The number of tensors that an elementwise operator takes. */
export const arityOf = ({ sample }: Entry): number => sample?.args.length ?? 0;

// Samples -------------------------------------------------------------------------------------------------------------------

function sampleOf({ text, declaration, name }: Example): Sample | null {
  const statement = ts.createSourceFile("sample.ts", text, ts.ScriptTarget.ES2022, true).statements[0];
  const stated = statedValue(text.slice(text.indexOf("//") + 2));
  if (statement === undefined || !ts.isExpressionStatement(statement) || stated === null) return null;
  const path: string[] = [];
  let expression = statement.expression;
  for (; !ts.isCallExpression(expression); expression = expression.expression) {
    if (ts.isPropertyAccessExpression(expression)) path.unshift(expression.name.text);
    else if (ts.isElementAccessExpression(expression)) path.unshift(expression.argumentExpression.getText());
    else return null;
  }
  if (expression.expression.getText() !== name) return null;
  return {
    args: expression.arguments.map((node, index) => argument(node, roleOf(declaration, index))),
    expected: stated.value,
    path,
  };
}

/** How an array in a sample is meant: the declared type of the parameter tells. */
type Role = "tensor" | "indices" | "tensors" | "plain";

function roleOf(declaration: ts.Node, index: number): Role {
  if (!ts.isFunctionDeclaration(declaration)) return "tensor"; // a constant of one of the operator types takes tensors only
  const last = declaration.parameters.at(-1);
  const parameter = declaration.parameters[index] ?? (last?.dotDotDotToken === undefined ? undefined : last);
  const type = parameter?.type?.getText() ?? "";
  if (/^(indices|labels)$/.test(parameter?.name.getText() ?? "")) return "indices";
  if (parameter?.name.getText() === "tensors") return "tensors";
  return isTensorType.test(type) || parameter?.name.getText() === "operands" ? "tensor" : "plain";
}

function argument(node: ts.Node, role: Role): Argument {
  if (ts.isObjectLiteralExpression(node)) {
    const entries = node.properties.flatMap((property) =>
      ts.isPropertyAssignment(property) ? [[property.name.getText(), argument(property.initializer, role)]] : [],
    );
    return Object.fromEntries(entries);
  }
  const stated = statedValue(node.getText())?.value;
  if (!Array.isArray(stated) || role === "plain") return stated;
  if (role === "tensors") return stated.map((part: Numbers) => tensor(part));
  return tensor(stated, role === "indices" ? { dtype: "int32" } : {});
}

// Formulas ------------------------------------------------------------------------------------------------------------------

function formulasOf(source: ts.SourceFile, name: string): Entry["formulas"] {
  const formulas: { forward: string | null; gradient: string | null } = { forward: null, gradient: null };
  const visit = (node: ts.Node): void => {
    const key = ts.isPropertyAssignment(node) ? node.name.getText() : "";
    if (ts.isPropertyAssignment(node) && (key === "forward" || key === "gradient"))
      formulas[key] = node.initializer.getText();
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    if (statement.declarationList.declarations[0]?.name.getText() === name) visit(statement);
  }
  return formulas;
}
