// Generated code, where it is allowed. A page's Content-Security-Policy may forbid `new Function`; then every caller has a slower
// path, and the console hears of it once.

let allowed: boolean | null = null;

/** Whether code may be generated here. Asked once; the first refusal warns. */
export function canGenerateCode(): boolean {
  if (allowed === null) {
    try {
      allowed = new Function("return true")() === true;
    } catch {
      allowed = false;
      console.warn(
        "Gradus: this page's policy forbids generated code; eager operations are interpreted, which is slower.",
      );
    }
  }
  return allowed;
}

/** Forces the answer of {@link canGenerateCode}, so that tests see both paths; null asks the platform again. */
export function setCodeGeneration(answer: boolean | null): void {
  allowed = answer;
}

/**
 * A function of `parameters` with this body, closed over `scope`; profilers and stacks show it as `gradus:label`.
 * The caller vouches for its type.
 */
export function generate<F extends (...args: never[]) => unknown>(
  label: string,
  parameters: readonly string[],
  body: string,
  scope: { readonly names: readonly string[]; readonly values: readonly unknown[] },
): F {
  const make = new Function(
    ...scope.names,
    `"use strict";\nreturn (${parameters.join(", ")}) => {\n${body}\n};\n//# sourceURL=gradus:${label}`,
  );
  return make(...scope.values) as F;
}
