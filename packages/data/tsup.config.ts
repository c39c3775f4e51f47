import { library } from "../../tsup.shared.ts";

// What needs a parser of its own (CSV, PNG) or a worker is an entry of its own: a program that reads arrays does not carry it.
export default library({
  entry: ["src/index.ts", "src/csv.ts", "src/images.ts", "src/worker.ts"],
  splitting: true,
});
