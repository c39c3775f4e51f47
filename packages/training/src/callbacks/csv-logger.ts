// The values of each epoch as lines of a file, for a spreadsheet.

import { checkOption } from "@gradus/core";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { Callback, Run } from "./callback.ts";
import { writeToFile } from "./text-file.ts";

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Whether the lines go to the end of what is there already; false by default: the file begins anew. */
  readonly append?: boolean;
}

/** What takes lines where there are no files. */
export type LineWriter = (lines: string) => void | Promise<void>;

/**
 * Writes `epoch,loss,…` and a line for each epoch, as soon as it is over. A training that is resumed writes its earlier epochs again, so
 * that the file has each of them once.
 *
 * @param target the path of a file, or a function that is given the lines
 * @throws OptionError for options out of range, GradusError for a file that cannot be written
 * @example
 * await trainer.fit(train, { epochs: 10, callbacks: [new CSVLogger("training.csv")] });
 */
export class CSVLogger implements Callback {
  /** `CSVLogger`, and the path where there is one. */
  readonly name: string;
  readonly #target: string | LineWriter;
  readonly #append: boolean;

  /**
   * @param target the path of a file, or a function that is given the lines
   * @throws OptionError for options that are unknown or out of range
   */
  constructor(target: string | LineWriter, options: CSVLoggerOptions = {}) {
    checkNames("CSVLogger", options, ["append"]);
    const { append = false } = options;
    const named = (typeof target === "string" && target !== "") || typeof target === "function";
    checkOption(named, "CSVLogger", "the target", "a path or a function that takes lines", target);
    checkOption(typeof append === "boolean", "CSVLogger", "append", "true or false", append);
    this.name = typeof target === "string" ? `CSVLogger ${target}` : "CSVLogger";
    this.#target = target;
    this.#append = append;
  }

  /**
   * Writes the line of names, and where a training goes on its earlier epochs. @throws GradusError if the file
   * cannot be written
   */
  async fitStart({ resumed }: TrainerEvents["fitStart"], { history }: Run): Promise<void> {
    // The history of a resumed training has its earlier epochs already; that of a new one is the line of names.
    const how = this.#append && !resumed ? "append" : "replace";
    await this.#write(history.toCSV(), how);
  }

  /** Writes the epoch's line. @throws GradusError if the file cannot be written */
  async epochEnd(_: TrainerEvents["epochEnd"], { history }: Run): Promise<void> {
    const last = history.toCSV().trimEnd().split("\n").at(-1) ?? "";
    await this.#write(`${last}\n`, "append");
  }

  async #write(lines: string, how: "append" | "replace"): Promise<void> {
    if (typeof this.#target === "string") await writeToFile(this.name, this.#target, lines, how);
    else await this.#target(lines);
  }
}
