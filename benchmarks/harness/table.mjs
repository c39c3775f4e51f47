// Results as an aligned table: a group per case, the first row of a group being the measure of the others.
import { stripVTControlCharacters } from "node:util";

const colours = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = (code) => (text) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, green, red] = [1, 2, 32, 31].map(paint);

/** A time in milliseconds with three or four digits and its unit. */
export const duration = (ms) => {
  const [value, unit] = ms >= 1000 ? [ms / 1000, "s "] : ms >= 1 ? [ms, "ms"] : [ms * 1000, "µs"];
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
};

/** How much slower (or faster) than the first of the group: "2.3 × slower". */
const comparison = (row, first) => {
  if (row === first) return "";
  const ratio = row.medianMs / first.medianMs;
  return ratio >= 1 ? green(`${ratio.toFixed(2)} × slower`) : red(`${(1 / ratio).toFixed(2)} × faster`);
};

const visible = (text) => stripVTControlCharacters(text).length;
const left = (text, width) => text + " ".repeat(Math.max(0, width - visible(text)));
const right = (text, width) => " ".repeat(Math.max(0, width - visible(text))) + text;

/**
 * The whole answer as text.
 * @param title what was asked
 * @param conditions a line on what it was measured on
 * @param rows `{ name, case?, medianMs, … }` or `{ name, error }`
 * @param extra further columns: `{ [heading]: (row) => text }`
 */
export const table = ({ title, conditions, rows, extra = {}, remark }) => {
  const measured = rows.filter((row) => row.error === undefined);
  const groups = [...new Set(measured.map((row) => row.case ?? ""))];
  const columns = {
    median: (row) => bold(duration(row.medianMs)),
    p10: (row) => duration(row.p10Ms),
    ...(measured.some((row) => row.meanMs !== undefined) ? { mean: (row) => duration(row.meanMs) } : {}),
    ...extra,
  };
  const body = groups.map((group) => {
    const members = measured.filter((row) => (row.case ?? "") === group);
    const cells = (row) => [row.name, ...Object.values(columns).map((cell) => cell(row)), comparison(row, members[0])];
    return { group, lines: members.map((row) => cells(row)) };
  });
  const head = ["", ...Object.keys(columns), measured.length > 1 ? `beside ${measured[0].name}` : ""];
  const widths = head.map((text, column) =>
    Math.max(visible(text), ...body.flatMap(({ lines }) => lines.map((line) => visible(line[column])))),
  );
  const lay = (line) =>
    line
      .map((text, column) => (column === 0 ? left : right)(text, widths[column]))
      .join("   ")
      .trimEnd();
  const notes = rows.flatMap((row) => (row.error === undefined ? [] : [`${row.name}: not measured: ${row.error}`]));
  const asides = new Map(measured.filter((row) => row.note !== undefined).map((row) => [row.name, row.note]));
  const busy = measured.some((row) => row.medianMs > 1.3 * row.p10Ms);
  return [
    "",
    bold(title),
    dim(conditions),
    ...(measured.length === 0 ? [] : ["", dim(lay(head))]),
    ...body.flatMap(({ group, lines }) => [...(group === "" ? [] : ["", bold(group)]), ...lines.map(lay)]),
    "",
    ...notes,
    ...[...asides].map(([name, note]) => `${name}: ${note}`),
    ...(remark === undefined ? [] : [dim(remark)]),
    ...(busy
      ? [dim("Some medians lie far above their 10th percentiles: the machine was busy. Run again before quoting.")]
      : []),
  ]
    .join("\n")
    .trimEnd();
};
