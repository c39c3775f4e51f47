// Asks every question of Gradus alone, a few calls each: whether what is measured still runs, computes what it should, and learns.
// The libraries must have been built. `node benchmarks/check.mjs`
const questions = { step: 20, cnn: 5, gemm: 1, elementwise: 1, startup: 1 };

for (const [question, steps] of Object.entries(questions)) {
  const { contenders, ask } = await import(`./questions/${question}.mjs`);
  const { rows } = await ask({
    entries: contenders.filter(({ contender }) => contender === "gradus"),
    ...{ batch: 16, threads: 1, steps, warmUp: 0 },
    progress: () => {},
  });
  for (const { name, case: each, error } of rows.filter((row) => row.error !== undefined)) {
    console.error(`${question}: ${[name, each].filter(Boolean).join(", ")}: ${error}`);
    process.exitCode = 1;
  }
  console.log(`${question}: ${rows.length} rows`);
}
