import { library } from "../../tsup.shared.ts";

// The compiler and the threads are entries of their own, so that a program without them does not carry them and one with them can
// load them when they are needed; all entries share everything else.
export default library({ entry: ["src/index.ts", "src/compile.ts", "src/threads.ts"], splitting: true });
