// What a first run needs: the peers, from this folder's own lockfile, and the built libraries of the project.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const project = fileURLToPath(new URL("../..", import.meta.url));
const lockfile = `${folder}pnpm-lock.yaml`;
const stamp = `${folder}node_modules/.installed-lockfile`;

/** Installs the peers unless the lockfile is the one that was installed last. */
export const installPeers = (progress) => {
  const wanted = readFileSync(lockfile, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  progress("installing the peers (once)");
  pnpm(["install", "--frozen-lockfile"], folder);
  writeFileSync(stamp, wanted);
};

/** Builds the libraries that the benchmarks import; at once where turbo has them in its cache. */
export const buildLibraries = (progress) => {
  progress("building @gradus/core, layers and optimizers");
  const filters = ["core", "layers", "optimizers"].map((name) => `--filter=@gradus/${name}`);
  pnpm(["exec", "turbo", "run", "build", ...filters, "--output-logs=errors-only"], project);
};

/** Runs the pnpm that runs this program, or the pinned one; its output appears only in the error, if it fails. */
const pnpm = (args, cwd) => {
  const { packageManager } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const self = process.env["npm_execpath"];
  const isPnpm = self !== undefined && /pnpm\.c?js$/.test(self);
  const [command, ...prefix] = isPnpm ? [process.execPath, self] : ["npx", "-y", packageManager];
  // pnpm hands its settings on as npm_* variables, among them those of the workspace that it was started in.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")),
  );
  const { status, stdout, stderr, error } = spawnSync(command, [...prefix, ...args], {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32" && !isPnpm,
    env: { ...env, TURBO_TELEMETRY_DISABLED: "1" },
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`.trim());
};
