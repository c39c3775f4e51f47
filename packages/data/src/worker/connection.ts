// The line to a worker: Node's and the web's behind one face. A worker whose answers nobody waits for does not keep the process alive.

import { DataError, describe, OptionError } from "@gradus/core";
import type { Answer, Request } from "./messages.ts";

/** A worker, Node's or the web's, as `new Worker(…)` gives it. */
export interface BatchWorker {
  /** Sends what is to be computed. */
  postMessage(message: unknown): void;
  /** Ends it at once. */
  terminate(): unknown;
}

/** What a line tells. */
export interface Listener {
  answer(answer: Answer): void;
  /** The worker is gone, or did not start. */
  lost(error: DataError): void;
}

/** A line to a worker. */
export interface Connection {
  send(request: Request): void;
  /** Whether somebody waits for answers. */
  waiting(waits: boolean): void;
  close(): Promise<void>;
}

/** Node's workers tell by `on`, and can be told not to keep the process alive. */
interface NodeWorker extends BatchWorker {
  on(event: string, listener: (value: unknown) => void): unknown;
  ref(): void;
  unref(): void;
}

interface WebWorker extends BatchWorker {
  addEventListener(type: string, listener: (event: Event) => void): void;
}

const isNodeWorker = (worker: BatchWorker): worker is NodeWorker =>
  "on" in worker && typeof worker.on === "function" && "unref" in worker && "ref" in worker;

const isWebWorker = (worker: BatchWorker): worker is WebWorker =>
  "addEventListener" in worker && typeof worker.addEventListener === "function";

const gone = (how: string, cause?: unknown): DataError =>
  new DataError(`workerBatches: the worker ${how}; iterate again to start another`, { cause });

/** Starts a worker and listens to it. @throws OptionError for what is no worker */
export function connect(start: () => BatchWorker, listener: Listener): Connection {
  const worker = start();
  // cast: what comes through the line was sent by serveBatches.
  const answer = (message: unknown): void => listener.answer(message as Answer);
  if (typeof worker === "object" && worker !== null && isNodeWorker(worker)) {
    worker.on("message", answer);
    worker.on("error", (error) => listener.lost(gone(`failed (${wordsOf(error)})`, error)));
    worker.on("exit", (code) => listener.lost(gone(`stopped (exit code ${String(code)})`)));
    worker.on("messageerror", (error) => listener.lost(gone("sent what could not be read", error)));
    worker.unref();
  } else if (typeof worker === "object" && worker !== null && isWebWorker(worker)) {
    worker.addEventListener("message", (event) => answer("data" in event ? event.data : undefined));
    worker.addEventListener("error", (event) => {
      const words = "message" in event && typeof event.message === "string" ? event.message : "";
      listener.lost(gone(`failed (${words || "it could not be loaded"})`));
    });
    worker.addEventListener("messageerror", () => listener.lost(gone("sent what could not be read")));
  } else {
    throw new OptionError(`workerBatches: start must return a new Worker(…), got ${describe(worker)}`);
  }
  return {
    send: (request) => worker.postMessage(request),
    waiting: (waits) => {
      if (!isNodeWorker(worker)) return;
      if (waits) worker.ref();
      else worker.unref();
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
