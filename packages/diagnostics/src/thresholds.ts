// Every number that decides whether something is a finding, in one table, each with its reason.

/** A bound, and where it comes from. */
export interface Threshold {
  /** The bound itself. */
  readonly value: number;
  /** What is compared with it. */
  readonly meaning: string;
  /** The paper, the lecture or the reckoning behind it. */
  readonly source: string;
}

/** The names of the thresholds. */
export type ThresholdName =
  | "flatValue"
  | "saturated"
  | "dead"
  | "deadValues"
  | "growth"
  | "decay"
  | "vanishing"
  | "exploding"
  | "update"
  | "largeUpdate"
  | "hugeUpdate"
  | "smallUpdate"
  | "driftMean"
  | "driftVariance"
  | "driftSteps";

/**
 * All thresholds.
 * @example thresholds.saturated.value; // 0.6
 */
export const thresholds: Readonly<Record<ThresholdName, Threshold>> = {
  flatValue: {
    value: 0.97,
    meaning:
      "|tanh| above which an output counts as flat, and for a sigmoid |2y − 1|: the slope is below 6 % of its greatest",
    source: "A. Karpathy, “Building makemore, part 3: activations & gradients, BatchNorm”, 2022",
  },
  saturated: {
    value: 0.6,
    meaning: "share of flat outputs in a hidden layer",
    source:
      "X. Glorot, Y. Bengio, “Understanding the difficulty of training deep feedforward neural networks”, AISTATS 2010, figures 2 and 3; " +
      "well-initialized layers stay below a tenth, trained ones below a half",
  },
  dead: {
    value: 0.7,
    meaning: "share of a layer's relus that were 0 for everything looked at, and more than chance allows",
    source:
      "A. Karpathy, CS231n notes: a large learning rate may leave 40 % of a network dead; plain deep nets have up to half of their units " +
      "off for all inputs from the start (K. He et al., “Delving deep into rectifiers”, ICCV 2015: half of all responses are 0), so more is asked for",
  },
  deadValues: {
    value: 32,
    meaning: "values that must have been looked at before a unit is called dead",
    source: "a unit that fires once in ten is then missed in 3 % of cases (0.9³²)",
  },
  growth: {
    value: 100,
    meaning: "growth of √(mean of x²) from one layer's input to a later one's, normalizations apart",
    source: "He et al. 2015 and Glorot & Bengio 2010 ask for 1; two decades are left to training",
  },
  decay: {
    value: 1e-3,
    meaning: "the same, where the signal fades",
    source:
      "He et al. 2015, section 2.2: a wrong factor at each layer reduces the signal exponentially; sigmoid nets keep 0.5",
  },
  vanishing: {
    value: 1e-3,
    meaning: "norm of a weight's gradient as a share of the last layer's",
    source: "a sigmoid's slope is at most ¼: (¼)⁵ ≈ 10⁻³ is what five of them leave (Glorot & Bengio 2010, figure 7)",
  },
  exploding: {
    value: 1e3,
    meaning: "the same, where it is larger than the last layer's",
    source: "the mirror image; R. Pascanu et al., “On the difficulty of training recurrent neural networks”, ICML 2013",
  },
  update: {
    value: 1e-3,
    meaning: "‖Δw‖ / ‖w‖ of a step as it should be, roughly",
    source: "A. Karpathy, CS231n notes, “Ratio of weights:updates”, and makemore, part 3",
  },
  largeUpdate: {
    value: 0.1,
    meaning: "‖Δw‖ / ‖w‖, median over the layers, that is too much if it stays or the loss gets out of hand",
    source: "two decades above 10⁻³; Adam's first steps reach 0.03",
  },
  hugeUpdate: {
    value: 1,
    meaning: "‖Δw‖ / ‖w‖, median over the layers, that is too much at once: the step is longer than the weights",
    source: "three decades above 10⁻³",
  },
  smallUpdate: {
    value: 1e-5,
    meaning: "‖Δw‖ / ‖w‖ of the fastest layer that is too little if it never was more",
    source: "two decades below 10⁻³",
  },
  driftMean: {
    value: 1,
    meaning: "|μ_batch − μ_running| / σ_batch, mean over the features",
    source: "one standard deviation; between two batches of n rows it is about 1/√n (S. Ioffe, C. Szegedy, ICML 2015)",
  },
  driftVariance: {
    value: Math.log(4),
    meaning: "|ln(σ²_batch / σ²_running)|, mean over the features",
    source: "a standard deviation twice or half as large",
  },
  driftSteps: {
    value: 5,
    meaning: "steps, in units of 1/(1 − momentum), before drift is judged: less of the start is left than 1 %",
    source: "e⁻⁵ = 0.7 %",
  },
};
