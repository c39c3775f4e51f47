// What JSON can hold without loss.

import type { Json } from "./training-state.ts";

/** The value as plain data, or null if there is something in it that JSON cannot say. */
export function asJson(value: unknown): Json {
  return isJson(value) ? value : null;
}

/** Whether `JSON.parse(JSON.stringify(value))` is the same value: finite numbers, no other objects than plain ones. */
export function isJson(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}
