// Numbers as a reader wants them: four digits, and powers of ten where there would be many zeros.

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `0.9767`, `48,000`, `2.4 · 10⁻⁷`. */
export function format(value: number): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return powerOfTen(value);
  const digits = size >= 1 ? Math.max(0, 3 - Math.floor(Math.log10(size))) : 4;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits }).replace("-", "−");
}

function powerOfTen(value: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(1).split("e");
  const raised = exponent
    .replace("+", "")
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => superscripts[Number(digit)] ?? "");
  const factor = mantissa.replace(/\.0$/, "").replace("-", "−");
  return factor === "1" ? `10${raised}` : `${factor} · 10${raised}`;
}
