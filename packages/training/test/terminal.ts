// A terminal of a given width, for tests: it wraps, overwrites and erases as real ones do, and tells what its screen shows.

import type { Output } from "../src/index.ts";

export interface Terminal extends Output {
  /** The lines that the screen shows, without trailing spaces. */
  screen(): string[];
  /** All that was written, control characters included. */
  readonly written: string[];
  /** Whether the cursor is at the start of an empty line. */
  atLineStart(): boolean;
}

/** A terminal of `columns` columns. */
export function terminal(columns: number, colors = false): Terminal {
  const rows: string[][] = [[]];
  const written: string[] = [];
  let row = 0;
  let column = 0;
  const put = (character: string): void => {
    if (column === columns) {
      row++;
      column = 0;
    }
    rows[row] ??= [];
    const cells = rows[row] ?? [];
    while (cells.length < column) cells.push(" ");
    cells[column++] = character;
  };
  return {
    isTerminal: true,
    columns,
    colors,
    written,
    write(text) {
      written.push(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what a terminal reads
      for (const token of text.match(/\x1b\[[0-9;?]*[A-Za-z]|[\s\S]/gu) ?? []) {
        if (token === "\r") column = 0;
        else if (token === "\n") {
          row++;
          column = 0;
          rows[row] ??= [];
        } else if (token === "\x1b[K") rows[row]?.splice(column);
        else if (token.startsWith("\x1b[") && !token.endsWith("m"))
          throw new Error(`unknown: ${JSON.stringify(token)}`);
        else if (!token.startsWith("\x1b")) put(token);
      }
    },
    screen: () => rows.map((cells) => cells.join("").trimEnd()),
    atLineStart: () => column === 0 && (rows[row]?.length ?? 0) === 0,
  };
}

/** An output that is no terminal: a file, a pipe. */
export function file(): Output & { text(): string } {
  let text = "";
  return {
    isTerminal: false,
    write: (more) => {
      text += more;
    },
    text: () => text,
  };
}
