// What may hold training up from outside: a pause, a wish to stop, a signal.

/** Pauses, stops and signals of one trainer. */
export class Control {
  #release: (() => void) | null = null;
  #paused: Promise<void> | null = null;

  /** Whether training is to wait. */
  get paused(): boolean {
    return this.#paused !== null;
  }

  /** From the end of this step on, wait. */
  pause(): void {
    this.#paused ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Go on. */
  resume(): void {
    this.#release?.();
    this.#release = null;
    this.#paused = null;
  }

  /** Waits until the pause is over, or the signal is given. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#paused === null || signal?.aborted === true) return;
    const paused = this.#paused;
    await new Promise<void>((resolve) => {
      const listener = (): void => resolve();
      signal?.addEventListener("abort", listener, { once: true });
      void paused.then(() => {
        signal?.removeEventListener("abort", listener);
        resolve();
      });
    });
  }
}
