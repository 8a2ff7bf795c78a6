package io.winnow.experiments.bandit;

import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.commons.statistics.distribution.BetaDistribution;
import org.apache.commons.statistics.distribution.ContinuousDistribution;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Gives each arm of an experiment the probability that it is the best one (Thompson: On the
 * likelihood that one unknown probability exceeds another in view of the evidence of two samples,
 * 1933; in periods: Scott: A modern Bayesian look at the multi-armed bandit, 2010).
 *
 * <p>Shares are set once a period from the sums of all periods before and hold for the whole
 * period, so the probability by which a unit got its arm is known, and the estimates of {@link
 * AdaptiveEstimates} are possible. A floor keeps every arm's share away from 0, without which an
 * arm that began unluckily is never heard again and nothing can be said of it.
 *
 * <p>{@code Pr(a is best) = E Π F_b(X_a)} over the posterior of a, with F the others' distribution
 * functions, is the mean over {@value #POINTS} equally likely values of X_a. An integrand between 0
 * and 1 that only rises with X_a is so within 1/{@value #POINTS} of the truth. Nothing is drawn, so
 * the same sums give the same shares on every server.
 *
 * <p>Stateless, thread-safe.
 */
public final class ThompsonSampling {
  private static final int POINTS = 1_000;

  /** As if so many units had shown that each arm has the arms' common variance. */
  private static final double PRIOR_UNITS = 2;

  private ThompsonSampling() {}

  /**
   * The share of traffic for each arm in the next period. Equal shares where nothing can be said:
   * if an arm of {@link Likelihood#NORMAL} has fewer than two units, or no value differs from its
   * arm's mean.
   *
   * @param arms at least 2, from all periods so far; larger is better
   * @param floor the least share of an arm, 0 to 1 / arms
   * @return in the order of the arms; each at least the floor, together 1
   */
  public static List<Double> shares(List<ArmSums> arms, Likelihood likelihood, double floor) {
    if (arms.size() < 2) {
      throw WinnowException.invalid("arms", arms.size(), ">= 2");
    }
    if (!(floor >= 0 && floor * arms.size() <= 1)) {
      throw WinnowException.invalid("floor", floor, "0 to 1 / " + arms.size() + " arms");
    }
    List<ContinuousDistribution> posteriors =
        switch (likelihood) {
          case NORMAL -> normal(arms);
          case BERNOULLI -> beta(arms);
        };
    if (posteriors.isEmpty()) {
      return Collections.nCopies(arms.size(), 1.0 / arms.size());
    }
    double[] best = probabilityOfBest(posteriors);
    double above = 1 - floor * arms.size();
    return Arrays.stream(best).mapToObj(p -> floor + above * p).toList();
  }

  private static List<ContinuousDistribution> normal(List<ArmSums> arms) {
    double squares = 0;
    double freedom = 0;
    for (ArmSums arm : arms) {
      if (arm.n() < 2) {
        return List.of();
      }
      squares += arm.deviations(arm.mean());
      freedom += arm.n() - 1;
    }
    double common = squares / freedom;
    if (common == 0) {
      return List.of();
    }
    List<ContinuousDistribution> posteriors = new ArrayList<>();
    for (ArmSums arm : arms) {
      double variance =
          (arm.deviations(arm.mean()) + PRIOR_UNITS * common) / (arm.n() - 1 + PRIOR_UNITS);
      posteriors.add(NormalDistribution.of(arm.mean(), Math.sqrt(variance / arm.n())));
    }
    return posteriors;
  }

  private static List<ContinuousDistribution> beta(List<ArmSums> arms) {
    List<ContinuousDistribution> posteriors = new ArrayList<>();
    for (ArmSums arm : arms) {
      if (!(arm.sum() >= 0 && arm.sum() <= arm.n())) {
        throw WinnowException.invalid("sum", arm.sum(), "0 to n = " + arm.n() + " conversions");
      }
      posteriors.add(BetaDistribution.of(1 + arm.sum(), 1 + arm.n() - arm.sum()));
    }
    return posteriors;
  }

  private static double[] probabilityOfBest(List<ContinuousDistribution> posteriors) {
    double[] best = new double[posteriors.size()];
    for (int a = 0; a < best.length; a++) {
      for (int i = 0; i < POINTS; i++) {
        double x = posteriors.get(a).inverseCumulativeProbability((i + 0.5) / POINTS);
        double below = 1;
        for (int b = 0; b < best.length; b++) {
          below *= b == a ? 1 : posteriors.get(b).cumulativeProbability(x);
        }
        best[a] += below;
      }
    }
    double total = Arrays.stream(best).sum();
    return Arrays.stream(best).map(sum -> sum / total).toArray();
  }
}
