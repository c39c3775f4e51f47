// Colours of the terminal, or none.

/** What texts look like. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly accent: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const plain = (text: string): string => text;
const code =
  (on: number, off: number) =>
  (text: string): string =>
    text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`;

/** Texts with colours, or as they are. */
export function styleOf(colours: boolean): Style {
  if (!colours) return { strong: plain, dim: plain, accent: plain, good: plain, bad: plain };
  return { strong: code(1, 22), dim: code(2, 22), accent: code(36, 39), good: code(32, 39), bad: code(31, 39) };
}

/** A text as lines of at most `width` characters, broken between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
