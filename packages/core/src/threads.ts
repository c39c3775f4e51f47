// Threads: workers that run compiled programs in step with the main thread, in Node and in browsers. Importing this module is what
// makes a program carry them.

import { checkOption, OptionError, WorkerError } from "./errors.ts";
import { CONTROL_BYTES, control, MAXIMUM_WORKERS, workerLine } from "./wasm/control.ts";
import { features } from "./wasm/features.ts";
import { type Parallel, parallel, type SegmentFunction, setParallel } from "./wasm/parallel.ts";
import { SharedMemory } from "./wasm/shared-memory.ts";
import { type WorkerMessage, type WorkerWords, workerMain } from "./wasm/worker.ts";

/** A started worker, whatever the platform calls it. */
interface WorkerHandle {
  post(message: WorkerMessage): void;
  terminate(): void;
}

/** How the platform starts a worker; `lost` is called if it ends by itself. */
type StartWorker = (memory: WebAssembly.Memory, words: WorkerWords, lost: () => void) => Promise<WorkerHandle>;

const wordsOf = (worker: number): WorkerWords => ({
  go: control.go / 4,
  program: control.program / 4,
  segment: control.segment / 4,
  parts: control.parts / 4,
  messages: control.messages / 4,
  received: workerLine(worker) / 4,
  part: workerLine(worker) / 4 + 1,
});

class ThreadPool implements Parallel {
  readonly memory: SharedMemory;
  readonly threads: number;
  automatic: boolean;
  readonly #start: StartWorker;
  readonly #workers: (WorkerHandle | null)[];
  readonly #modules = new Map<number, WeakRef<WebAssembly.Module>>();
  readonly #owners: FinalizationRegistry<number> = new FinalizationRegistry((program) => this.#forget(program));
  readonly #words: Int32Array;
  #programs = 0;
  #messages = 0;
  #closed = false;

  constructor(memory: SharedMemory, threads: number, automatic: boolean, start: StartWorker) {
    this.memory = memory;
    this.threads = threads;
    this.automatic = automatic;
    this.#start = start;
    this.#workers = Array.from({ length: threads - 1 }, () => null);
    this.#words = new Int32Array(memory.memory.buffer, 0, CONTROL_BYTES / 4);
    this.#words.fill(0);
  }

  /** Starts all workers. */
  async open(): Promise<void> {
    await Promise.all(this.#workers.map((_, index) => this.#launch(index)));
  }

  /** Ends all workers; programs that were made for them are made anew at their next call. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker?.terminate();
  }

  async #launch(index: number): Promise<void> {
    const words = wordsOf(index);
    Atomics.store(this.#words, words.part, 0);
    Atomics.store(this.#words, words.received, -1);
    const lost = (): void => {
      if (this.#closed || this.#workers[index] === null) return;
      this.#workers[index] = null;
      Atomics.store(this.#words, words.received, -1);
      void this.#launch(index);
    };
    const worker = await this.#start(this.memory.memory, words, lost);
    if (this.#closed) {
      worker.terminate();
      return;
    }
    this.#workers[index] = worker;
    // A worker counts messages from its own beginning: it is sent as many as the others have had.
    for (let program = 1; program <= this.#programs; program++) this.#send(worker, program);
    for (let extra = this.#programs; extra < this.#messages; extra++) worker.post({ kind: "forget", program: 0 });
  }

  #send(worker: WorkerHandle, program: number): void {
    const module = this.#modules.get(program)?.deref();
    worker.post(module === undefined ? { kind: "forget", program } : { kind: "load", program, module });
  }

  publish(module: WebAssembly.Module, owner: object): number {
    const program = ++this.#programs;
    this.#modules.set(program, new WeakRef(module));
    this.#owners.register(owner, program);
    this.#announce((worker) => this.#send(worker, program));
    return program;
  }

  #forget(program: number): void {
    this.#modules.delete(program);
    this.#announce((worker) => worker.post({ kind: "forget", program }));
  }

  /** Posts one message to each worker and makes them look. */
  #announce(post: (worker: WorkerHandle) => void): void {
    Atomics.store(this.#words, control.messages / 4, ++this.#messages);
    for (const worker of this.#workers) if (worker !== null) post(worker);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#words, control.go / 4, 1);
    Atomics.notify(this.#words, control.go / 4);
  }

  prepare(): void {
    this.#wake();
  }

  run(program: number, segment: number, here: SegmentFunction, most: number): void {
    const words = this.#words;
    const ready = this.#workers.flatMap((worker, index) => {
      const { received, part } = wordsOf(index);
      return worker !== null && Atomics.load(words, received) === this.#messages ? [part] : [];
    });
    const parts = Math.min(ready.length + 1, most);
    if (parts === 1) {
      here(0, 1);
      return;
    }
    Atomics.store(words, control.program / 4, program);
    Atomics.store(words, control.segment / 4, segment);
    Atomics.store(words, control.parts / 4, parts);
    // Last: a worker that is awake already, by `prepare` or by a message, begins as soon as it finds its part.
    for (let part = 1; part < parts; part++) Atomics.store(words, ready[part - 1] ?? 0, part);
    this.#wake();
    if (here(0, parts) !== 0) this.#recover();
  }

  /** Starts anew after a worker has stood still in the middle of a call. */
  #recover(): never {
    const before = this.#workers.splice(0, this.#workers.length, ...this.#workers.map(() => null));
    for (const worker of before) worker?.terminate();
    for (const word of [control.arrived, control.phase]) Atomics.store(this.#words, word / 4, 0);
    for (const index of this.#workers.keys()) void this.#launch(index);
    throw new WorkerError(
      "a thread made no progress for two seconds: the call was given up; load the model's last saved state and go on",
    );
  }
}

let memory: SharedMemory | null = null;
let pool: ThreadPool | null = null;

/**
 * Sets how many threads compiled programs use, the main one included: a number, or "auto" to let each program find
 * out. The results are the same, bit for bit, for any number.
 *
 * Resolves when the workers are up; until then programs run on fewer. Where shared memory is missing, and on a
 * browser's main thread, which may not wait, it stays at one, and the promise gives 1.
 *
 * @returns the number of threads there are now
 * @throws OptionError for a number out of range, and where a page's policy forbids workers
 * @throws WorkerError if a thread cannot be started
 * @example
 * await setThreads("auto");
 */
export async function setThreads(threads: number | "auto"): Promise<number> {
  const valid = threads === "auto" || (Number.isInteger(threads) && threads >= 1 && threads <= MAXIMUM_WORKERS);
  checkOption(valid, "setThreads", "threads", `"auto" or a whole number from 1 to ${MAXIMUM_WORKERS}`, threads);
  const start = startWorker();
  const count = threads === "auto" ? availableThreads() : threads;
  if (count === 1 || start === null || !features().threads || !features().simd || !mayWait()) {
    pool?.close();
    pool = null;
    setParallel(null);
    return 1;
  }
  if (pool !== null && pool.threads === count) {
    pool.automatic = threads === "auto";
    return count;
  }
  pool?.close();
  memory ??= new SharedMemory();
  pool = new ThreadPool(memory, count, threads === "auto", start);
  setParallel(pool);
  await pool.open();
  return count;
}

/** How many threads compiled programs may use now, the main one included. @example getThreads(); // 1 until {@link setThreads} */
export function getThreads(): number {
  return parallel()?.threads ?? 1;
}

function availableThreads(): number {
  const cores = typeof navigator === "object" ? navigator.hardwareConcurrency : undefined;
  const node = builtin<{ availableParallelism(): number }>("node:os")?.availableParallelism();
  return Math.max(1, Math.min(node ?? cores ?? 1, MAXIMUM_WORKERS));
}

/** A browser's main thread may not wait for others. */
function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** One of Node's own modules, where there is Node; bundlers never see it. */
function builtin<T>(name: string): T | undefined {
  const runtime: object & { readonly process?: { getBuiltinModule?(name: string): T } } = Object(globalThis);
  return runtime.process?.getBuiltinModule?.(name);
}

interface NodeWorkers {
  readonly Worker: new (source: string, options: object) => NodeWorker;
}

interface NodeWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  unref(): void;
  on(event: "online" | "exit" | "error", listener: () => void): void;
}

function startWorker(): StartWorker | null {
  const node = builtin<NodeWorkers>("node:worker_threads");
  if (node !== undefined) return (...args) => startNodeWorker(node, ...args);
  return typeof Worker === "function" && typeof Blob === "function" ? startWebWorker : null;
}

function startNodeWorker(
  { Worker }: NodeWorkers,
  sharedMemory: WebAssembly.Memory,
  words: WorkerWords,
  lost: () => void,
): Promise<WorkerHandle> {
  const source = `const { parentPort, workerData } = require("node:worker_threads");
(${workerMain})(workerData.memory, workerData.words, (receive) => parentPort.on("message", receive));`;
  const worker = new Worker(source, {
    eval: true,
    workerData: { memory: sharedMemory, words },
    execArgv: [],
    stdin: false,
  });
  return new Promise((resolve, reject) => {
    worker.on("online", () => {
      worker.unref();
      resolve({ post: (message) => worker.postMessage(message), terminate: () => void worker.terminate() });
    });
    worker.on("error", () => reject(new WorkerError("a thread could not be started")));
    worker.on("exit", lost);
  });
}

function startWebWorker(sharedMemory: WebAssembly.Memory, words: WorkerWords, lost: () => void): Promise<WorkerHandle> {
  const source = `self.onmessage = ({ data }) => {
  postMessage(true);
  (${workerMain})(data.memory, data.words, (receive) => { self.onmessage = ({ data }) => receive(data); });
};`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  return new Promise((resolve, reject) => {
    worker.onmessage = () => {
      URL.revokeObjectURL(url);
      worker.onerror = lost;
      resolve({ post: (message) => worker.postMessage(message), terminate: () => worker.terminate() });
    };
    worker.onerror = () => reject(new OptionError("setThreads: this page's policy forbids workers from blob: URLs"));
    worker.postMessage({ memory: sharedMemory, words });
  });
}
