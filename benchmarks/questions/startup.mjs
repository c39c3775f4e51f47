// How long does a program wait for a library? A process that imports it and computes one 2×2 product, over an empty process
// of the same runtime; whole processes, in turns.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, round, summarize } from "../harness/statistics.mjs";

export const contenders = [
  { name: "gradus", contender: "gradus", program: "gradus.mjs", base: "node" },
  { name: "jax-js", contender: "jax-js", program: "jax-js.mjs", base: "node" },
  { name: "tensorflow.js wasm", contender: "tensorflow", program: "tensorflow-wasm.mjs", base: "node" },
  { name: "tensorflow.js cpu", contender: "tensorflow", program: "tensorflow-cpu.mjs", base: "node" },
  { name: "pytorch", contender: "pytorch", program: "pytorch.py", base: "python" },
];

const file = (name) => fileURLToPath(new URL(`../startup/${name}`, import.meta.url));

/** The wall time of a process in milliseconds; an error says why it failed. */
const spawn = ({ command, program }) => {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, [file(program)], { encoding: "utf8" });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(error?.message ?? lastLine(stderr));
  if (!program.startsWith("empty") && stdout.trim() !== "19,22,43,50") throw new Error(`it answered ${stdout.trim()}`);
  return time;
};

const lastLine = (text) => text.split("\n").find((line) => /Error/.test(line)) ?? text.trim().split("\n").at(-1);

export const ask = async ({ entries, steps = 20, python, progress }) => {
  const commands = { node: process.execPath, python };
  const lanes = entries.map((entry) => ({ ...entry, command: commands[entry.base], times: [] }));
  for (const lane of lanes) {
    if (lane.command === undefined)
      lane.error = "no python3 with torch was found (Debian: python3-torch; or --python FILE)";
  }
  const empties = Object.entries(commands)
    .filter(([base, command]) => command !== undefined && lanes.some((lane) => lane.base === base))
    .map(([base, command]) => ({
      name: `empty ${base}`,
      command,
      program: base === "node" ? "empty.mjs" : "empty.py",
      times: [],
    }));

  const all = [...empties, ...lanes];
  for (let round = -1; round < steps; round++) {
    progress(round < 0 ? "warming the file cache" : `round ${round + 1} of ${steps}`);
    for (let place = 0; place < all.length; place++) {
      const lane = all[(place + Math.max(0, round)) % all.length];
      if (lane.error !== undefined) continue;
      try {
        const time = spawn(lane);
        if (round >= 0) lane.times.push(time);
      } catch (error) {
        lane.error = error.message;
      }
    }
  }
  const emptyOf = (base) => empties.find((empty) => empty.name === `empty ${base}`);
  const rows = lanes.map(({ name, base, times, error }) => {
    if (error !== undefined) return { name, error };
    const empty = emptyOf(base);
    const [whole, idle] = [times, empty.times].map((list) => summarize(list));
    // The medians' difference is that of neighbours in time, so that a slow round is slow for both.
    const medianMs = round(median(times.map((time, index) => time - empty.times[index])));
    const p10Ms = round(whole.p10Ms - idle.p10Ms);
    const [processMs, emptyMs] = [whole.medianMs, idle.medianMs];
    return { name, threads: 1, medianMs, p10Ms, processMs, emptyMs, samples: times.length };
  });
  return {
    title: "Import and first 2×2 product, over an empty process",
    rows,
    extra: {
      "whole process": (row) => `${row.processMs.toFixed(0)} ms`,
      empty: (row) => `${row.emptyMs.toFixed(0)} ms`,
    },
    remark: "Each process is compared with the empty one of the same runtime and round; the median of the differences.",
  };
};
