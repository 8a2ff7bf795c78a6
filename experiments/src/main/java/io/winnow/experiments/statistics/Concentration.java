package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.Arrays;
import org.apache.commons.numbers.gamma.LogGamma;

/**
 * How exposure is spread over items: functions of counts by item, such as impressions. Each count
 * is >= 0. An item that was never shown counts with 0; whether it is in the array is the caller's
 * choice of catalogue, and changes {@link #gini}.
 *
 * <p>For an interval, keep counts by group of users and use {@link Jackknife#ofCounts}.
 */
public final class Concentration {
  /** Up to this count the product of {@link #expectedDistinct} is taken factor by factor. */
  private static final long FACTORS_MAX = 64;

  private Concentration() {}

  /**
   * Gini's coefficient: 0 where all items have the same count, 1 − 1/items where one has all,
   *
   * <pre>G = Σ_i (2i − m − 1)·x_(i) / (m·Σ x)</pre>
   *
   * with x sorted ascending, i from 1 (Dixon, Weiner, Mitchell-Olds, Woodley, Bootstrapping the
   * Gini coefficient of inequality, Ecology 68, 1987). 0 without any count. It falls with more
   * impressions of the same policy, since rare items are shown at last: compare arms of like
   * traffic.
   */
  public static double gini(long[] counts) {
    double total = total(counts);
    if (total == 0) {
      return 0;
    }
    long[] sorted = counts.clone();
    Arrays.sort(sorted);
    double items = sorted.length;
    double sum = 0;
    for (int i = 0; i < sorted.length; i++) {
      sum += (2.0 * (i + 1) - items - 1) * sorted[i];
    }
    return sum / (items * total);
  }

  /** How many items have a count above zero. */
  public static long distinct(long[] counts) {
    total(counts);
    return Arrays.stream(counts).filter(count -> count > 0).count();
  }

  /**
   * How many items one would expect among a number of impressions drawn at random from all, so that
   * arms of unequal traffic compare (rarefaction: Hurlbert, The nonconcept of species diversity,
   * Ecology 52, 1971, (13)),
   *
   * <pre>E = Σ_i (1 − C(N − x_i, n) / C(N, n))</pre>
   *
   * with N the sum of counts: the chance that an item is missed is hypergeometric.
   *
   * @param draws n, from 0 to the sum of counts; the same for all arms that are compared (and for
   *     each group left out: choose it below the least of those sums)
   */
  public static double expectedDistinct(long[] counts, long draws) {
    double total = total(counts);
    if (draws < 0 || draws > total) {
      throw WinnowException.invalid("draws", draws, "0 to the sum of counts " + (long) total);
    }
    double expected = 0;
    for (long count : counts) {
      expected += 1 - missed(total, count, draws);
    }
    return expected;
  }

  /** C(N − x, n)/C(N, n) = Π_{j<x} (N − n − j)/(N − j). */
  private static double missed(double total, long count, long draws) {
    if (total - count < draws) {
      return 0;
    }
    if (count <= FACTORS_MAX) {
      double product = 1;
      for (long j = 0; j < count; j++) {
        product *= (total - draws - j) / (total - j);
      }
      return product;
    }
    return Math.exp(
        LogGamma.value(total - count + 1)
            - LogGamma.value(total - count - draws + 1)
            - LogGamma.value(total + 1)
            + LogGamma.value(total - draws + 1));
  }

  /**
   * The total variation distance of two distributions, half the sum of the differences of shares: 0
   * where they are the same, 1 where they share nothing. Such as exposure by creator against merit
   * by creator. 0 where either is empty. Two samples of one distribution lie some way apart by
   * chance.
   *
   * @param one counts by group
   * @param other counts of the same groups in the same order
   */
  public static double totalVariation(long[] one, long[] other) {
    if (one.length != other.length) {
      throw WinnowException.invalid("other.length", other.length, String.valueOf(one.length));
    }
    double oneTotal = total(one);
    double otherTotal = total(other);
    if (oneTotal == 0 || otherTotal == 0) {
      return 0;
    }
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += Math.abs(one[i] / oneTotal - other[i] / otherTotal);
    }
    return sum / 2;
  }

  private static double total(long[] counts) {
    double total = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] < 0) {
        throw WinnowException.invalid("counts[" + i + "]", counts[i], ">= 0");
      }
      total += counts[i];
    }
    return total;
  }
}
