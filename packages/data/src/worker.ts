// @gradus/data/worker: batches made in a worker, in Node and in browsers.

export { type WorkerBatches, type WorkerOptions, workerBatches } from "./worker/batches.ts";
export type { BatchWorker } from "./worker/connection.ts";
export { serveBatches } from "./worker/serve.ts";
