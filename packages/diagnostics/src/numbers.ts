// Numbers as a reader wants them: three figures at most, powers of ten where a decimal fraction would be all zeros.

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `0.0123`, `41.2`, `1,230`, `3 · 10⁻⁷`. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e-3 && size < 9999.5) {
    const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
    const fixed = Math.min(digits, 4);
    return signed(Number(value.toFixed(fixed)) === 0 ? "0" : trimmed(value.toFixed(fixed)));
  }
  const [mantissa = "", exponent = "0"] = value.toExponential(1).split("e");
  return signed(`${trimmed(mantissa)} · 10${superscript(Number(exponent))}`);
}

/** `91 %`. */
export function formatShare(share: number): string {
  const percent = 100 * share;
  return `${percent > 0 && percent < 1 ? "< 1" : percent > 99 && percent < 100 ? "> 99" : Math.round(percent)} %`;
}

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)] ?? "").join("");
  return exponent < 0 ? `⁻${digits}` : digits;
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function signed(text: string): string {
  return text.replace(/^-/, "−");
}
