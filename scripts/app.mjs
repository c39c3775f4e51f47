// `pnpm demo [arguments]`, `pnpm lessons [arguments]`: builds the MNIST app, quietly, and runs one of its programs in this terminal
// with those arguments. The program's name comes first.
import { spawn, spawnSync } from "node:child_process";

const build = spawnSync("turbo", ["run", "build", "--filter=@gradus/mnist", "--output-logs=errors-only"], {
  encoding: "utf8",
  shell: process.platform === "win32",
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
});
if (build.status !== 0) {
  process.stderr.write(build.error === undefined ? `${build.stdout}${build.stderr}` : `${build.error.message}\n`);
  process.exit(build.status ?? 1);
}

const [name, ...words] = process.argv.slice(2);
const app = spawn(process.execPath, [`apps/mnist/dist/${name}.js`, ...words], { stdio: "inherit" });

// Ctrl-C reaches the app by itself, as the terminal signals the whole group: wait for the app to end in its own way.
process.on("SIGINT", () => {});
// A signal sent to this process alone is passed on.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => app.kill(signal));

const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
app.on("exit", (code, signal) => {
  process.exitCode = code ?? codes[signal] ?? 1;
});
