// From the words of `lessons …` to what is to be done.

import { parseArgs } from "node:util";
import { UsageError } from "../failure.ts";
import { nearest } from "../suggestion.ts";
import type { Lesson } from "./frame/lesson.ts";

/** What the user wants. */
export type Request =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "run"; readonly lessons: readonly Lesson[]; readonly json: boolean };

const flags = ["json", "list", "help"] as const;

/**
 * The request that the words of a command line make, among these lessons.
 * @throws UsageError for an unknown option or lesson, with a suggestion
 */
export function parseRequest(words: readonly string[], lessons: readonly Lesson[]): Request {
  const { tokens } = parseArgs({
    // Script runners pass on the "--" that stands between their options and the script's.
    args: words[0] === "--" ? words.slice(1) : [...words],
    options: { help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Set<string>();
  const wanted: Lesson[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") wanted.push(lessonNamed(token.value, lessons));
    if (token.kind !== "option") continue;
    if (!flags.some((flag) => flag === token.name)) {
      const suggestion = nearest(token.name, flags);
      const help = suggestion === undefined ? "see --help" : `did you mean --${suggestion}?`;
      throw new UsageError(`unknown option ${token.rawName}: ${help}`);
    }
    if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, got "${token.value}"`);
    given.add(token.name);
  }
  if (given.has("help")) return { kind: "help" };
  if (given.has("list")) return { kind: "list" };
  return { kind: "run", lessons: wanted.length === 0 ? lessons : wanted, json: given.has("json") };
}

function lessonNamed(name: string, lessons: readonly Lesson[]): Lesson {
  const found = lessons.find((lesson) => lesson.name === name);
  if (found !== undefined) return found;
  const suggestion = nearest(
    name,
    lessons.map((lesson) => lesson.name),
  );
  const help = suggestion === undefined ? "--list names them" : `did you mean ${suggestion}?`;
  throw new UsageError(`there is no lesson ${JSON.stringify(name)}: ${help}`);
}
