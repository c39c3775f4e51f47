// The user's side: a stream whose batches a worker makes.

import { checkOption, checkOptionNames, DataError, describe, type GradusError, OptionError } from "@gradus/core";
import { IterableDataset } from "../iterable-dataset.ts";
import type { StreamBatch } from "../stream/batches.ts";
import type { Stage } from "../stream/stage.ts";
import { type BatchWorker, type Connection, connect } from "./connection.ts";
import { type Answer, unpackBatch, unpackError } from "./messages.ts";

/** How {@link workerBatches} uses its worker. */
export interface WorkerOptions {
  /**
   * What the worker's `serveBatches` function is given: anything that can be sent to a worker; undefined by default.
   */
  readonly data?: unknown;
  /** How many batches are asked for before they are needed; 2 by default. */
  readonly ahead?: number;
  /** The number of batches in a pass, where it is known; unknown by default. */
  readonly length?: number;
}

/**
 * The batches that a worker makes, as a stream; {@link workerBatches} starts one.
 * @example const stop = (batches: WorkerBatches) => batches.close();
 */
export class WorkerBatches extends IterableDataset<StreamBatch> {
  readonly #pool: WorkerStage;

  /** Made by {@link workerBatches}. @internal */
  constructor(stage: WorkerStage) {
    super(stage);
    this.#pool = stage;
  }

  /**
   * Ends the worker; a pass that is running fails. The next pass starts another.
   *
   * @example
   * await batches.close();
   */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

/**
 * The batches that the worker serves (see `serveBatches`), as a stream: they are made there while the network learns here. The worker
 * starts with the first pass, and keeps no process alive. Its errors come through as what they were; if it dies, the pass fails with a
 * DataError, and the next pass starts another.
 *
 * @throws OptionError for an option that is out of range
 * @example
 * const start = () => new Worker(new URL("./digits.worker.js", import.meta.url), { type: "module" });
 * const batches = workerBatches(start, { data: { folder: "/mnist/" }, ahead: 2 });
 * await trainer.fit(batches, { epochs: 5 });
 */
export function workerBatches(start: () => BatchWorker, options: WorkerOptions = {}): WorkerBatches {
  checkOptionNames("workerBatches", options, ["data", "ahead", "length"]);
  const { data, ahead = 2, length } = options;
  if (typeof start !== "function") {
    throw new OptionError(`workerBatches: start must be a function that returns a worker, got ${describe(start)}`);
  }
  checkOption(Number.isSafeInteger(ahead) && ahead >= 1, "workerBatches", "ahead", "a whole number ≥ 1", ahead);
  const known = length === undefined || (Number.isSafeInteger(length) && length >= 0);
  checkOption(known, "workerBatches", "length", "a whole number ≥ 0", length);
  return new WorkerBatches(new WorkerStage(start, data, ahead, length ?? null));
}

/** A batch that was asked for. */
interface Asked {
  readonly resolve: (batch: StreamBatch | null) => void;
  readonly reject: (error: GradusError) => void;
}

/** A stage whose items come from a worker. */
class WorkerStage implements Stage<StreamBatch> {
  readonly length: number | null;
  readonly #start: () => BatchWorker;
  readonly #data: unknown;
  readonly #ahead: number;
  #connection: Connection | null = null;
  /** What each reader has asked for and not got, the first first. */
  readonly #asked = new Map<number, Asked[]>();
  #readers = 0;
  #waiting = 0;

  constructor(start: () => BatchWorker, data: unknown, ahead: number, length: number | null) {
    this.#start = start;
    this.#data = data;
    this.#ahead = ahead;
    this.length = length;
  }

  async *open(pass: number, skip: number): AsyncGenerator<StreamBatch, void, void> {
    const connection = this.#connected();
    const reader = this.#readers++;
    this.#asked.set(reader, []);
    connection.send({ type: "open", reader, pass, skip });
    const promises: Promise<StreamBatch | null>[] = [];
    let given = skip;
    try {
      for (;;) {
        while (promises.length < this.#ahead) promises.push(this.#ask(connection, reader));
        const batch = await promises.shift();
        if (batch === undefined || batch === null) return this.#checkLength(given);
        given++;
        promises.push(this.#ask(connection, reader));
        yield batch;
      }
    } finally {
      for (const { resolve } of this.#asked.get(reader) ?? []) {
        this.#waits(connection, -1);
        resolve(null);
      }
      this.#asked.delete(reader);
      if (this.#connection === connection) connection.send({ type: "close", reader });
    }
  }

  #checkLength(given: number): void {
    if (this.length === null || given === this.length) return;
    throw new DataError(`workerBatches: length is ${this.length}, but the worker's pass has ${given} batches`);
  }

  #ask(connection: Connection, reader: number): Promise<StreamBatch | null> {
    const promise = new Promise<StreamBatch | null>((resolve, reject) => {
      if (this.#connection !== connection) return reject(new DataError("workerBatches: the worker was closed"));
      this.#asked.get(reader)?.push({ resolve, reject });
      this.#waits(connection, 1);
      connection.send({ type: "next", reader });
    });
    // An error is thrown where the batch is taken; until then it is nobody's.
    promise.catch(() => {});
    return promise;
  }

  #waits(connection: Connection, change: number): void {
    this.#waiting += change;
    if (this.#connection === connection) connection.waiting(this.#waiting > 0);
  }

  #connected(): Connection {
    if (this.#connection !== null) return this.#connection;
    const connection = connect(this.#start, {
      answer: (answer) => this.#answered(connection, answer),
      lost: (error) => this.#lost(connection, error),
    });
    this.#connection = connection;
    try {
      connection.send({ type: "start", data: this.#data });
    } catch (error) {
      this.#connection = null;
      void connection.close();
      const words = error instanceof Error ? error.message : String(error);
      throw new OptionError(`workerBatches: data cannot be sent to a worker (${words})`, { cause: error });
    }
    return connection;
  }

  #answered(connection: Connection, answer: Answer): void {
    if (this.#connection !== connection) return;
    if (answer.type === "error" && answer.reader === null) {
      this.#lost(connection, unpackError(answer.error));
      return void connection.close();
    }
    const asked = answer.reader === null ? undefined : this.#asked.get(answer.reader)?.shift();
    if (asked === undefined) return;
    this.#waits(connection, -1);
    if (answer.type === "batch") asked.resolve(unpackBatch(answer.batch));
    else if (answer.type === "end") asked.resolve(null);
    else asked.reject(unpackError(answer.error));
  }

  #lost(connection: Connection, error: GradusError): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.#waiting = 0;
    const all = [...this.#asked.values()].flat();
    this.#asked.clear();
    for (const { reject } of all) reject(error);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    this.#lost(connection, new DataError("workerBatches: the worker was closed"));
    await connection.close();
  }
}
