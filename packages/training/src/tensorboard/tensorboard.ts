// Curves in TensorBoard, while training goes on. Folders and tags are Keras's: `train` and `validation`, `epoch_loss`, `batch_loss`.

import { checkOption } from "@gradus/core";
import type { Callback, Run } from "../callbacks/callback.ts";
import { makeFolder, writeToFile } from "../callbacks/text-file.ts";
import { checkNames } from "../checks.ts";
import type { TrainerEvents } from "../events.ts";
import type { Logs } from "../tally.ts";
import { scalarsRecord, versionRecord } from "./events.ts";

/** What takes bytes where there are no files: they belong at the end of the file of that name, within the folder. */
export type EventWriter = (path: string, bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>;

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Whether there is a point for each so many steps, too; by default only for epochs. */
  readonly every?: {
    /** A whole number ≥ 1, counted over all epochs. */
    readonly steps: number;
  };
  /** Where the bytes go; files by default. */
  readonly write?: EventWriter;
}

/** Bytes that wait to be written, at most. */
const LARGEST = 1 << 16;

/**
 * Writes event files for TensorBoard: `tensorboard --logdir FOLDER`.
 *
 * @param folder made if it is not there, and best another one for each training
 * @throws OptionError for options out of range, GradusError for files that cannot be written
 * @example
 * import { TensorBoard } from "@gradus/training/tensorboard";
 * await trainer.fit(train, { epochs: 10, callbacks: [new TensorBoard("logs/first", { every: { steps: 10 } })] });
 */
export class TensorBoard implements Callback {
  readonly name: string = "TensorBoard";
  readonly #folder: string;
  readonly #every: number | null;
  readonly #write: EventWriter | null;
  #file = "";
  /** What waits to be written, by folder. */
  readonly #waiting = new Map<string, Uint8Array<ArrayBuffer>[]>();
  #size = 0;

  /**
   * @param folder made if it is not there, and best another one for each training
   * @throws OptionError for options that are unknown or out of range
   */
  constructor(folder: string, options: TensorBoardOptions = {}) {
    checkNames("TensorBoard", options, ["every", "write"]);
    const { every, write } = options;
    checkOption(typeof folder === "string" && folder !== "", "TensorBoard", "folder", "a path", folder);
    const steps: unknown = every?.steps;
    const valid = every === undefined || (Number.isSafeInteger(steps) && Number(steps) >= 1);
    checkOption(valid, "TensorBoard", "every", "{ steps: n } with a whole number ≥ 1", every);
    this.#folder = folder;
    this.#every = every?.steps ?? null;
    this.#write = write ?? null;
  }

  /** Begins new event files. */
  fitStart(): void {
    const seconds = Math.floor(Date.now() / 1000);
    // Another fit within the same second has a file of its own, too.
    this.#file = `events.out.tfevents.${seconds}.gradus.${Math.floor(Math.random() * 1e6)}`;
    this.#waiting.clear();
    this.#size = 0;
  }

  /**
   * Notes the averages so far as `batch_…`, if it is a step's turn. @throws GradusError if the files cannot be
   * written
   */
  stepEnd({ totalSteps, logs }: TrainerEvents["stepEnd"]): Promise<void> | undefined {
    if (this.#every === null || totalSteps % this.#every !== 0) return undefined;
    this.#add("train", totalSteps, tagged("batch_", logs));
    return this.#size > LARGEST ? this.#flush() : undefined;
  }

  /** Notes the validation's values as `evaluation_…_vs_iterations`, over the number of steps. */
  validationEnd({ totalSteps, logs }: TrainerEvents["validationEnd"]): void {
    const values = Object.entries(logs).map(([name, value]) => [`evaluation_${name.slice(4)}_vs_iterations`, value]);
    this.#add("validation", totalSteps, Object.fromEntries(values));
  }

  /**
   * Notes the epoch's values as `epoch_…`, with the learning rate, and writes what waits. @throws GradusError if the
   * files cannot be written
   */
  async epochEnd({ epoch, logs }: TrainerEvents["epochEnd"], { optimizer: { learningRate } }: Run): Promise<void> {
    const all = Object.entries(logs);
    const training = Object.fromEntries(all.filter(([name]) => !name.startsWith("val_")));
    const validation = all.filter(([name]) => name.startsWith("val_")).map(([name, value]) => [name.slice(4), value]);
    const rate = learningRate === undefined ? {} : { learning_rate: learningRate };
    this.#add("train", epoch, tagged("epoch_", { ...training, ...rate }));
    if (validation.length > 0) this.#add("validation", epoch, tagged("epoch_", Object.fromEntries(validation)));
    await this.#flush();
  }

  /** Writes what waits. @throws GradusError if the files cannot be written */
  fitEnd(): Promise<void> {
    return this.#flush();
  }

  #add(part: "train" | "validation", step: number, values: Logs): void {
    const now = Date.now() / 1000;
    const known = this.#waiting.get(part);
    const list = known ?? [versionRecord(now)];
    if (known === undefined) this.#waiting.set(part, list);
    const bytes = scalarsRecord(now, step, values);
    list.push(bytes);
    this.#size += bytes.length;
  }

  async #flush(): Promise<void> {
    this.#size = 0;
    for (const [part, list] of this.#waiting) {
      if (list.length === 0) continue;
      const bytes = joined(list);
      list.length = 0;
      const path = `${part}/${this.#file}`;
      if (this.#write !== null) await this.#write(path, bytes);
      else {
        await makeFolder(this.name, `${this.#folder}/${part}`);
        await writeToFile(this.name, `${this.#folder}/${path}`, bytes, "append");
      }
    }
  }
}

function tagged(prefix: string, logs: Logs): Logs {
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [prefix + name, value]));
}

function joined(list: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(list.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of list) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
