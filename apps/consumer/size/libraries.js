// What .size-limit.json weighs: the whole of core, layers and optimizers.
export * from "@gradus/core";
export * from "@gradus/layers";
export * from "@gradus/optimizers";
