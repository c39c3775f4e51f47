// Arithmetic on literal sizes in the type system: 64 × 784 is the type 50176.
//
// Why: `reshape`, `flatten` and `concat` make sizes that no argument spells out. Sizes are handled as decimal
// strings, digit by digit as on paper, so a product costs a few hundred type instantiations whatever the sizes are;
// nothing recurses over a size. A size that is not one literal (`number`, a fraction, 1e21) makes the result
// `number`.
//
// Inside this file a "numeral" is a string of digits with the least significant digit first, as carries travel.

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** A digit as a tuple of that length: the compiler adds by spreading and compares by matching. */
interface Unary {
  readonly "0": readonly [];
  readonly "1": readonly [0];
  readonly "2": readonly [0, 0];
  readonly "3": readonly [0, 0, 0];
  readonly "4": readonly [0, 0, 0, 0];
  readonly "5": readonly [0, 0, 0, 0, 0];
  readonly "6": readonly [0, 0, 0, 0, 0, 0];
  readonly "7": readonly [0, 0, 0, 0, 0, 0, 0];
  readonly "8": readonly [0, 0, 0, 0, 0, 0, 0, 0];
  readonly "9": readonly [0, 0, 0, 0, 0, 0, 0, 0, 0];
}

type Ten = readonly [...Unary["9"], 0];
type Bit = readonly [] | readonly [0];
type Length<T extends readonly 0[]> = T["length"];

type Reverse<T extends string, Out extends string = ""> = T extends `${infer D}${infer Rest}`
  ? Reverse<Rest, `${D}${Out}`>
  : Out;

/** Drops the zeros that lead a number written the usual way round. */
type TrimZeros<T extends string> = T extends `0${infer Rest}` ? (Rest extends "" ? "0" : TrimZeros<Rest>) : T;

type Parse<T extends string> = T extends `${infer N extends number}` ? N : number;

/** Whether every one of the sizes is a literal that is written with digits alone. */
type AreLiteral<Sizes extends number> = number extends Sizes
  ? false
  : [Extract<`${Sizes}`, `${string}${"-" | "." | "e" | "I" | "N"}${string}`>] extends [never]
    ? true
    : false;

/** x + y for numerals, with a carry. */
type Sum<
  X extends string,
  Y extends string,
  Carry extends Bit = readonly [],
  Out extends string = "",
> = X extends `${infer A extends Digit}${infer XRest}`
  ? Y extends `${infer B extends Digit}${infer YRest}`
    ? readonly [...Unary[A], ...Unary[B], ...Carry] extends infer Column extends readonly 0[]
      ? Column extends readonly [...Ten, ...infer Over extends readonly 0[]]
        ? Sum<XRest, YRest, readonly [0], `${Out}${Length<Over>}`>
        : Sum<XRest, YRest, readonly [], `${Out}${Length<Column>}`>
      : never
    : Carry extends readonly []
      ? `${Out}${X}`
      : Sum<X, "1", readonly [], Out>
  : Y extends ""
    ? `${Out}${Carry extends readonly [] ? "" : "1"}`
    : Sum<Y, X, Carry, Out>;

/** x - y for numerals, with a borrow; `never` where the difference is negative. */
type Difference<
  X extends string,
  Y extends string,
  Borrow extends Bit = readonly [],
  Out extends string = "",
> = Y extends `${infer B extends Digit}${infer YRest}`
  ? X extends `${infer A extends Digit}${infer XRest}`
    ? Unary[A] extends readonly [...Unary[B], ...Borrow, ...infer Rest extends readonly 0[]]
      ? Difference<XRest, YRest, readonly [], `${Out}${Length<Rest>}`>
      : readonly [...Unary[A], ...Ten] extends readonly [...Unary[B], ...Borrow, ...infer Rest extends readonly 0[]]
        ? Difference<XRest, YRest, readonly [0], `${Out}${Length<Rest>}`>
        : never
    : never
  : Borrow extends readonly []
    ? `${Out}${X}`
    : Difference<X, "1", readonly [], Out>;

/** sum + x · count, `count` in unary. */
type AddTimes<Total extends string, X extends string, Count extends readonly 0[]> = Count extends readonly [
  0,
  ...infer Rest extends readonly 0[],
]
  ? Sum<Total, X> extends infer Next extends string
    ? AddTimes<Next, X, Rest>
    : never
  : Total;

/** x · y by Horner's rule over the digits of y, most significant first: total ← 10 · total + x · digit. */
type Times<
  X extends string,
  Y extends string,
  Total extends string = "",
> = Y extends `${infer D extends Digit}${infer Rest}`
  ? AddTimes<`0${Total}`, X, Unary[D]> extends infer Next extends string
    ? Times<X, Rest, Next>
    : never
  : Total;

/** How often y goes into x, and what remains: `[times, rest]`. */
type Subtractions<X extends string, Y extends string, Count extends readonly 0[] = readonly []> = [
  Difference<X, Y>,
] extends [never]
  ? readonly [Count["length"], X]
  : Subtractions<Difference<X, Y>, Y, readonly [...Count, 0]>;

/** Long division of x, most significant digit first, by the numeral y: `[quotient, rest]`, the rest "0" or "" where none is left. */
type LongDivision<
  X extends string,
  Y extends string,
  Rest extends string = "",
  Out extends string = "",
> = X extends `${infer D}${infer More}`
  ? Subtractions<`${D}${Rest}`, Y> extends readonly [infer Times extends number, infer Left extends string]
    ? LongDivision<More, Y, Left, `${Out}${Times}`>
    : never
  : readonly [TrimZeros<Out>, TrimZeros<Rest>];

/** `Add<2, 3>` is `5`; `number` where a size is unknown. */
export type Add<A extends number, B extends number> =
  AreLiteral<A | B> extends true
    ? Sum<Reverse<`${A}`>, Reverse<`${B}`>> extends infer Total extends string
      ? Parse<Reverse<Total>>
      : never
    : number;

/** `Subtract<5, 3>` is `2`; `never` where the difference is negative, `number` where a size is unknown. */
export type Subtract<A extends number, B extends number> =
  AreLiteral<A | B> extends true
    ? B extends 0
      ? A
      : Difference<Reverse<`${A}`>, Reverse<`${B}`>> extends infer Rest extends string
        ? [Rest] extends [never]
          ? never
          : Parse<TrimZeros<Reverse<Rest>>>
        : never
    : number;

/** `Multiply<64, 784>` is `50176`; `number` where a size is unknown. */
export type Multiply<A extends number, B extends number> =
  AreLiteral<A | B> extends true ? Parse<TrimZeros<Reverse<Times<Reverse<`${A}`>, `${B}`>>>> : number;

/**
 * `Divide<50176, 784>` is `64`; `never` where something remains, `number` where a size is unknown or the divisor is
 * 0.
 */
export type Divide<A extends number, B extends number> =
  AreLiteral<A | B> extends true
    ? B extends 0
      ? number
      : LongDivision<`${A}`, Reverse<`${B}`>> extends readonly [infer Q extends string, "0" | ""]
        ? Parse<Q>
        : never
    : number;

/** `FloorDivide<7, 2>` is `3`; `number` where a size is unknown or the divisor is 0. */
export type FloorDivide<A extends number, B extends number> =
  AreLiteral<A | B> extends true
    ? B extends 0
      ? number
      : LongDivision<`${A}`, Reverse<`${B}`>> extends readonly [infer Q extends string, string]
        ? Parse<Q>
        : never
    : number;

/**
 * The number of values in a tensor of these sizes: `Product<readonly [2, 3, 4]>` is `24`, `Product<readonly []>` is
 * `1`.
 */
export type Product<S extends readonly number[], Total extends number = 1> = number extends S["length"] | Total
  ? number
  : S extends readonly [infer D extends number, ...infer Rest extends readonly number[]]
    ? Product<Rest, Total extends 1 ? D : Multiply<Total, D>>
    : Total;
