// How many threads are best for a program, found by trying: threads help while cores are idle and hurt while others use them. Each
// number is timed in turn, the faster is kept, and both are tried again when the kept one has become slower.

/** Calls before the first are timed, calls timed of each kind, and how many recent calls a running median is made of. */
const WARM_UP = 6;
const TRIALS = 8;
const RECENT = 32;
/** A running median so much above the one at the time of the choice asks for a new choice. */
const SLOWER = 1.1;

/** Chooses between one thread and `threads` by their times. */
export class Tuner {
  readonly #threads: number;
  #calls = 0;
  #one: number[] = [];
  #many: number[] = [];
  #choice: number | null = null;
  #chosenMedian = 0;
  #recent: number[] = [];
  #started = 0;
  #running = 1;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** The number of threads for the call that begins. */
  begin(): number {
    this.#calls++;
    this.#running = this.#choice ?? (this.#calls % 2 === 0 ? 1 : this.#threads);
    this.#started = performance.now();
    return this.#running;
  }

  /** Notes the time of the call that ends. */
  end(): void {
    if (this.#started === 0) return;
    const time = performance.now() - this.#started;
    this.#started = 0;
    if (this.#choice !== null) this.#watch(time);
    else if (this.#calls > WARM_UP) this.#try(time);
  }

  #try(time: number): void {
    (this.#running === 1 ? this.#one : this.#many).push(time);
    if (this.#one.length < TRIALS || this.#many.length < TRIALS) return;
    const [one, many] = [median(this.#one), median(this.#many)];
    this.#choice = many < one ? this.#threads : 1;
    this.#chosenMedian = Math.min(one, many);
    this.#recent = [];
  }

  #watch(time: number): void {
    this.#recent.push(time);
    if (this.#recent.length < RECENT) return;
    const now = median(this.#recent);
    this.#recent = [];
    if (now > this.#chosenMedian * SLOWER) {
      this.#choice = null;
      this.#one = [];
      this.#many = [];
    }
  }
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
}
