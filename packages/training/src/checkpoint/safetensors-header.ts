// The header of a safetensors file: JSON of one fixed form, read byte by byte. A general parser would let pass what the format
// forbids (a key given twice, 1e2 for 100), hide where a mistake stands, and build whatever a hostile file describes; this one
// knows each thing that may come next, and never nests.
// Source: https://github.com/huggingface/safetensors, "Format"; JSON as in RFC 8259.

import { formatShape } from "@gradus/core";
import { isKind, type Kind, kindNames, kinds } from "./safetensors-kinds.ts";

/** Where one tensor lies, as the header says it. */
export interface Entry {
  readonly name: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  /** The first byte, and the one behind the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** All that a header says. */
export interface Header {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Throws the error of a damaged file. */
export type Fail = (problem: string) => never;

/** More axes than NumPy and PyTorch take. */
const MOST_AXES = 64;

/**
 * Reads a header: an object from `{` to `}`, then spaces up to its end.
 * @param fail throws for whatever the format does not allow
 */
export function parseHeader(bytes: Uint8Array, fail: Fail): Header {
  const reader = new HeaderReader(bytes, fail);
  const entries = new Map<string, Entry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  if (bytes[0] !== 0x7b) reader.fail("the header must begin with {");
  reader.object("the header", (key) => {
    if (key === "__metadata__") metadata = reader.texts();
    else entries.set(key, reader.entry(key));
  });
  reader.end();
  return { entries, metadata };
}

/** A name as it stands in a message: quoted where it is odd, cut where it is long. */
export function shown(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return /^[\w./-]+$/.test(name) ? short : JSON.stringify(short);
}

/** A cursor over the bytes, with a method for each thing that may stand there. */
class HeaderReader {
  readonly #bytes: Uint8Array;
  readonly #fail: Fail;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  /** Throws, naming the place as a byte of the file. */
  fail(problem: string, at: number = this.#at): never {
    return this.#fail(`${problem} (byte ${8 + at})`);
  }

  /** `{ key: value, … }`, calling `value` where each value begins. */
  object(what: string, value: (key: string) => void): void {
    this.#take("{", what);
    const keys = new Set<string>();
    if (this.#skips("}")) return;
    do {
      this.#space();
      const at = this.#at;
      const key = this.#string(`a key of ${what}`);
      if (keys.has(key)) this.fail(`${what} has the key ${shown(key)} twice`, at);
      keys.add(key);
      this.#take(":", `${what} after ${shown(key)}`);
      value(key);
    } while (this.#skips(","));
    this.#take("}", what);
  }

  /** Names and texts. */
  texts(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    this.object("__metadata__", (key) => {
      this.#space();
      found.set(key, this.#string(`__metadata__, which must map names to texts, at ${shown(key)}:`));
    });
    return found;
  }

  /** `{ dtype, shape, data_offsets }` in any order, and nothing else. */
  entry(name: string): Entry {
    const label = shown(name);
    let kind: Kind | undefined;
    let shape: readonly number[] | undefined;
    let place: readonly number[] | undefined;
    this.object(label, (key) => {
      if (key === "dtype") kind = this.#kind(label);
      else if (key === "shape") shape = this.#counts(`the shape of ${label}`);
      else if (key === "data_offsets") place = this.#counts(`data_offsets of ${label}`);
      else this.fail(`${label} has the unknown key ${shown(key)}`);
    });
    if (kind === undefined || shape === undefined || place === undefined) {
      const missing = kind === undefined ? "dtype" : shape === undefined ? "shape" : "data_offsets";
      return this.fail(`${label} has no ${missing}`);
    }
    const [begin, end] = place;
    if (begin === undefined || end === undefined || place.length !== 2 || end < begin) {
      return this.fail(`${label} has data_offsets [${place.slice(0, 4).join(",")}], expected [begin, end]`);
    }
    const needed = this.#bytesOf(label, kind, shape);
    if (end - begin !== needed) {
      const tensor = `${label} (${kind}, ${formatShape(shape)})`;
      this.fail(`${tensor} takes ${needed} bytes, but its data_offsets span ${end - begin}`);
    }
    return { name, kind, shape, begin, end };
  }

  /** Spaces up to the end. */
  end(): void {
    while (this.#bytes[this.#at] === 0x20) this.#at++;
    if (this.#at !== this.#bytes.length) this.fail("only spaces may follow the header's }");
  }

  #kind(label: string): Kind {
    this.#space();
    const at = this.#at;
    const word = this.#string(`the dtype of ${label}`);
    if (isKind(word)) return word;
    return this.fail(
      `${label} has dtype ${shown(word)}, which cannot be read here: expected one of ${kindNames()}`,
      at,
    );
  }

  /** Size times bytes, exactly. */
  #bytesOf(label: string, kind: Kind, shape: readonly number[]): number {
    let bytes = kinds[kind].bytes;
    if (shape.length > MOST_AXES) this.fail(`${label} has ${shape.length} axes, more than ${MOST_AXES}`);
    for (const size of shape) {
      bytes *= size;
      if (bytes > Number.MAX_SAFE_INTEGER) this.fail(`${label} has the impossible shape ${formatShape(shape)}`);
    }
    return bytes;
  }

  /** `[1, 2, …]` of whole numbers. */
  #counts(what: string): readonly number[] {
    this.#take("[", what);
    const counts: number[] = [];
    if (this.#skips("]")) return counts;
    do counts.push(this.#count(what));
    while (this.#skips(","));
    this.#take("]", what);
    return counts;
  }

  /** A whole number from 0 to 2⁵³ − 1, in digits alone. */
  #count(what: string): number {
    this.#space();
    const start = this.#at;
    let value = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      value = value * 10 + digit;
      this.#at++;
      if (value > Number.MAX_SAFE_INTEGER) this.fail(`${what} has a number above 2⁵³ − 1`, start);
    }
    const length = this.#at - start;
    const next = this.#bytes[this.#at];
    const ends = next === 0x2c || next === 0x5d || isSpace(next);
    if (length === 0 || !ends || (length > 1 && this.#bytes[start] === 0x30)) {
      this.fail(`${what} must have whole numbers ≥ 0`, start);
    }
    return value;
  }

  /** The digit at the cursor, or −1. */
  #digit(): number {
    const value = (this.#bytes[this.#at] ?? 0) - 0x30;
    return value >= 0 && value <= 9 ? value : -1;
  }

  /** A text in quotation marks. */
  #string(what: string): string {
    const start = this.#at;
    if (this.#bytes[start] !== 0x22) this.fail(`${what} must be a text in quotation marks`);
    let escaped = false;
    let at = start + 1;
    for (; this.#bytes[at] !== 0x22; at++) {
      const byte = this.#bytes[at];
      if (byte === undefined) this.fail(`${what} does not end`, start);
      if (byte < 0x20) this.fail(`${what} has the control character ${byte}`, at);
      if (byte === 0x5c) {
        escaped = true;
        at++;
      }
    }
    this.#at = at + 1;
    return this.#decode(what, start, escaped);
  }

  #decode(what: string, start: number, escaped: boolean): string {
    let text: string;
    try {
      text = this.#decoder.decode(this.#bytes.subarray(start + 1, this.#at - 1));
    } catch {
      return this.fail(`${what} is no UTF-8`, start);
    }
    if (!escaped) return text;
    let unescaped: unknown;
    try {
      unescaped = JSON.parse(`"${text}"`);
    } catch {
      unescaped = null;
    }
    // Half of a surrogate pair is no character: other readers refuse such names too.
    if (typeof unescaped !== "string" || /\p{Surrogate}/u.test(unescaped)) {
      return this.fail(`${what} has an escape that is none`, start);
    }
    return unescaped;
  }

  #space(): void {
    while (isSpace(this.#bytes[this.#at])) this.#at++;
  }

  /** Moves past a character that must come next. */
  #take(character: string, what: string): void {
    if (!this.#skips(character)) this.fail(`${what}: expected ${character}`);
  }

  /** Moves past a character if it comes next. */
  #skips(character: string): boolean {
    this.#space();
    const found = this.#bytes[this.#at] === character.charCodeAt(0);
    if (found) this.#at++;
    return found;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
