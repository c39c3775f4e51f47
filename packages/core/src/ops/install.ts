// Gives Tensor's methods their operators. Importing this file is the one side effect of the package.

import { installOperators } from "../tensor.ts";
import * as copies from "./copying.ts";
import * as elementwise from "./elementwise.ts";
import * as products from "./matmul.ts";
import * as movements from "./movement.ts";
import * as reductions from "./reduction.ts";
import * as slices from "./slicing.ts";
import * as softmaxes from "./softmax.ts";
import * as statistics from "./statistics.ts";
import * as tilings from "./tiling.ts";
import * as triangles from "./triangles.ts";

installOperators({
  ...elementwise,
  ...reductions,
  ...statistics,
  ...movements,
  ...slices,
  ...copies,
  ...tilings,
  ...triangles,
  ...products,
  ...softmaxes,
});
