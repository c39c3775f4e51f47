import { test } from "vitest";
import * as g from "../../src/index.ts";
test("probe", () => {
  const x = g.tensor([2], {dtype:"float64"});
  const f = (x: g.Tensor) => x.pow(3).sum();
  console.log("grad in noGrad", String(g.noGrad(() => g.grad(f)(x))));
  try { g.gradcheck((x)=>x.pow(3), [x], {order: 2}); console.log("ok"); } catch (e) { console.log(String(e)); }
  console.log("outer", String(g.grad((a) => g.grad((y) => y.mul(y).mul(a).sum())(x).sum())(g.tensor([3],{dtype:"float64"}))));
  const w = new g.Variable(g.tensor([3],{dtype:"float64"}), {name:"w"});
  const pen = g.grad((y) => y.mul(y).mul(w).sum())(x);
  console.log("penalty", pen.requiresGrad);
  const silly = g.elementwise({ name: "s", result: g.boolDType, forward: (x) => x.mul(0.5).gt(0.4) });
  console.log(String(silly(g.tensor([0.2, 0.9, 2]))));
  console.log(g.tensor([65537,65537,65537,65537],{dtype:"int32"}).prod().item(), Math.imul(Math.imul(65537,65537),Math.imul(65537,65537)));
  console.log(g.zeros([0]).variance(undefined,{correction:1}).item());
});
