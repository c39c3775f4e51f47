// Where the user's code called: the first line of a stack outside of Gradus. For messages that would otherwise only say what went
// wrong; capturing a stack takes microseconds, so it is done only where something is wrong or being looked for.

/** The user's line that led here, as `train.ts:12:5`, or an empty text. */
export function callSite(): string {
  const errors: ErrorConstructor & { stackTraceLimit?: number } = Error; // V8's; others keep whole stacks
  const limit = errors.stackTraceLimit ?? 10;
  errors.stackTraceLimit = 100; // layers within layers stand between an operation and the user's line
  const { stack = "" } = new Error();
  errors.stackTraceLimit = limit;
  const lines = stack.split("\n").slice(1);
  const outside = lines.find(
    (line) => !/packages\/[a-z]+\/(src|dist)\/|@gradus\/[a-z]+\/dist\/|^\s*at node:|gradus:/.test(line),
  );
  return (outside ?? lines.at(-1) ?? "").trim().replace(/^at /, "");
}
