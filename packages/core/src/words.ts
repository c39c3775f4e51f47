// Lists of names as one string, whose words are types: tables of instructions and functions are short so, and still checked.

/** The words of a list: `Words<"add sub">` is `"add" | "sub"`. */
export type Words<List extends string> = List extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : List;
