import { library } from "../../tsup.shared.ts";

// What not every program needs is an entry of its own, so that a program without it does not carry it and one with it can load it
// when it is needed; all entries share everything else.
export default library({
  entry: ["index", "compile", "threads", "convolution", "deterministic"].map((name) => `src/${name}.ts`),
  splitting: true,
});
