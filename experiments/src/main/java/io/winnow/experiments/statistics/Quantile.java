package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.Arrays;
import java.util.List;

/** A quantile over events, where whole units with all their events were sampled. */
public final class Quantile {
  private static final double Z = Normal.twoSidedCritical(0.05);

  private Quantile() {}

  /**
   * The quantile with its standard error. Its value x is the event of rank ⌈nq⌉. The share of
   * events at or below x is a ratio over units, with the standard error σ of {@link
   * Estimate#ratio}; the events at ranks n·(q ± 1.96·σ) are the ends of a 95 % interval, and the
   * standard error is its width over 2·1.96 (Deng, Knoblich, Lu, KDD 2018, section 4: the outer
   * interval with the cluster variance; Woodruff, Confidence intervals for medians and other
   * position measures, JASA 47, 1952). No density has to be estimated.
   *
   * <p>σ is not taken below √(q(1 − q)/n), that of independent events: events of one unit are alike
   * or independent, and at the edge of a sample no variation may be seen.
   *
   * <p>Infinite standard error with fewer than two units, and where a rank would lie outside the
   * sample: a quantile so far out needs more events. Sorts: O(n log n) for n events.
   *
   * @param quantile above 0 and below 1
   * @param valuesByUnit the finite values of each unit's events; a unit may have none
   */
  public static Estimate estimate(double quantile, List<double[]> valuesByUnit) {
    if (!(quantile > 0 && quantile < 1)) {
      throw WinnowException.invalid("quantile", quantile, "above 0 and below 1");
    }
    double[] sorted = valuesByUnit.stream().flatMapToDouble(Arrays::stream).toArray();
    Arrays.sort(sorted);
    int events = sorted.length;
    if (events == 0) {
      return Estimate.undefined();
    }
    if (!Double.isFinite(sorted[0]) || !Double.isFinite(sorted[events - 1])) {
      throw WinnowException.invalid("valuesByUnit", "not finite", "finite numbers");
    }
    double value = atRank(sorted, Math.ceil(events * quantile));
    UnitMoments moments = new UnitMoments();
    for (double[] values : valuesByUnit) {
      long below = Arrays.stream(values).filter(v -> v <= value).count();
      moments.add(UnitTotals.ratio((double) below, values.length));
    }
    double shareError =
        Math.max(
            Estimate.ratio(moments.snapshot()).standardError(),
            Math.sqrt(quantile * (1 - quantile) / events));
    double low = Math.floor(events * (quantile - Z * shareError));
    double high = Math.ceil(events * (quantile + Z * shareError));
    // Also where the share's error is infinite.
    double standardError =
        low >= 1 && high <= events
            ? (atRank(sorted, high) - atRank(sorted, low)) / (2 * Z)
            : Double.POSITIVE_INFINITY;
    return new Estimate(value, standardError, valuesByUnit.size());
  }

  private static double atRank(double[] sorted, double rank) {
    return sorted[(int) Math.clamp(rank, 1, sorted.length) - 1];
  }
}
