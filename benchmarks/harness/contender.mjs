// The parent's side: starts a contender's process and gives it turns.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** One thread for whatever mathematics library PyTorch was built with. */
const oneThread = { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1", NUMEXPR_NUM_THREADS: "1" };

/**
 * Starts `entry` on a question: resolves, when its inputs stand and its cases are known, to what it says of itself and
 * to `ask(command)`, one turn; rejects with the reason if it cannot take part.
 * @param entry `{ name, contender, settings }`, contender being a file's name in contenders/
 */
export const start = async (entry, question, settings) => {
  const options = JSON.stringify({ ...settings, ...entry.settings });
  const [command, ...args] =
    entry.contender === "pytorch"
      ? [
          settings.python ?? missing("no python3 with torch was found (Debian: python3-torch; or --python FILE)"),
          "-u",
          here("../contenders/pytorch.py"),
          question,
          options,
        ]
      : [process.execPath, here("serve.mjs"), entry.contender, question, options];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...oneThread } });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaints = (complaints + text).slice(-4000);
  });
  child.stdin.on("error", () => {}); // a child that died: the missing answer tells
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(lastLine(complaints) ?? "its process ended");
    const message = JSON.parse(value);
    if (message.error !== undefined) throw new Error(message.error);
    return message;
  };
  const about = await read();
  return {
    entry,
    about,
    ask: (message) => {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      return read();
    },
    stop: () => child.stdin.end(),
  };
};

const missing = (reason) => {
  throw new Error(reason);
};

const lastLine = (text) => text.trim().split("\n").at(-1) || undefined;
