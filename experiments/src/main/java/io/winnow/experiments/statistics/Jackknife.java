package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The standard error of any statistic, from what it becomes when a group of units is left out:
 * delete-a-group jackknife (Kott, The delete-a-group jackknife, Journal of Official Statistics 17,
 * 2001; Wolter, Introduction to Variance Estimation, 2nd edition, 4.2).
 *
 * <p>Groups are random and of about equal size: buckets of a hash of the unit's id. With G groups
 * the error has G − 1 degrees of freedom; some 20 to 100 groups do. For smooth statistics (shares,
 * Gini, distances, coverage at a common number of draws), not for a median or a maximum.
 */
public final class Jackknife {
  private Jackknife() {}

  /**
   * √((G − 1)/G·Σ_g (θ_(−g) − mean of θ_(−g))²).
   *
   * @param whole the statistic of all groups
   * @param withoutGroup the statistic without each group; fewer than two leave the error infinite
   * @return with the groups as its units
   */
  public static Estimate estimate(double whole, double[] withoutGroup) {
    int groups = withoutGroup.length;
    if (groups < 2) {
      return new Estimate(whole, Double.POSITIVE_INFINITY, groups);
    }
    double mean = 0;
    for (double value : withoutGroup) {
      mean += value / groups;
    }
    double squares = 0;
    for (double value : withoutGroup) {
      squares += (value - mean) * (value - mean);
    }
    return new Estimate(whole, Math.sqrt(squares * (groups - 1) / groups), groups);
  }

  /**
   * A statistic of counts, such as impressions by item, that are kept by group of units.
   *
   * @param countsByGroup arrays of equal length, one for each group; not changed
   * @param statistic of the sums over groups; must not keep or change the array that it is given
   */
  public static Estimate ofCounts(List<long[]> countsByGroup, ToDoubleFunction<long[]> statistic) {
    if (countsByGroup.isEmpty()) {
      return Estimate.undefined();
    }
    int length = countsByGroup.getFirst().length;
    long[] sums = new long[length];
    for (int group = 0; group < countsByGroup.size(); group++) {
      long[] counts = countsByGroup.get(group);
      if (counts.length != length) {
        throw WinnowException.invalid(
            "countsByGroup[" + group + "].length", counts.length, String.valueOf(length));
      }
      for (int i = 0; i < length; i++) {
        sums[i] += counts[i];
      }
    }
    double whole = statistic.applyAsDouble(sums);
    double[] without = new double[countsByGroup.size()];
    for (int group = 0; group < without.length; group++) {
      long[] counts = countsByGroup.get(group);
      for (int i = 0; i < length; i++) {
        sums[i] -= counts[i];
      }
      without[group] = statistic.applyAsDouble(sums);
      for (int i = 0; i < length; i++) {
        sums[i] += counts[i];
      }
    }
    return estimate(whole, without);
  }
}
