package io.winnow.experiments.interleaving;

import io.winnow.core.WinnowException;
import org.apache.commons.statistics.distribution.BinomialDistribution;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Tests whether users prefer one of two interleaved rankings, by what their choices credit to each.
 *
 * <p>Slates of one user are not independent, so the user (or whatever the unit is) is the
 * observation: all tests are paired within it.
 *
 * <ul>
 *   <li>The difference d of a unit's two credits: mean, t-interval and paired t-test (Student
 *       1908). The most powerful of the three where units are alike.
 *   <li>The preference {@code Σd / Σm}, with m the sum of the two credits: the balance of Chapelle,
 *       Joachims, Radlinski, Yue (TOIS 2012, section 3.3), weighted by outcomes instead of won
 *       queries and scaled to [-1, 1]; its interval by the delta method for a ratio of means,
 *       {@code Var = Σ(d - Rm)² / ((N - 1) N m̄²)} (Cochran: Sampling techniques, 1977, section
 *       2.11), with t quantiles; where every outcome went to one side, by the number of units that
 *       say so.
 *   <li>The sign test over the units that prefer one, without ties, by the binomial distribution:
 *       safe whatever the distribution of outcomes, as when few users give most of them.
 * </ul>
 *
 * <p>Stateless, thread-safe.
 */
public final class CreditTest {
  private CreditTest() {}

  /**
   * Tests.
   *
   * @param first what each unit's outcomes credit to the first ranking, summed over its requests;
   *     finite. Units that met the slates and did nothing count with 0
   * @param second the same for the second ranking, in the same order
   * @param confidence of the intervals, in (0, 1)
   */
  public static Preference of(double[] first, double[] second, double confidence) {
    if (first.length != second.length) {
      throw WinnowException.invalid("second", second.length, first.length + ", one a unit");
    }
    if (first.length < 2) {
      throw WinnowException.invalid("units", first.length, "at least 2");
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw WinnowException.invalid("confidence", confidence, "in (0, 1)");
    }
    int units = first.length;
    long firstWins = 0;
    long secondWins = 0;
    double sum = 0;
    double mass = 0;
    for (int u = 0; u < units; u++) {
      double d = first[u] - second[u];
      if (!Double.isFinite(d)) {
        throw WinnowException.invalid("first[" + u + "], second", d, "finite credits");
      }
      firstWins += d > 0 ? 1 : 0;
      secondWins += d < 0 ? 1 : 0;
      sum += d;
      mass += first[u] + second[u];
    }
    double difference = sum / units;
    double estimate = mass > 0 ? sum / mass : 0;
    double squares = 0;
    double ratioSquares = 0;
    for (int u = 0; u < units; u++) {
      double d = first[u] - second[u];
      squares += (d - difference) * (d - difference);
      double rest = d - estimate * (first[u] + second[u]);
      ratioSquares += rest * rest;
    }
    double error = Math.sqrt(squares / (units - 1) / units);
    double ratioError = Math.sqrt(ratioSquares * units / (units - 1)) / mass;
    TDistribution t = TDistribution.of(units - 1);
    double quantile = t.inverseSurvivalProbability((1 - confidence) / 2);
    double half = mass > 0 ? quantile * ratioError : 1;
    if (Math.abs(estimate) == 1) {
      half = unanimous(Math.max(firstWins, secondWins), confidence);
    }
    return new Preference(
        units,
        firstWins,
        secondWins,
        units - firstWins - secondWins,
        estimate,
        Math.max(-1, estimate - half),
        Math.min(1, estimate + half),
        difference,
        difference - quantile * error,
        difference + quantile * error,
        error > 0 ? 2 * t.survivalProbability(Math.abs(difference) / error) : sameP(difference),
        signP(firstWins, secondWins));
  }

  /** Units that all agree to the last bit: no doubt, unless they agree on nothing. */
  private static double sameP(double difference) {
    return difference == 0 ? 1 : 0;
  }

  /**
   * How far from 1 the preference may lie though every outcome went to one side, when the delta
   * method sees no variance: the exact interval for a share of the units (Clopper, Pearson 1934).
   */
  private static double unanimous(long wins, double confidence) {
    return 2 * (1 - Math.pow((1 - confidence) / 2, 1.0 / wins));
  }

  private static double signP(long firstWins, long secondWins) {
    int decided = Math.toIntExact(firstWins + secondWins);
    if (decided == 0) {
      return 1;
    }
    int fewer = (int) Math.min(firstWins, secondWins);
    return Math.min(1, 2 * BinomialDistribution.of(decided, 0.5).cumulativeProbability(fewer));
  }
}
