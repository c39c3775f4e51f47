// What each operator of the register can do, found by running its sample: which dtypes it takes and what it gives for them, whether
// its gradient and the gradient of that are right, and how both run when compiled. The table is docs/coverage.md.

import { compile } from "../../src/compile.ts";
import { arange, type DType, GradusError, gradcheck, type Tensor, type TensorFunction, vjp } from "../../src/index.ts";
import { dataOf, functionOf, sampleOf, smoothPoints } from "./functions.ts";
import { flat } from "./reference.ts";
import { type Entry, registry } from "./registry.ts";

const dtypes: readonly DType[] = ["float32", "float64", "int32", "bool", "uint8"];

/** What an operator can do, each as a word of the table. */
interface Row {
  readonly module: string;
  readonly name: string;
  readonly results: readonly string[];
  readonly gradient: string;
  readonly compiled: string;
  readonly compiledGradient: string;
}

/** The dtype of the result for data of a type; a typed error is a refusal, any other a mistake. */
function resultFor(f: TensorFunction, data: readonly Tensor[], dtype: DType): string {
  try {
    return f(...data.map((x) => x.cast(dtype))).dtype;
  } catch (thrown) {
    if (thrown instanceof GradusError) return "–";
    throw thrown;
  }
}

const slopesOf =
  (f: TensorFunction): ((...floats: readonly Tensor[]) => Tensor[]) =>
  (...floats) => {
    const { value, pullback } = vjp(f, ...floats);
    return pullback(uneven(value));
  };

/** 1, 2, 3, … in the shape and dtype of a result: equal weights would hide what adds up to nothing. */
const uneven = ({ shape, size, dtype }: Tensor): Tensor => arange(size + 1, { start: 1, dtype }).reshape(shape);

/** Whether gradients of both orders agree with differences; errors if not. */
function gradientOf(entry: Entry, f: TensorFunction): string {
  const points = smoothPoints(entry);
  if (points === null) return "–";
  gradcheck(f, points, { order: 2 });
  return slopesOf(f)(...points).every((slope) => flat(slope).every((number) => number === 0)) ? "0" : "✓";
}

/** How a function runs when compiled: in kernels, as views of what it is given, and which of its operations between kernels. */
function compiledAs(f: (...floats: readonly Tensor[]) => unknown, floats: readonly Tensor[]): string {
  const run = compile(f);
  run(...floats);
  const text = run.programs[0]?.explain() ?? "";
  const eager = [...text.matchAll(/^(.+) has no kernel here/gm)].map(([, name = ""]) => name);
  if (eager.length > 0) return [...new Set(eager)].map((name) => `\`${name}\``).join(", ");
  return text.startsWith("0 operations") ? "view" : "✓";
}

function rowOf(entry: Entry): Row {
  const { module, name } = entry;
  const f = functionOf(entry);
  const data = dataOf(sampleOf(entry));
  const gradient = gradientOf(entry, f);
  return {
    module,
    name,
    results: dtypes.map((dtype) => resultFor(f, data, dtype)),
    gradient,
    compiled: compiledAs(f, data),
    compiledGradient: gradient === "✓" ? compiledAs(slopesOf(f), data) : "–",
  };
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The page. */
export function coveragePage(): string {
  const rows = registry.map(rowOf);
  const modules = [...new Set(rows.map(({ module }) => module))];
  const head = ["operator", ...dtypes, "gradient", "compiled", "its gradient"];
  const tables = modules.flatMap((module) => [
    "",
    `## ${module}`,
    "",
    line(head),
    line(head.map(() => "---")),
    ...rows
      .filter((row) => row.module === module)
      .map((row) => line([`\`${row.name}\``, ...row.results, row.gradient, row.compiled, row.compiledGradient])),
  ]);
  const count = (fits: (row: Row) => boolean): number => rows.filter(fits).length;
  const inKernels = count(({ compiled }) => compiled === "✓" || compiled === "view");
  return [
    "# What each operator can do",
    "",
    "Made from the register of operators by running each one's sample; `pnpm docs:coverage` writes this page, and the tests compare it.",
    "",
    "- Under each dtype stands that of the result when the sample's numbers have it; – is a typed error.",
    "- **gradient**: ✓ is right for every input, and so is the gradient of the gradient, by difference quotients in float64; 0 is",
    "  that of a step, or of what the sample drops; – is none.",
    "- **compiled**: ✓ runs in kernels of the program, `view` costs nothing; other words name what runs eagerly between kernels. All agree",
    "  with the eager result.",
    "",
    `${rows.length} operators: ${count(({ gradient }) => gradient === "✓")} with gradients, ` +
      `${count(({ gradient }) => gradient === "0")} steps, ${count(({ gradient }) => gradient === "–")} that give no floats; ` +
      `${inKernels} run wholly in kernels.`,
    ...tables,
    "",
  ].join("\n");
}
