// What a lesson looks like on a terminal, and as JSON.

import { draw } from "./chart.ts";
import type { Lesson, Outcome, Verdict } from "./lesson.ts";
import { format } from "./numbers.ts";
import { type Style, wrap } from "./style.ts";

/** Text is easier to read in lines that are not too long. */
const WIDEST = 100;

/** Lessons as text, for a terminal of so many columns. */
export class Report {
  readonly #width: number;
  readonly #style: Style;

  constructor(columns: number, style: Style) {
    this.#width = Math.max(40, Math.min(columns, WIDEST));
    this.#style = style;
  }

  /** What is known before anything is measured: title, lecture and experiment. */
  opening({ name, title, lecture, experiment }: Lesson): string {
    const { strong, dim } = this.#style;
    const rule = "━".repeat(Math.max(0, this.#width - title.length - name.length - 5));
    return [
      `${dim("━")} ${strong(title)} ${dim(`${rule} ${name}`)}`,
      "",
      ...this.#paragraph("The lecture", lecture),
      ...this.#paragraph("Measured on", experiment),
      "",
    ].join("\n");
  }

  /** What was measured: charts, and each claim with its number and whether it holds. */
  findings({ charts, verdicts }: Outcome): string {
    const drawn = charts.flatMap((chart) => [
      ...draw(chart, this.#width - 2, this.#style).map((line) => `  ${line}`),
      "",
    ]);
    return [...drawn, ...verdicts.flatMap((verdict) => this.#verdict(verdict)), ""].join("\n");
  }

  /** The sum of all lessons, with the claims that do not hold. */
  closing(outcomes: ReadonlyMap<Lesson, Outcome>, seconds: number): string {
    const { strong, bad, dim } = this.#style;
    const all = [...outcomes].flatMap(([lesson, { verdicts }]) => verdicts.map((verdict) => ({ lesson, verdict })));
    const failed = all.filter(({ verdict }) => !verdict.holds);
    const held = `${all.length - failed.length} of ${all.length} claims hold`;
    const lessons = `${outcomes.size} ${outcomes.size === 1 ? "lesson" : "lessons"}`;
    const list = failed.map(({ lesson, verdict }) => `  ${bad("✗")} ${lesson.name}: ${verdict.says}`);
    return [
      `${strong(`${lessons}: ${held}`)} ${dim(`(${seconds.toFixed(0)} s)`)}`,
      ...(failed.length === 0 ? [] : ["Measured otherwise than the lecture has it:", ...list]),
    ].join("\n");
  }

  #paragraph(head: string, text: string): string[] {
    const indent = 13;
    return wrap(text, this.#width - indent).map(
      (line, index) => `${index === 0 ? this.#style.dim(head.padEnd(indent)) : " ".repeat(indent)}${line}`,
    );
  }

  #verdict({ holds, says, quantity, criterion, measured, otherwise }: Verdict): string[] {
    const { good, bad, strong, dim } = this.#style;
    const width = this.#width - 4;
    const [first = "", ...more] = wrap(says, width);
    const condition = holds ? `holds: ${criterion.text}` : `does not hold: it should be ${criterion.text}`;
    const value = format(measured);
    const room = width - value.length - 2;
    const numbers = `${quantity}: ${value}`;
    const plain = `${numbers} (${condition})`;
    const coloured =
      plain.length <= width && room > 0
        ? [`${dim(`${quantity}:`)} ${strong(value)} ${holds ? dim(`(${condition})`) : bad(`(${condition})`)}`]
        : [...wrap(numbers, width).map(dim), holds ? dim(`(${condition})`) : bad(`(${condition})`)];
    return [
      `  ${holds ? good("✓") : bad("✗")} ${first}`,
      ...[...more, ...coloured].map((line) => `    ${line}`),
      ...(holds || otherwise === undefined ? [] : wrap(otherwise, width).map((line) => `    ${line}`)),
    ];
  }
}

/** The outcomes as JSON: nothing in it depends on when or how fast it was made. What is no number becomes a text, as in `"NaN"`. */
export function json(outcomes: ReadonlyMap<Lesson, Outcome>): string {
  const lessons = [...outcomes].map(([{ name, title, lecture, experiment }, { verdicts, charts }]) => ({
    name,
    title,
    lecture: lecture.replace(/\s+/g, " "),
    experiment: experiment.replace(/\s+/g, " "),
    claims: verdicts.map(({ name: claim, says, quantity, criterion, measured, holds }) => ({
      name: claim,
      says,
      quantity,
      criterion: criterion.text,
      measured,
      holds,
    })),
    charts,
  }));
  const claims = lessons.flatMap((lesson) => lesson.claims);
  const summary = { lessons, claims: claims.length, hold: claims.filter(({ holds }) => holds).length };
  const plain = (_: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify(summary, plain, 2);
}
