// Small charts of characters: bars, one for each value, and lines, a row of columns for each series.

import { format } from "./numbers.ts";
import { type Style, wrap } from "./style.ts";

/** How values become lengths: by themselves, or by their powers of ten. */
export type Scale = "linear" | "log";

/** A bar for each value. */
export interface Bars {
  readonly kind: "bars";
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly value: number }[];
  readonly scale: Scale;
}

/** A row of columns for each series, all on one scale. */
export interface Lines {
  readonly kind: "lines";
  readonly title: string;
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
  readonly scale: Scale;
}

export type Chart = Bars | Lines;

/** A chart of bars. */
export function bars(title: string, values: Readonly<Record<string, number>>, scale: Scale = "linear"): Bars {
  return { kind: "bars", title, rows: Object.entries(values).map(([label, value]) => ({ label, value })), scale };
}

/** A chart of lines: values from left to right, by layer or by epoch. */
export function lines(
  title: string,
  values: Readonly<Record<string, readonly number[]>>,
  scale: Scale = "linear",
): Lines {
  const series = Object.entries(values).map(([label, list]) => ({ label, values: list }));
  return { kind: "lines", title, series, scale };
}

/** A chart as lines of text, none longer than `width`. */
export function draw(chart: Chart, width: number, style: Style): string[] {
  const rows = chart.kind === "bars" ? drawBars(chart, width, style) : drawLines(chart, width, style);
  const note = chart.scale === "log" ? " (scale: powers of ten)" : "";
  return [...wrap(`${chart.title}${note}`, width).map(style.dim), ...rows];
}

/** A function from values to 0 … 1, over the finite values of a chart. Logarithms leave out what is not above 0. */
function scaled(values: readonly number[], scale: Scale, withZero: boolean): (value: number) => number | null {
  const shown = (value: number): number => (scale === "log" ? Math.log10(value) : value);
  const finite = values.map(shown).filter(Number.isFinite);
  if (withZero && scale === "linear") finite.push(0);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  // Bars of powers of ten begin a bit before the least value, so that it shows, too.
  const start = scale === "log" ? low - Math.max(0.05, (high - low) / 20) : low;
  return (value) => {
    const place = shown(value);
    if (Number.isNaN(place)) return null;
    if (!Number.isFinite(place)) return place > 0 ? 1 : 0;
    return high === start ? 1 : (place - start) / (high - start);
  };
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

function drawBars({ rows, scale }: Bars, width: number, style: Style): string[] {
  const labels = widest(rows.map(({ label }) => label));
  const numbers = widest(rows.map(({ value }) => format(value)));
  const place = scaled(
    rows.map(({ value }) => value),
    scale,
    true,
  );
  const left = Math.min(48, width - labels - numbers - 4);
  const room = left < 4 ? 0 : left; // where there is no room for bars, there are the numbers
  return rows.map(({ label, value }) => {
    const length = Math.round((place(value) ?? 0) * room * 8);
    const bar = "█".repeat(Math.floor(length / 8)) + (eighths[length % 8] ?? "");
    return `${label.padEnd(labels)}  ${format(value).padStart(numbers)}  ${style.accent(bar)}`.trimEnd();
  });
}

const heights = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

function drawLines({ series, scale }: Lines, width: number, style: Style): string[] {
  const labels = widest(series.map(({ label }) => label));
  const ends = series.map(
    ({ values }) => `${format(values[0] ?? Number.NaN)} → ${format(values.at(-1) ?? Number.NaN)}`,
  );
  const room = Math.max(4, Math.min(60, width - labels - widest(ends) - 4));
  const place = scaled(
    series.flatMap(({ values }) => values),
    scale,
    false,
  );
  const longest = Math.min(room, Math.max(...series.map(({ values }) => values.length)));
  // Few values stand apart, as the layers that they mostly are.
  const cell = longest * 3 <= room ? 3 : longest * 2 <= room ? 2 : 1;
  return series.map(({ label, values }, index) => {
    const columns = thinned(values, room).map((value) => {
      const at = place(value);
      const block = at === null ? "×" : (heights[Math.round(at * (heights.length - 1))] ?? "█");
      return block.repeat(Math.max(1, cell - 1)) + (cell > 1 ? " " : "");
    });
    const line = columns.join("").padEnd(longest * cell);
    return `${label.padEnd(labels)}  ${style.accent(line)}  ${ends[index] ?? ""}`;
  });
}

/** At most `room` of the values, the means of neighbours where there are more. */
function thinned(values: readonly number[], room: number): number[] {
  if (values.length <= room) return [...values];
  return Array.from({ length: room }, (_, index) => {
    const part = values.slice(
      Math.floor((index * values.length) / room),
      Math.floor(((index + 1) * values.length) / room),
    );
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
