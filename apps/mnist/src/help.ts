// The text of --help, made from the table of options.

import { forms } from "./command-line.ts";
import type { Option } from "./options.ts";

/** What `demo --help` prints. */
export function helpText(): string {
  const options = forms.train.options.map((option) =>
    optionLine(`--${option.name} ${option.value}`.trimEnd(), describe(option)),
  );
  return `Trains a network to read handwritten digits (MNIST), tests it, and uses it.

Usage:
  demo [options]                       train, then test
  demo evaluate FILE [--data FOLDER]   test the weights in FILE
  demo predict FILE IMAGE.png          read the digit in a picture

Options:
${options.join("\n")}
${optionLine("-h, --help", "this text")}
${optionLine("-v, --version", "the version")}

Examples:
  npx -y pnpm@10.34.9 demo --save digits.safetensors
  npx -y pnpm@10.34.9 demo evaluate digits.safetensors
  npx -y pnpm@10.34.9 demo predict digits.safetensors seven.png`;
}

const optionLine = (left: string, right: string): string => `  ${left.padEnd(20)} ${right}`;

function describe({ help, standard }: Option<unknown>): string {
  return standard === null || standard === false ? help : `${help} (${standard})`;
}
