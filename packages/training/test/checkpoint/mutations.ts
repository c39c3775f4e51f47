// Random damage to a file, the same for the same seed.

import { Generator, randint } from "@gradus/core";

/** Whole numbers from 0 to below a bound. */
export function dice(seed: number): (bound: number) => number {
  const generator = new Generator(seed);
  let drawn: ArrayLike<number> = [];
  let at = 0;
  return (bound) => {
    if (at === drawn.length) {
      drawn = randint([4096], { low: 0, high: 2 ** 31 - 1, generator }).toTypedArray();
      at = 0;
    }
    return (drawn[at++] ?? 0) % bound;
  };
}

/** What is likely to hurt where a header is expected. */
const words = [
  ...[
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\0",
    " ",
    "-",
    "e9",
    "0",
    "1e999",
    "-1",
    "9007199254740993",
    "4294967296",
  ],
  ...[
    "null",
    "true",
    "{}",
    "[]",
    '"F16"',
    '"I8"',
    '"BOOL"',
    '"F64"',
    '"__proto__"',
    '"__metadata__"',
    '"dtype"',
    "\\ud800",
  ],
];

/** The bytes with one to three places damaged: bits flipped, bytes put in, left out, repeated or moved, the end cut off. */
export function mutate(bytes: Uint8Array, header: number, roll: (bound: number) => number): Uint8Array {
  let file = bytes;
  for (let times = 1 + roll(3); times > 0; times--) {
    // Most damage goes to the header, where it matters.
    const at = Math.min(roll(8) === 0 ? roll(file.length + 1) : roll(8 + header), file.length);
    const length = Math.min(1 + roll(12), file.length - at);
    const before = file.subarray(0, at);
    const [part, after] = [file.subarray(at, at + length), file.subarray(at + length)];
    const word = new TextEncoder().encode(words[roll(words.length)]);
    const kinds: readonly (() => readonly Uint8Array[])[] = [
      () => [before, part.map((byte, index) => (index === 0 ? byte ^ (1 << roll(8)) : byte)), after],
      () => [before, part.map((byte, index) => (index === 0 ? roll(256) : byte)), after],
      () => [before, word, part, after],
      () => [before, word, file.subarray(at + word.length)],
      () => [before, after],
      () => [before, part, part, after],
      () => [after, part, before],
      () => [before],
      // A digit for another, which keeps the JSON whole.
      () => [
        file.map((byte, index) =>
          index > at && index < at + 40 && byte >= 0x30 && byte <= 0x39 ? 0x30 + roll(10) : byte,
        ),
      ],
    ];
    const pieces = kinds[roll(kinds.length)]?.() ?? [];
    file = joined(pieces);
    // The header's length is made to fit half of the time, so that the parser sees the damage.
    const changed = file.length - bytes.length;
    if (file.length >= 8 && roll(2) === 0) {
      new DataView(file.buffer).setBigUint64(0, BigInt(Math.max(0, header + changed)), true);
    }
  }
  return file;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
