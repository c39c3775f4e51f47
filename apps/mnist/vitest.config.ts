import { mergeConfig } from "vitest/config";
import { project } from "../../vitest.shared.ts";

// The tests run the program itself, bundled as `demo` has it.
export default mergeConfig(project("mnist"), { test: { globalSetup: ["test/build-program.ts"] } });
