// Files that the format forbids, each with what must be said of it: made by hand, one for each rule.

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file of a header's text (or bytes) and its data. */
export function file(header: string | Uint8Array, data: number | Uint8Array = 0): Uint8Array {
  const text = typeof header === "string" ? encode(header) : header;
  const rest = typeof data === "number" ? new Uint8Array(data) : data;
  const whole = new Uint8Array(8 + text.length + rest.length);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  whole.set(rest, 8 + text.length);
  return whole;
}

/** A file of the right bytes whose header claims another length. */
function claiming(length: bigint, bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes).fill(0x20);
  new DataView(whole.buffer).setBigUint64(0, length, true);
  return whole;
}

/** A header with one tensor, of members as they are written. */
const one = (dtype: string, shape: string, offsets: string): string =>
  `{"a":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}}`;

const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`;
const invalidUtf8 = Uint8Array.from([...encode('{"'), 0xc3, 0x28, ...encode('":{}}')]);
const overlong = Uint8Array.from([...encode('{"'), 0xc0, 0x80, ...encode('":{}}')]);

/** Name, file, and a part of the message. */
export const malformed: readonly (readonly [rule: string, bytes: Uint8Array, message: string])[] = [
  ["an empty file", new Uint8Array(0), "expected at least 8 bytes, found 0"],
  ["seven bytes", new Uint8Array(7), "expected at least 8 bytes, found 7"],
  ["text of another kind", encode("<!doctype html>"), "the header should have 8104636974849335612 bytes, but only 7"],
  ["a header longer than the file", claiming(100n, 20), "the header should have 100 bytes, but only 12"],
  ["a header of 2⁶⁴ − 1 bytes", claiming(2n ** 64n - 1n, 64), "the header should have 18446744073709551615 bytes"],
  ["a header above 100 MB", claiming(100_000_001n, 100_000_100), "more than the 100000000"],
  ["a header of no bytes", file(""), "the header must begin with {"],
  ["a space before the header", file(" {}"), "the header must begin with { (byte 8)"],
  ["a byte-order mark", file("\ufeff{}"), "the header must begin with {"],
  ["a list", file("[]"), "the header must begin with {"],
  ["another format", file("PK\u0003\u0004 nonsense"), "the header must begin with {"],
  ["a header that is cut", file('{"a":'), "a: expected { (byte 13)"],
  ["a key without quotation marks", file("{a:1}"), "a key of the header must be a text in quotation marks (byte 9)"],
  ["a text that does not end", file('{"a'), "does not end (byte 9)"],
  ["a comma too many", file(`{${a},}`, 8), "a key of the header must be a text"],
  ["a comma too few", file(`{${a} ${a}}`, 8), "the header: expected }"],
  ["a comment", file(`{/**/${a}}`, 8), "a key of the header must be a text"],
  ["something after the header", file(`{${a}} x`, 8), "only spaces may follow the header's }"],
  ["a second object", file(`{${a}}{}`, 8), "only spaces may follow the header's }"],
  ["NUL as padding", file(`{${a}}\0\0`, 8), "only spaces may follow the header's }"],
  ["NUL in a name", file(`{"a\0":{}}`), "has the control character 0 (byte 11)"],
  ["a name that is no UTF-8", file(invalidUtf8), "is no UTF-8"],
  ["an overlong NUL", file(overlong), "is no UTF-8"],
  ["half a surrogate pair", file('{"\\ud800":{}}'), "has an escape that is none"],
  ["an unknown escape", file('{"\\x41":{}}'), "has an escape that is none"],
  ["a name twice", file(`{${a},${a}}`, 8), "the header has the key a twice (byte 62)"],
  ["a name twice, once escaped", file(`{${a},"\\u0061":{}}`, 8), "the header has the key a twice"],
  ["metadata twice", file('{"__metadata__":{},"__metadata__":{}}'), "the header has the key __metadata__ twice"],
  ["a key of metadata twice", file('{"__metadata__":{"k":"1","k":"2"}}'), "__metadata__ has the key k twice"],
  ["a member twice", file('{"a":{"dtype":"F32","dtype":"F64"}}'), "a has the key dtype twice"],
  ["a number as metadata", file('{"__metadata__":{"k":1}}'), "__metadata__, which must map names to texts, at k:"],
  ["a list as metadata", file('{"__metadata__":[]}'), "__metadata__: expected {"],
  ["null as metadata", file('{"__metadata__":null}'), "__metadata__: expected {"],
  ["a number for a tensor", file('{"a":3}'), "a: expected {"],
  ["a prototype that is none", file('{"__proto__":{"dtype":"F32"}}'), "__proto__ has no shape"],
  ["no dtype", file('{"a":{"shape":[],"data_offsets":[0,0]}}'), "a has no dtype"],
  ["no offsets", file('{"a":{"dtype":"F32","shape":[]}}'), "a has no data_offsets"],
  ["an unknown member", file(`{"a":{"dtype":"F32","strides":[1]}}`), "a has the unknown key strides"],
  ["an unknown dtype", file(one('"F8_E4M3"', "[1]", "[0,1]"), 1), "a has dtype F8_E4M3, which cannot be read here"],
  ["a dtype in small letters", file(one('"f32"', "[2]", "[0,8]"), 8), "a has dtype f32"],
  ["a name of Object's as dtype", file(one('"constructor"', "[2]", "[0,8]"), 8), "a has dtype constructor"],
  ["a dtype that is no text", file(one("32", "[2]", "[0,8]"), 8), "the dtype of a must be a text"],
  ["a negative size", file(one('"F32"', "[-2]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["minus zero", file(one('"F32"', "[-0]", "[0,0]")), "the shape of a must have whole numbers"],
  ["a fraction", file(one('"F32"', "[2.0]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["an exponent", file(one('"F32"', "[2e0]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["a leading zero", file(one('"F32"', "[02]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["an infinite exponent", file(one('"F32"', "[1e999]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["a size above 2⁵³", file(one('"F32"', "[9007199254740993]", "[0,8]"), 8), "a number above 2⁵³ − 1"],
  ["a size of 400 digits", file(one('"F32"', `[${"9".repeat(400)}]`, "[0,8]"), 8), "a number above 2⁵³ − 1"],
  ["a product above 2⁵³", file(one('"F32"', "[4294967296,4294967296]", "[0,0]")), "the impossible shape"],
  ["a product that wraps to 0", file(one('"U8"', "[4294967296,4294967296,0]", "[0,0]")), "the impossible shape"],
  ["too many axes", file(one('"U8"', `[${"1,".repeat(70)}1]`, "[0,1]"), 1), "a has 71 axes, more than 64"],
  ["a nested shape", file(one('"F32"', "[[2]]", "[0,8]"), 8), "the shape of a must have whole numbers"],
  ["a shape that is none", file(one('"F32"', '"2"', "[0,8]"), 8), "the shape of a: expected ["],
  ["one offset", file(one('"F32"', "[2]", "[8]"), 8), "a has data_offsets [8]"],
  ["three offsets", file(one('"F32"', "[2]", "[0,4,8]"), 8), "a has data_offsets [0,4,8]"],
  ["backward offsets", file(one('"F32"', "[2]", "[8,0]"), 8), "a has data_offsets [8,0]"],
  ["another size", file(one('"F32"', "[3]", "[0,8]"), 8), "a (F32, [3]) takes 12 bytes, but its data_offsets span 8"],
  ["a gap before", file(one('"F32"', "[2]", "[4,12]"), 12), "the data of a should begin at 0"],
  [
    "a gap between",
    file(`{${a},"b":{"dtype":"U8","shape":[2],"data_offsets":[9,11]}}`, 11),
    "the data of b should begin at 8, but its data_offsets are 9 to 11",
  ],
  [
    "an overlap",
    file(`{${a},"b":{"dtype":"U8","shape":[8],"data_offsets":[4,12]}}`, 12),
    "the data of b should begin at 8",
  ],
  [
    "the same place twice",
    file(`{${a},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8),
    "the data of b should begin at 8",
  ],
  ["missing data", file(`{${a}}`, 4), "the data of a end at 8, but there are only 4 bytes of data"],
  ["data too many", file(`{${a}}`, 9), "expected 8 bytes of data, found 9"],
  ["data without a tensor", file("{}", 1), "expected 0 bytes of data, found 1"],
  [
    "a truth value that is neither",
    file(one('"BOOL"', "[1]", "[0,1]"), Uint8Array.of(2)),
    "a is BOOL, and its element 0, 2",
  ],
  [
    "an I64 beyond 2³¹",
    file(one('"I64"', "[1]", "[0,8]"), Uint8Array.of(0, 0, 0, 128, 0, 0, 0, 0)),
    "a is I64, and its element 0, 2147483648, is no int32",
  ],
  [
    "a U64 of 2⁶⁴ − 1",
    file(one('"U64"', "[1]", "[0,8]"), new Uint8Array(8).fill(255)),
    "a is U64, and its element 0, 18446744073709551615, is no int32",
  ],
  ["a U32 beyond 2³¹", file(one('"U32"', "[1]", "[0,4]"), new Uint8Array(4).fill(255)), "its element 0, 4294967295"],
  ["bytes that would grow fourfold", file(one('"I8"', "[1000]", "[0,1000]"), 1000), "dtype I8 has no counterpart here"],
];
