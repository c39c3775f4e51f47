// What a worker thread does: it waits for calls, runs its part of a segment, and waits again. It can only receive messages while it
// does not wait, so it leaves its loop when the main thread says that one is on its way.

/** Positions of control words in an Int32Array on the shared memory. */
export interface WorkerWords {
  readonly go: number;
  readonly program: number;
  readonly segment: number;
  readonly parts: number;
  readonly messages: number;
  /** This worker's: how many messages it has received, and its part in the call. */
  readonly received: number;
  readonly part: number;
}

/** What the main thread sends to a worker. */
export type WorkerMessage =
  | { readonly kind: "load"; readonly program: number; readonly module: WebAssembly.Module }
  | { readonly kind: "forget"; readonly program: number };

/** How a worker hears messages: the platform's way. */
export type Listen = (receive: (message: WorkerMessage) => void) => void;

/**
 * The whole of a worker. Its text is what the worker is started with, so it must not use anything from outside of itself.
 */
export function workerMain(memory: WebAssembly.Memory, words: WorkerWords, listen: Listen): void {
  const control = new Int32Array(memory.buffer, 0, 4096 / 4);
  const instances = new Map<number, WebAssembly.Exports>();
  const spins = 20000;
  let received = 0;
  const loop = (): void => {
    let seen = Atomics.load(control, words.go);
    Atomics.store(control, words.received, received);
    for (;;) {
      if (Atomics.load(control, words.messages) !== received) return;
      for (let spin = 0; spin < spins && Atomics.load(control, words.go) === seen; spin++);
      if (Atomics.load(control, words.go) === seen) Atomics.wait(control, words.go, seen);
      seen = Atomics.load(control, words.go);
      const part = Atomics.exchange(control, words.part, 0);
      if (part === 0) continue;
      const segment = instances.get(Atomics.load(control, words.program))?.[
        `segment ${Atomics.load(control, words.segment)}`
      ];
      if (typeof segment === "function") segment(part, Atomics.load(control, words.parts));
    }
  };
  listen((message) => {
    if (message.kind === "forget") instances.delete(message.program);
    else instances.set(message.program, new WebAssembly.Instance(message.module, { env: { memory } }).exports);
    received++;
    if (Atomics.load(control, words.messages) === received) setTimeout(loop, 0);
  });
  loop();
}
