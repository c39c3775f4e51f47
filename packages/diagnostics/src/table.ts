// The report as a terminal shows it: a table in the frame that `summary()` has, marks where something was found, then the findings.

import type { Finding } from "./findings/finding.ts";
import { formatNumber, formatShare } from "./numbers.ts";
import type { LayerReport, Report } from "./report.ts";

interface Column {
  readonly head: string;
  readonly left?: boolean;
  readonly cell: (row: LayerReport) => string;
}

const number = (value: number | null): string => (value === null ? "" : formatNumber(value));
const share = (value: number | null): string => (value === null ? "" : formatShare(value));

const columns: readonly Column[] = [
  { head: "layer", left: true, cell: ({ layer }) => layer },
  { head: "mean", cell: ({ mean }) => number(mean) },
  { head: "spread", cell: ({ spread }) => number(spread) },
  { head: "saturated", cell: ({ saturated }) => share(saturated) },
  { head: "dead", cell: ({ dead }) => share(dead) },
  { head: "gradient", cell: ({ gradient }) => number(gradient) },
  { head: "of the last's", cell: ({ gradientRatio }) => number(gradientRatio) },
  { head: "update", cell: ({ update }) => number(update) },
  { head: "drift", cell: ({ drift }) => number(drift?.mean ?? null) },
];

/** The width of the text below the table. */
const WIDTH = 100;

/** The table and the findings. */
export function renderReport(report: Report): string {
  const { model, step, observations, loss, findings, notes } = report;
  const about = [`step ${step}`, loss === null ? "" : `loss ${formatNumber(loss)}`, `${observations} looked at`];
  const head = `Diagnostics of ${model}: ${about.filter((part) => part !== "").join(", ")}`;
  const words =
    findings.length === 0
      ? observations === 0
        ? []
        : ["Nothing found."]
      : findings.flatMap((finding, index) => paragraph(`${findings.length > 1 ? `${index + 1}. ` : ""}`, finding));
  return [head, ...frame(report), ...notes, ...words].join("\n");
}

function paragraph(number: string, { message, advice, since }: Finding): readonly string[] {
  const from = since > 1 ? ` (since step ${since})` : "";
  return wrapped(`${number}${message}${from} ${advice}`, " ".repeat(number.length));
}

/** Lines of words, those after the first indented. */
function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  // A number and its power of ten or its unit stay together.
  for (const word of text.split(/(?<!\d) | (?![·%\d])/)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Columns that have nothing to say are left out. */
function frame({ layers, findings }: Report): readonly string[] {
  const concerned = new Map<string, number>();
  for (const [index, finding] of findings.entries()) {
    for (const layer of finding.layers) if (!concerned.has(layer)) concerned.set(layer, index + 1);
  }
  const mark: Column = {
    head: "",
    left: true,
    cell: ({ layer }) => (concerned.has(layer) ? `◂ ${concerned.get(layer)}` : ""),
  };
  const shown = [...columns, mark].filter(
    ({ left, cell }, index) => (left === true && index === 0) || layers.some((row) => cell(row) !== ""),
  );
  const widths = shown.map(({ head, cell }) => Math.max(head.length, ...layers.map((row) => cell(row).length)));
  const line = (bar: string, texts: readonly string[]): string =>
    bar +
    texts
      .map(
        (text, index) =>
          ` ${shown[index]?.left === true ? text.padEnd(widths[index] ?? 0) : text.padStart(widths[index] ?? 0)} `,
      )
      .join(bar) +
    bar;
  const rule = (left: string, dash: string, middle: string, right: string): string =>
    left + widths.map((width) => dash.repeat(width + 2)).join(middle) + right;
  return [
    rule("┏", "━", "┳", "┓"),
    line(
      "┃",
      shown.map(({ head }) => head),
    ),
    rule("┡", "━", "╇", "┩"),
    ...layers.map((row) =>
      line(
        "│",
        shown.map(({ cell }) => cell(row)),
      ),
    ),
    rule("└", "─", "┴", "┘"),
  ];
}
