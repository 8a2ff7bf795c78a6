package io.winnow.experiments.bandit;

import io.winnow.core.WinnowException;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Estimates arms whose shares of traffic followed the data.
 *
 * <p>The plain mean of an arm is then biased, mostly downwards: an arm that looks bad by chance
 * gets less traffic and is not corrected, one that looks good gets more and is (Nie, Tian, Taylor,
 * Zou: Why adaptively collected data have negative bias and how to correct for it, AISTATS 2018;
 * {@link #pooledMean} shows it). Here the score of a unit is {@code m + [in the arm] (y - m) / e}
 * with e the arm's share and m its mean in the periods before: unbiased whatever m (augmented
 * inverse probability weighting: Robins, Rotnitzky, Zhao 1994). {@link Weighting} says how scores
 * are averaged.
 *
 * <p>In the first period there is nothing before, and m is the period's own mean, whose expectation
 * is right as well. A unit that comes in several periods counts once in each.
 *
 * <p>An arm all of whose units have one value has not shown how much they differ: its error is
 * infinite. Of zeros and ones that much is known: {@link Values#CONVERSIONS}.
 *
 * <p>Stateless, thread-safe.
 */
public final class AdaptiveEstimates {
  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);
  private static final double ROUNDING = 1e-12;

  private AdaptiveEstimates() {}

  /** How the scores of the periods are averaged. */
  public enum Weighting {
    /**
     * Every unit alike: unbiased, and the mean over everybody who came, also when the metric
     * drifts.
     */
    UNIFORM,
    /**
     * By the square root of the share, so that each period contributes the same variance and the
     * estimate is normally distributed however the shares went (Hadad, Hirshberg, Zhan, Wager,
     * Athey: Confidence intervals for policy evaluation in adaptive experiments, PNAS 2021: the
     * adaptively weighted estimator with the constant allocation rate). For a difference of arms a
     * and b by {@code (1/e_a + 1/e_b)^-½}, the same rule for its scores. Smaller variance; the
     * weights depend on the data, which leaves a bias that is small against the interval; and under
     * drift it leans towards the periods in which the arm had more traffic.
     */
    STABILISED
  }

  /** What the values of units are. */
  public enum Values {
    /** Any numbers. */
    NUMBERS,
    /**
     * Zeros and ones. Their variance within an arm is at least p·(1 − p) with p the arm's share of
     * ones after one more of each (Agresti, Caffo, The American Statistician 54, 2000), so that an
     * arm in which nobody converted yet is not taken for one in which nobody ever will.
     */
    CONVERSIONS
  }

  /** An arm's mean with {@link Weighting#UNIFORM}. */
  public static Adaptive mean(List<Period> periods, int arm, double confidence) {
    return mean(periods, arm, Weighting.UNIFORM, confidence);
  }

  /**
   * An arm's mean.
   *
   * @param periods oldest first, at least one; the arm has units in the first
   * @param confidence of the interval, in (0, 1)
   */
  public static Adaptive mean(
      List<Period> periods, int arm, Weighting weighting, double confidence) {
    return mean(periods, arm, weighting, Values.NUMBERS, confidence);
  }

  /** An arm's mean, of values of which more is known. */
  public static Adaptive mean(
      List<Period> periods, int arm, Weighting weighting, Values values, double confidence) {
    check(periods, arm, confidence);
    double least = leastVariance(periods, arm, values);
    double[] centres = centres(periods, arm);
    double weighted = 0;
    double weights = 0;
    for (int t = 0; t < periods.size(); t++) {
      Period period = periods.get(t);
      double weight = weight(weighting, 1 / period.shares().get(arm));
      weighted += weight * Scores.of(period, arm, centres[t], least).sum();
      weights += weight * period.units();
    }
    double estimate = weighted / weights;
    double variance = 0;
    for (int t = 0; t < periods.size(); t++) {
      Period period = periods.get(t);
      double weight = weight(weighting, 1 / period.shares().get(arm));
      variance += weight * weight * Scores.of(period, arm, centres[t], least).deviations(estimate);
    }
    return adaptive(estimate, Math.sqrt(variance) / weights, confidence);
  }

  /**
   * The weight of a period's scores.
   *
   * @param variance that a score has, up to a factor that all periods share
   */
  private static double weight(Weighting weighting, double variance) {
    return switch (weighting) {
      case UNIFORM -> 1;
      case STABILISED -> 1 / Math.sqrt(variance);
    };
  }

  /** One arm's mean less another's with {@link Weighting#UNIFORM}. */
  public static Adaptive difference(
      List<Period> periods, int arm, int baseline, double confidence) {
    return difference(periods, arm, baseline, Weighting.UNIFORM, confidence);
  }

  /**
   * One arm's mean less another's.
   *
   * @param periods oldest first, at least one; both arms have units in the first
   */
  public static Adaptive difference(
      List<Period> periods, int arm, int baseline, Weighting weighting, double confidence) {
    return difference(periods, arm, baseline, weighting, Values.NUMBERS, confidence);
  }

  /** One arm's mean less another's, of values of which more is known. */
  public static Adaptive difference(
      List<Period> periods,
      int arm,
      int baseline,
      Weighting weighting,
      Values values,
      double confidence) {
    check(periods, arm, confidence);
    double least = leastVariance(periods, arm, values);
    double baselineLeast = leastVariance(periods, baseline, values);
    check(periods, baseline, confidence);
    if (arm == baseline) {
      throw WinnowException.invalid("baseline", baseline, "another arm");
    }
    double[] centres = centres(periods, arm);
    double[] baselineCentres = centres(periods, baseline);
    double weighted = 0;
    double weights = 0;
    for (int t = 0; t < periods.size(); t++) {
      Period period = periods.get(t);
      double weight = weight(weighting, variance(period, arm, baseline));
      weighted +=
          weight
              * (Scores.of(period, arm, centres[t], least).sum()
                  - Scores.of(period, baseline, baselineCentres[t], baselineLeast).sum());
      weights += weight * period.units();
    }
    double estimate = weighted / weights;
    double variance = 0;
    for (int t = 0; t < periods.size(); t++) {
      Period period = periods.get(t);
      double weight = weight(weighting, variance(period, arm, baseline));
      Scores scores = Scores.of(period, arm, centres[t], least);
      Scores others = Scores.of(period, baseline, baselineCentres[t], baselineLeast);
      // Whoever is in one arm has the other's centre as that arm's score.
      double rest = period.units() - scores.n() - others.n();
      double outside = centres[t] - baselineCentres[t] - estimate;
      variance +=
          weight
              * weight
              * (scores.insideDeviations(baselineCentres[t] + estimate)
                  + others.insideDeviations(centres[t] - estimate)
                  + rest * outside * outside);
    }
    return adaptive(estimate, Math.sqrt(variance) / weights, confidence);
  }

  /** What a value varies by at least within an arm; infinite where it has not been seen to vary. */
  private static double leastVariance(List<Period> periods, int arm, Values values) {
    ArmSums all = ArmSums.NONE;
    for (Period period : periods) {
      all = all.plus(period.arms().get(arm));
    }
    return switch (values) {
      case NUMBERS ->
          all.n() > 1 && all.deviations(all.mean()) > ROUNDING * all.sumOfSquares()
              ? 0
              : Double.POSITIVE_INFINITY;
      case CONVERSIONS -> {
        double share = (all.sum() + 1) / (all.n() + 2);
        yield share * (1 - share);
      }
    };
  }

  private static double variance(Period period, int arm, int baseline) {
    return 1 / period.shares().get(arm) + 1 / period.shares().get(baseline);
  }

  /** The mean over all units that were in an arm: biased, to be shown beside the others only. */
  public static double pooledMean(List<Period> periods, int arm) {
    ArmSums all = ArmSums.NONE;
    for (Period period : periods) {
      all = all.plus(period.arms().get(arm));
    }
    return all.mean();
  }

  /** The arm's mean before each period, shape (periods). */
  private static double[] centres(List<Period> periods, int arm) {
    double[] centres = new double[periods.size()];
    ArmSums before = periods.getFirst().arms().get(arm);
    if (before.n() == 0) {
      throw WinnowException.invalid("periods[0].arms[" + arm + "].n", 0, "at least 1");
    }
    centres[0] = before.mean();
    for (int t = 1; t < centres.length; t++) {
      centres[t] = before.mean();
      before = before.plus(periods.get(t).arms().get(arm));
    }
    return centres;
  }

  private static void check(List<Period> periods, int arm, double confidence) {
    if (periods.isEmpty()) {
      throw WinnowException.invalid("periods", "none", "at least one");
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw WinnowException.invalid("confidence", confidence, "in (0, 1)");
    }
    for (Period period : periods) {
      if (arm < 0 || arm >= period.arms().size()) {
        throw WinnowException.invalid("arm", arm, "0 to " + (period.arms().size() - 1));
      }
    }
  }

  private static Adaptive adaptive(double estimate, double known, double confidence) {
    double error = known > 0 ? known : Double.POSITIVE_INFINITY;
    double half = error * NORMAL.inverseSurvivalProbability((1 - confidence) / 2);
    double p = 2 * NORMAL.survivalProbability(Math.abs(estimate) / error);
    return new Adaptive(estimate, error, estimate - half, estimate + half, p);
  }

  /**
   * The scores of a period's units for one arm.
   *
   * @param sums the arm's
   * @param centre m
   * @param share e
   * @param least what one value varies by at least
   * @param units of all arms
   */
  private record Scores(ArmSums sums, double centre, double share, double least, long units) {
    static Scores of(Period period, int arm, double centre, double least) {
      return new Scores(
          period.arms().get(arm), centre, period.shares().get(arm), least, period.units());
    }

    long n() {
      return sums.n();
    }

    double sum() {
      return units * centre + (sums.sum() - n() * centre) / share;
    }

    /** Squared deviations of all units' scores from a number. */
    double deviations(double from) {
      double outside = centre - from;
      return insideDeviations(from) + (units - n()) * outside * outside;
    }

    /** Squared deviations of the scores of those in the arm. */
    double insideDeviations(double from) {
      double outside = centre - from;
      double residuals = sums.sum() - n() * centre;
      return n() * outside * outside
          + 2 * outside * residuals / share
          + (n() == 0 ? 0 : Math.max(n() * least, sums.deviations(centre))) / (share * share);
    }
  }
}
