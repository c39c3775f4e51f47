import { library } from "../../tsup.shared.ts";

// Checkpoints and TensorBoard are entries of their own: a program that only trains does not carry them.
export default library({ entry: ["src/index.ts", "src/checkpoint.ts", "src/tensorboard.ts"], splitting: true });
