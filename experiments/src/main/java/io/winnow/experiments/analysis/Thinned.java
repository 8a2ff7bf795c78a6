package io.winnow.experiments.analysis;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Measures of concentration as they would be expected of fewer impressions, so that arms of unequal
 * traffic compare: each impression is kept with the same chance, and the mean over all such draws
 * is taken without drawing. Stateless, thread-safe.
 *
 * <p>Both measures fall with more impressions of the same policy, and no part of them tells what is
 * policy and what is chance; at equal numbers chance adds the same. For counts by item X kept of x,
 *
 * <pre>
 * E Gini = Σ_{i≠j} E|X_i − X_j| / (2·m·n),  E|X_i − X_j| = Σ_t [F_i(t)·(1 − F_j(t)) + F_j(t)·(1 − F_i(t))]
 * E distance = Σ_i E|X_i/n − target_i| / 2
 * </pre>
 *
 * with F the distributions of Binomial(x, n/Σx) and n the number that is kept in the mean. Items
 * with equal counts are one term, and a distribution is followed {@value #DEVIATIONS} standard
 * deviations far, which leaves out less than 1e-15: the work is the sum over different counts of
 * the root of each.
 */
final class Thinned {
  private static final double DEVIATIONS = 9;

  private Thinned() {}

  /**
   * Gini's coefficient of {@code kept} of the counted impressions.
   *
   * @param kept above 0; with the sum of counts, it is that of the counts themselves
   */
  static double gini(long[] counts, long kept) {
    double share = share(counts, kept);
    Map<Long, Integer> items = new HashMap<>();
    long most = 0;
    for (long count : counts) {
      items.merge(count, 1, Integer::sum);
      most = Math.max(most, count);
    }
    int length = Binomial.of(most, share).to() + 2;
    double[] below = new double[length];
    double[] own = new double[length];
    double[] passed = new double[length];
    items.forEach((count, number) -> {
      Binomial of = Binomial.of(count, share);
      double cumulative = 0;
      for (int t = of.from(); t <= of.to(); t++) {
        cumulative = Math.min(1, cumulative + of.chances()[t - of.from()]);
        below[t] += number * cumulative;
        own[t] += number * cumulative * (1 - cumulative);
      }
      passed[of.to() + 1] += number;
    });
    double sum = 0;
    double certain = 0;
    for (int t = 0; t < length; t++) {
      certain += passed[t];
      double lower = below[t] + certain;
      sum += lower * (counts.length - lower) - own[t];
    }
    return Math.max(0, sum / ((double) counts.length * kept));
  }

  /** The total variation distance of {@code kept} of the counted impressions from a target. */
  static double distance(long[] counts, long[] target, long kept) {
    double share = share(counts, kept);
    double total = Arrays.stream(target).sum();
    if (total == 0) {
      return 0;
    }
    double sum = 0;
    for (int i = 0; i < counts.length; i++) {
      Binomial of = Binomial.of(counts[i], share);
      double wanted = target[i] / total * kept;
      for (int t = of.from(); t <= of.to(); t++) {
        sum += of.chances()[t - of.from()] * Math.abs(t - wanted);
      }
    }
    return sum / (2 * kept);
  }

  private static double share(long[] counts, long kept) {
    return kept / (double) Arrays.stream(counts).sum();
  }

  /**
   * The part of a binomial distribution that matters.
   *
   * @param chances of from, from + 1, …, together 1
   */
  private record Binomial(int from, double[] chances) {
    int to() {
      return from + chances.length - 1;
    }

    static Binomial of(long count, double p) {
      if (count == 0 || p >= 1) {
        return new Binomial(Math.toIntExact(count), new double[] {1});
      }
      double n = count;
      double reach = DEVIATIONS * Math.sqrt(n * p * (1 - p)) + DEVIATIONS * DEVIATIONS;
      int from = (int) Math.max(0, Math.floor(n * p - reach));
      int to = (int) Math.min(n, Math.ceil(n * p + reach));
      double[] chances = new double[to - from + 1];
      // Outwards from the mode, where nothing is too small for a double; then made to sum to 1.
      int mode = Math.clamp((long) ((n + 1) * p), from, to);
      chances[mode - from] = 1;
      for (int t = mode; t < to; t++) {
        chances[t + 1 - from] = chances[t - from] * (n - t) / (t + 1.0) * p / (1 - p);
      }
      for (int t = mode; t > from; t--) {
        chances[t - 1 - from] = chances[t - from] * t / (n - t + 1.0) * (1 - p) / p;
      }
      double sum = Arrays.stream(chances).sum();
      for (int t = 0; t < chances.length; t++) {
        chances[t] /= sum;
      }
      return new Binomial(from, chances);
    }
  }
}
