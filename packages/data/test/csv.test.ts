// Tables of text as datasets: types, labels, what is missing, and what is refused with its row and column.

import { gzipSync } from "node:zlib";
import { DataError, OptionError } from "@gradus/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvDataset, type CsvOptions, parseCsv, readCsv } from "../src/csv.ts";

const whole = (dataset: CsvDataset): { inputs: unknown; targets: unknown; dtype: string } => {
  const { inputs, targets } = dataset.batch([...Array(dataset.length).keys()]);
  return { inputs: inputs.toArray(), targets: targets.toArray(), dtype: targets.dtype };
};

const iris = "length,width,kind\n5.1,3.5,setosa\n7,-3.2e0,versicolor\r\n6.5,.5,setosa\n";

describe("a table", () => {
  test("has its label's words as classes, and the other columns as inputs", () => {
    const table = parseCsv(iris, { label: "kind" });
    expect([table.length, table.features, table.classes]).toEqual([3, ["length", "width"], ["setosa", "versicolor"]]);
    const { inputs, targets } = table.batch([0, 1, 2]);
    expect(Array.from(inputs.toTypedArray(), (value) => Number(value.toFixed(6)))).toEqual([
      5.1, 3.5, 7, -3.2, 6.5, 0.5,
    ]);
    expect([inputs.dtype, targets.dtype, targets.toArray()]).toEqual(["float32", "int32", [0, 1, 0]]);
  });

  test("has columns by name or place, in the order asked for", () => {
    expect(whole(parseCsv("a,b,c\n1,2,3\n4,5,6", { label: 0, columns: ["c", 1] }))).toEqual({
      inputs: [
        [3, 2],
        [6, 5],
      ],
      targets: [1, 4],
      dtype: "int32",
    });
    const nameless = parseCsv("1;2\n3;4", { label: "column 2", header: false, delimiter: ";" });
    expect([nameless.features, whole(nameless).inputs]).toEqual([["column 1"], [[1], [3]]]);
  });

  test("has categories as one input for each word, alphabetical or in the order given", () => {
    const text = "colour,x,y\nred,1,0\nblue,2,1";
    const table = parseCsv(text, { label: "y", types: { colour: "category" } });
    expect([table.features, whole(table).inputs]).toEqual([
      ["colour=blue", "colour=red", "x"],
      [
        [0, 1, 1],
        [1, 0, 2],
      ],
    ]);
    const given = parseCsv(text, { label: "y", types: { colour: ["red", "green", "blue"], y: ["1", "0"] } });
    expect(whole(given)).toEqual({
      inputs: [
        [1, 0, 0, 1],
        [0, 0, 1, 2],
      ],
      targets: [1, 0],
      dtype: "int32",
    });
    expect(given.classes).toEqual(["1", "0"]);
  });

  test("has a numeric label as labels if whole, as float32 if not or if so declared", () => {
    expect(whole(parseCsv("x,y\n1,0\n2,1", { label: "y" }))).toMatchObject({ targets: [0, 1], dtype: "int32" });
    expect(whole(parseCsv("x,y\n1,0\n2,.5", { label: "y" }))).toMatchObject({ targets: [0, 0.5], dtype: "float32" });
    const declared = parseCsv("x,y\n1,300\n2,200", { label: "y", types: { y: "number" } });
    expect([whole(declared).dtype, declared.classes]).toEqual(["float32", null]);
    expect(parseCsv("x,y\n1,10\n2,9", { label: "y", types: { y: "category" } }).classes).toEqual(["9", "10"]);
  });

  test("may leave out rows with missing fields, or take a number for them", () => {
    const text = "a,b,unused,y\n1,,x,0\n2,3,,1\nNA,5,x,?";
    const used = { label: "y", columns: ["a", "b"] } as const;
    expect(whole(parseCsv(text, { ...used, missing: "skip" })).inputs).toEqual([[2, 3]]);
    expect(whole(parseCsv(text, { ...used, missing: -1 }))).toMatchObject({
      inputs: [
        [1, -1],
        [2, 3],
        [-1, 5],
      ],
      targets: [0, 1, -1],
    });
    expect(
      whole(parseCsv("a,y\n-999,0\n1,1", { label: "y", missing: "skip", missingValues: ["-999"] })).inputs,
    ).toEqual([[1]]);
  });

  test("is read from bytes, plain or gzip, with a byte order mark, quotes and empty lines", async () => {
    const text = '\ufeff"a, b",y\n"1",0\n\n2,1\n';
    for (const bytes of [new TextEncoder().encode(text), new Uint8Array(gzipSync(text))]) {
      const table = await readCsv(bytes, { label: "y" });
      expect([table.features, whole(table).inputs]).toEqual([["a, b"], [[1], [2]]]);
    }
  });

  test("comes back from its text, whatever the numbers", () => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number, fc.nat(9)), { minLength: 1, maxLength: 20 }), (rows) => {
        const text = ["a,b,y", ...rows.map((row) => row.join(","))].join("\n");
        const { inputs, targets } = whole(parseCsv(text, { label: "y" }));
        expect(inputs).toEqual(rows.map(([a, b]) => [a + 0, b + 0]));
        expect(targets).toEqual(rows.map(([, , y]) => y));
      }),
    );
  });
});

describe("what is wrong is told with its row and column", () => {
  const y: CsvOptions = { label: "y" };
  test.each<[string, CsvOptions, string]>([
    ["a,y\n1,0\n,1", y, 'CSV data: row 2, column "a": the field is empty; give missing: "skip"'],
    ["a,y\n1,0\nNA,1", { ...y, name: "x.csv" }, 'x.csv: row 2, column "a": the field is "NA", which means missing'],
    ["a,y\n1,0\n2,NaN", y, 'row 2, column "y": the field is "NaN", which means missing'],
    ["a,y\n1,0\n\n0x10,1", y, 'row 2, column "a": expected a number, found "0x10"; for words give types'],
    ["a,y\n1e999,1", y, 'row 1, column "a": expected a number, found "1e999"'],
    ["a,y\n1,0\n2", y, "row 2 has 1 fields, expected 2"],
    ["a,y\n1,0,3", y, "row 1 has 3 fields, expected 2"],
    ['a,y\n1,0\n"2,1', y, "row 2 has broken quotes"],
    ["a,a\n1,2", y, 'columns 1 and 2 are both called "a"'],
    ["a,,y\n1,2,3", y, "column 2 has no name in the header"],
    ["", y, "expected a table, found no rows"],
    ["a,y\nred,0", { ...y, types: { a: ["blue"] } }, 'row 1, column "a": expected one of "blue", found "red"'],
    ["a,y\n1,0\n,1\nx,1", { ...y, missing: "skip" }, 'row 3, column "a": expected a number, found "x"'],
  ])("%#", (text, options, words) => {
    expect(() => parseCsv(text, options)).toThrow(DataError);
    expect(() => parseCsv(text, options)).toThrow(words);
  });

  test.each<[object, string]>([
    [{ label: "z" }, 'readCsv: label must be columns of the table ("a", "y"), got "z"'],
    [{ label: 2 }, "got 2"],
    [{}, "label must be the name or place of a column, got undefined"],
    [{ label: "y", columns: ["b"] }, 'columns must be columns of the table ("a", "y"), got "b"'],
    [{ label: "y", columns: [] }, "columns must be at least one column"],
    [{ label: "y", types: { c: "category" } }, "types must be columns of the table"],
    [{ label: "y", delimiter: "ab" }, 'delimiter must be one character, got "ab"'],
    [{ label: "y", missing: "drop" }, 'missing must be "error", "skip" or a finite number, got "drop"'],
    [{ label: "y", sep: ";" }, 'unknown option "sep"'],
    [{ label: "y", types: { a: ["1", "1"] } }, "different words"],
    [{ label: "y", types: { a: "float" } }, 'types of a must be "number", "category" or a list of words, got "float"'],
  ])("options %#", (options, words) => {
    const given: CsvOptions = JSON.parse(JSON.stringify(options));
    expect(() => parseCsv("a,y\n1,0", given)).toThrow(OptionError);
    expect(() => parseCsv("a,y\n1,0", given)).toThrow(words);
  });

  test("bytes that are no text, and a file that is not there", async () => {
    await expect(readCsv(new Uint8Array([0xff, 0xfe, 0x61]), y)).rejects.toThrow("expected text in UTF-8");
    await expect(readCsv("/nowhere/x.csv", y)).rejects.toThrow("/nowhere/x.csv: cannot read the file");
  });
});
