// The examples in the docstrings of this package's sources run, and give what they say.

import * as core from "@gradus/core";
import { testExamples } from "../../core/test/examples/run.ts";
import * as optimizers from "../src/index.ts";

const w = new core.Variable(core.tensor([1, 2]));
const model = { parameters: () => [w] };

testExamples({ sources: new URL("../src/", import.meta.url), names: { ...core, ...optimizers, model } });
