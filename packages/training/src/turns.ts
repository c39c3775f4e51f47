// Turns of the event loop. Training is synchronous arithmetic; between steps it lets the platform run what waits: signals and
// timers in Node, painting and clicks in a page. `await` alone does not: promises are served before anything else.

/** The longest time in milliseconds without a turn, save for a single step that takes longer. */
const LONGEST = 50;

/** Decides when a turn is due, and takes it. */
export class Turns {
  #last = performance.now();
  #lastAsked: number = this.#last;

  /** Whether to take a turn now, so that one comes in time even if the next step lasts as long as the one before. */
  get due(): boolean {
    const now = performance.now();
    const step = now - this.#lastAsked;
    this.#lastAsked = now;
    return now - this.#last + step > LONGEST / 2;
  }

  /** Lets the event loop go round once. */
  async take(): Promise<void> {
    await nextTurn();
    this.#last = performance.now();
    this.#lastAsked = this.#last;
  }
}

/** Waits for the next turn by the quickest way that the platform has; timers alone may be delayed by 4 ms and more. */
function nextTurn(): Promise<void> {
  const immediate: unknown = Reflect.get(globalThis, "setImmediate");
  if (typeof immediate === "function") return new Promise((resolve) => immediate(resolve));
  if (typeof MessageChannel === "function") {
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
  }
  return new Promise((resolve) => setTimeout(resolve, 0));
}
