// Pictures and numbers as characters.

import { side } from "./digit-image.ts";

/**
 * A digit image as text, two rows of pixels to a line. With colours, each pixel has its grey, light ink on black as in MNIST;
 * without, it is ink or none.
 */
export function drawDigit(image: Float32Array, colours: boolean): string {
  const lines: string[] = [];
  const pixel = (x: number, y: number): number => image[y * side + x] ?? 0;
  for (let y = 0; y < side; y += 2) {
    const cells = Array.from({ length: side }, (_, x) => {
      const [upper, lower] = [pixel(x, y), pixel(x, y + 1)];
      return colours ? greyCell(upper, lower) : plainCell(upper, lower);
    });
    lines.push(colours ? `${cells.join("")}\x1b[0m` : cells.join("").trimEnd());
  }
  return (colours ? lines : withoutMargins(lines)).join("\n");
}

/** An upper half in the foreground's grey, a lower half in the background's. */
const greyCell = (upper: number, lower: number): string => `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`;

/** A level of 0 to 1 in the 24 greys of a terminal's 256 colours. */
const grey = (level: number): number => 232 + Math.round(Math.min(1, Math.max(0, level)) * 23);

function plainCell(upper: number, lower: number): string {
  const [above, below] = [upper >= 0.5, lower >= 0.5];
  return above ? (below ? "█" : "▀") : below ? "▄" : " ";
}

/** Without the empty lines above and below. */
function withoutMargins(lines: readonly string[]): readonly string[] {
  const filled = lines.map((line) => line !== "");
  return lines.slice(filled.indexOf(true), filled.lastIndexOf(true) + 1);
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `share` of a width, to the eighth of a character. */
export function bar(share: number, width: number): string {
  const parts = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  return "█".repeat(parts >> 3) + (eighths[parts & 7] ?? "");
}

/**
 * A line for each digit: its bar and its probability, the likeliest in bold where there are colours.
 *
 * @example
 * // 7 ██████████████████████████████████  98.6 %
 */
export function drawProbabilities(probabilities: readonly number[], columns: number, colours: boolean): string {
  const width = Math.max(8, Math.min(40, columns - 14));
  const likeliest = probabilities.indexOf(Math.max(...probabilities));
  const lines = probabilities.map((probability, digit) => {
    const percent = `${(probability * 100).toFixed(1)} %`.padStart(7);
    const line = `${digit} ${bar(probability, width).padEnd(width)} ${percent}`;
    return colours && digit === likeliest ? `\x1b[1;32m${line}\x1b[0m` : line;
  });
  return lines.join("\n");
}
