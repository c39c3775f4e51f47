// `pnpm examples`: lists the lessons. `pnpm examples 02`: runs one (or several) from its TypeScript source.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { defaultServerConditions, runnerImport } from "vite";

const lessons = readdirSync("examples").filter((file) => /^\d+-.*\.ts$/.test(file));
const wanted = process.argv.slice(2);
if (wanted.length === 0) {
  console.log(`${lessons.map((file) => `  ${file}`).join("\n")}\n\nRun one by its number: pnpm examples 01`);
}
for (const start of wanted) {
  const lesson = lessons.find((file) => file.startsWith(start));
  if (lesson === undefined) {
    console.error(`There is no example ${JSON.stringify(start)}; there are ${lessons.join(", ")}.`);
    process.exit(1);
  }
  await runnerImport(resolve("examples", lesson), {
    logLevel: "warn",
    resolve: { conditions: ["@gradus/source", ...defaultServerConditions] },
    ssr: { noExternal: [/^@gradus\//], resolve: { conditions: ["@gradus/source", ...defaultServerConditions] } },
  });
}
