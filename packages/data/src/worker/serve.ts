// The worker's side: batches made on request, pass by pass, and handed over without copying.

import { DataError } from "@gradus/core";
import { builtin } from "../bytes.ts";
import { IterableDataset } from "../iterable-dataset.ts";
import type { ItemSource } from "../stream/sources.ts";
import type { Stage } from "../stream/stage.ts";
import { type Answer, packBatch, packError, type Request } from "./messages.ts";

/** The line to the thread that started this worker. */
interface Line {
  post(answer: Answer, transfer?: ArrayBuffer[]): void;
  listen(listener: (request: Request) => void): void;
}

/**
 * Makes this worker serve the batches of a stream or loader. `make` gets the `data` that was given to `workerBatches`; it is called
 * once, when the first batch is asked for.
 *
 * @throws DataError where this is no worker
 * @example
 * // digits.worker.ts
 * serveBatches(async ({ folder }: { folder: string }) => {
 *   const { train } = await mnist({ folder, shape: [28, 28] });
 *   return IterableDataset.from(new DataLoader(train, { batchSize: 64, shuffle: true, seed: 0 })).map(augment({ shift: 2 }));
 * });
 */
export function serveBatches<Data = unknown>(
  make: (data: Data) => ItemSource<unknown> | Promise<ItemSource<unknown>>,
): void {
  const line = lineOut();
  let stage: Promise<Stage<unknown>> | null = null;
  const readers = new Map<number, AsyncGenerator<unknown, void, void>>();

  const give = async (reader: number): Promise<void> => {
    try {
      const result = await readers.get(reader)?.next();
      if (result === undefined || result.done === true) return line.post({ type: "end", reader });
      const { packed, transfer } = packBatch(result.value);
      line.post({ type: "batch", reader, batch: packed }, transfer);
    } catch (error) {
      line.post({ type: "error", reader, error: packError(error) });
    }
  };

  line.listen((request) => {
    if (request.type === "start") {
      // cast: the data are what the caller of `workerBatches` gave, and its type is the caller's promise.
      const data = request.data as Data;
      stage = (async () => IterableDataset.stageOf(IterableDataset.from(await make(data))))();
      stage.catch((error) => line.post({ type: "error", reader: null, error: packError(error) }));
    } else if (request.type === "open") {
      readers.set(request.reader, openLater(stage, request.pass, request.skip));
    } else if (request.type === "next") {
      void give(request.reader);
    } else {
      void readers.get(request.reader)?.return();
      readers.delete(request.reader);
    }
  });
}

async function* openLater(
  stage: Promise<Stage<unknown>> | null,
  pass: number,
  skip: number,
): AsyncGenerator<unknown, void, void> {
  if (stage !== null) yield* (await stage).open(pass, skip);
}

/** Node's workers have a port, the web's the global scope. */
function lineOut(): Line {
  const port = builtin("node:worker_threads")?.parentPort ?? null;
  if (port !== null) {
    return {
      post: (answer, transfer = []) => port.postMessage(answer, transfer),
      // cast: what comes through a worker's line was sent by workerBatches.
      listen: (listener) => port.on("message", (message) => listener(message as Request)),
    };
  }
  const scope = webScope();
  if (scope === null) throw new DataError("serveBatches: this is no worker: call it in the worker's own file");
  return {
    post: (answer, transfer = []) => scope.postMessage(answer, transfer),
    // cast: what comes through a worker's line was sent by workerBatches.
    listen: (listener) => scope.addEventListener("message", ({ data }) => listener(data as Request)),
  };
}

/** The part of a web worker's global scope that is used here. */
interface WebScope {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

function webScope(): WebScope | null {
  const kind: unknown = Reflect.get(globalThis, "WorkerGlobalScope");
  const isWorker = typeof kind === "function" && globalThis instanceof kind;
  // cast: the platform says that this is a worker's scope, which has both functions.
  return isWorker ? (globalThis as unknown as WebScope) : null;
}
