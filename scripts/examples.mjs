// `pnpm examples`: lists the lessons. `pnpm examples 02`: runs one (or several) from its TypeScript source.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { createServer, defaultServerConditions } from "vite";

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
  // Not `runnerImport`: it overrides the conditions, and so would need built packages.
  const conditions = ["@gradus/source", ...defaultServerConditions];
  const server = await createServer({
    appType: "custom",
    configFile: false,
    logLevel: "warn",
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions },
    server: { middlewareMode: true, watch: null, ws: false },
    ssr: { noExternal: [/^@gradus\//], resolve: { conditions } },
  });
  try {
    await server.ssrLoadModule(resolve("examples", lesson));
  } finally {
    await server.close();
  }
}
