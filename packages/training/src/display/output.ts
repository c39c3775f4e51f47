// Where the progress display writes: Node's standard output, a page's console, or whatever else takes text.

/** Something that takes text. */
export interface Output {
  /** Takes text as it is: line ends are in it. */
  write(text: string): void;
  /** Whether what was written can be overwritten, with carriage return and `ESC [ K`. */
  readonly isTerminal: boolean;
  /** The width of the terminal; unlimited if there is none. */
  readonly columns?: number | undefined;
  /** Whether the terminal shows colours; false by default. */
  readonly colors?: boolean;
}

/** The part of Node's `process` that is of interest; pages have none. */
interface Process {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: {
    write(text: string): unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
    /** Looks at NO_COLOR, FORCE_COLOR and TERM. */
    hasColors?(): boolean;
  };
}

/** Node's standard output as it is at each call, or the console, line by line, where there is no such thing. */
export function standardOutput(): Output {
  const process: Process | undefined = Reflect.get(globalThis, "process");
  const stdout = process?.stdout;
  if (stdout === undefined || typeof stdout.write !== "function") return consoleOutput();
  return {
    write: (text) => {
      stdout.write(text);
    },
    get isTerminal() {
      return stdout.isTTY === true && process?.env?.["TERM"] !== "dumb";
    },
    get columns() {
      return stdout.columns;
    },
    get colors() {
      return stdout.hasColors?.() ?? false;
    },
  };
}

function consoleOutput(): Output {
  let line = "";
  return {
    write: (text) => {
      const lines = (line + text).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) console.log(whole);
    },
    isTerminal: false,
  };
}
