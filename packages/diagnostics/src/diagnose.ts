// From what was seen to what is wrong.

import { backwardRules } from "./findings/backward.ts";
import { type Finding, ranked } from "./findings/finding.ts";
import { forwardRules } from "./findings/forward.ts";
import type { Course } from "./observation.ts";

/** What is wrong, causes before symptoms: plain data from plain data. @example diagnose({ layers: [], observations: [] }); // [] */
export function diagnose(course: Course): readonly Finding[] {
  if (course.observations.length === 0) return [];
  const cases = [...forwardRules, ...backwardRules].flatMap((rule) => rule(course) ?? []);
  return ranked(course, cases);
}
