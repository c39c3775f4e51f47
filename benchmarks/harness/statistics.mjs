// Order statistics of a few hundred times. The median is what is compared, the 10th percentile what a quiet machine gives.

/** The `share`-quantile (0…1) of the values, the nearest rank; NaN of nothing. */
export const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};

export const median = (values) => quantile(values, 0.5);

/** What a row says about its times, in milliseconds; the mean, unlike the median, contains the garbage collections. */
export const summarize = (times) => ({
  medianMs: round(median(times)),
  p10Ms: round(quantile(times, 0.1)),
  p90Ms: round(quantile(times, 0.9)),
  meanMs: round(times.reduce((sum, time) => sum + time, 0) / times.length),
  minMs: round(times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)),
  samples: times.length,
});

/** Four significant digits: more would be noise. */
export const round = (value) => Number(value.toPrecision(4));
