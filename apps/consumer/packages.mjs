// What publishing would upload: every library is packed, and its tarball examined by publint (package.json and files)
// and by Are the Types Wrong (whether each way of importing finds its declarations).
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const here = import.meta.dirname;
const folder = join(here, "reports");

rmSync(folder, { recursive: true, force: true });
const pack = ["--recursive", "--filter", "./packages/*", "pack", "--pack-destination", folder];
const packed = spawnSync("pnpm", pack, {
  cwd: join(here, "../.."),
  encoding: "utf8",
  shell: process.platform === "win32",
});
if (packed.status !== 0) throw new Error(`packing failed: ${packed.error?.message ?? packed.stdout + packed.stderr}`);

for (const file of readdirSync(folder)) {
  const bytes = readFileSync(join(folder, file));
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
  const types = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)));
  const faults = [
    ...messages.map((message) => formatMessage(message, pkg, { color: false })),
    // Entries beside "." are for resolvers that know `exports`, which TypeScript's "node10" does not.
    ...(types.types ? types.problems : [{ kind: "NoTypes" }])
      .filter(({ resolutionKind }) => resolutionKind !== "node10")
      .map((problem) => JSON.stringify(problem)),
  ];
  console.log([`${faults.length === 0 ? "ok " : "bad"} ${file}`, ...faults].join("\n    "));
  if (faults.length > 0) process.exitCode = 1;
}
