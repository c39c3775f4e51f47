// The table of the network's layers, as wide as the terminal allows.

import type { Shape } from "@gradus/core";
import type { Layer } from "@gradus/layers";

/** The model's own table, or where that is too wide, its cells without the frame. */
export function modelSummary(model: Layer, inputShape: Shape, columns: number): string {
  const lines = model.summary({ inputShape, print: false }).split("\n");
  if (lines.every((line) => line.length <= columns)) return lines.join("\n");
  const rows = lines.map((line) => (/^[│┃]/.test(line) ? line.split(/[│┃]/).slice(1, -1) : null));
  const cells = rows.flatMap((row) => (row === null ? [] : [row.map((cell) => cell.trim())]));
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const table = cells.map(([name = "", shape = "", count = ""]) =>
    [name.padEnd(widths[0] ?? 0), shape.padEnd(widths[1] ?? 0), count.padStart(widths[2] ?? 0)].join("  "),
  );
  const others = lines.filter((line) => !/^[│┃┏┡├└]/.test(line));
  return [...others.slice(0, 1), ...table, ...others.slice(1)].join("\n");
}
