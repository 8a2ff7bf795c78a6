package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.Moments.Column;
import java.util.ArrayList;
import java.util.List;

/**
 * Arms with what their units did before the experiment taken out: less noise for the same units
 * (CUPED: Deng, Xu, Kohavi, Walker, Improving the sensitivity of online controlled experiments by
 * utilizing pre-experiment data, WSDM 2013, 3.2).
 *
 * <p>Each arm's metric R is moved by what its metric P before the experiment differs from all
 * arms',
 *
 * <pre>R' = R − θ·(P − P_all),  θ = cov(R, P) / var(P)</pre>
 *
 * Assignment is random and the time before knows nothing of it, so E(P − P_all) = 0 and R' is
 * unbiased for any fixed θ. With this θ its variance is 1 − correlation² of R's. θ is one number
 * for all arms, from the covariances within arms weighted by units, so that a control's value is
 * the same in each comparison.
 *
 * <p>For ratios, R and P are linearised as in {@link Estimate#ratio}: cov and var are those of (y −
 * R·z)/z̄ and (x − P·w)/w̄ over units (Deng et al. 2013, appendix B). For means by unit they are y
 * and x.
 *
 * <p>A unit that was not there before counts with x = 0 (and w = 0 for a ratio). That is allowed,
 * since its absence was known before assignment; the difference between those who were there and
 * those who were not is then part of what θ explains, and the reduction is less than among those
 * who were.
 *
 * <p>What is left out: that θ is estimated, which adds a relative 1/(units − 3) to the variance,
 * and that P_all is, which is the same number in all arms: it cancels from differences, and adds to
 * the error of a relative lift only in second order.
 *
 * @param theta θ; 0 where the time before tells nothing
 * @param correlation of R and P over units, within arms, from −1 to 1
 * @param raw the arms as they are, in the order they were given
 * @param adjusted the arms after the adjustment, in that order
 */
public record Cuped(double theta, double correlation, List<Estimate> raw, List<Estimate> adjusted) {
  /** Copies the lists. */
  public Cuped {
    raw = List.copyOf(raw);
    adjusted = List.copyOf(adjusted);
  }

  /** Adjusts all arms of an experiment together. */
  public static Cuped of(List<Moments> arms) {
    if (arms.isEmpty()) {
      throw WinnowException.invalid("arms", "[]", "at least one");
    }
    double varianceOfMetric = 0;
    double varianceOfPre = 0;
    double covariance = 0;
    double preSum = 0;
    double preDenominatorSum = 0;
    for (Moments arm : arms) {
      preSum += arm.sum(Column.PRE_NUMERATOR);
      preDenominatorSum += arm.sum(Column.PRE_DENOMINATOR);
      if (isUsable(arm)) {
        double weight = arm.units() - 1;
        varianceOfMetric += weight * varianceOfMetric(arm);
        varianceOfPre += weight * varianceOfPre(arm);
        covariance += weight * covariance(arm);
      }
    }
    double theta = varianceOfPre > 0 ? covariance / varianceOfPre : 0;
    double correlation =
        varianceOfPre > 0 && varianceOfMetric > 0
            ? Math.clamp(covariance / Math.sqrt(varianceOfPre * varianceOfMetric), -1, 1)
            : 0;
    double preOfAll = preDenominatorSum > 0 ? preSum / preDenominatorSum : 0;
    List<Estimate> raw = new ArrayList<>();
    List<Estimate> adjusted = new ArrayList<>();
    for (Moments arm : arms) {
      Estimate before = Estimate.ratio(arm);
      raw.add(before);
      adjusted.add(adjust(arm, before, theta, preOfAll));
    }
    return new Cuped(theta, correlation, raw, adjusted);
  }

  /**
   * By what share the variance became less over all arms, 1 − Σ var(R')/Σ var(R); 0 where either is
   * unknown. Near correlation².
   */
  public double varianceReduction() {
    double before = raw.stream().mapToDouble(Estimate::variance).sum();
    double after = adjusted.stream().mapToDouble(Estimate::variance).sum();
    return before > 0 && before < Double.POSITIVE_INFINITY ? 1 - after / before : 0;
  }

  private static Estimate adjust(Moments arm, Estimate raw, double theta, double preOfAll) {
    if (theta == 0 || !isUsable(arm)) {
      return raw;
    }
    double variance =
        varianceOfMetric(arm) - 2 * theta * covariance(arm) + theta * theta * varianceOfPre(arm);
    return new Estimate(
        raw.value() - theta * (pre(arm) - preOfAll),
        Math.sqrt(Math.max(0, variance) / arm.units()),
        arm.units());
  }

  private static boolean isUsable(Moments arm) {
    return arm.units() >= 2
        && arm.mean(Column.DENOMINATOR) > 0
        && arm.mean(Column.PRE_DENOMINATOR) > 0;
  }

  private static double metric(Moments arm) {
    return arm.mean(Column.NUMERATOR) / arm.mean(Column.DENOMINATOR);
  }

  private static double pre(Moments arm) {
    return arm.mean(Column.PRE_NUMERATOR) / arm.mean(Column.PRE_DENOMINATOR);
  }

  private static double varianceOfMetric(Moments arm) {
    double scale = arm.mean(Column.DENOMINATOR);
    double ratio = metric(arm);
    return arm.covarianceOfResiduals(false, ratio, false, ratio) / (scale * scale);
  }

  private static double varianceOfPre(Moments arm) {
    double scale = arm.mean(Column.PRE_DENOMINATOR);
    double ratio = pre(arm);
    return arm.covarianceOfResiduals(true, ratio, true, ratio) / (scale * scale);
  }

  private static double covariance(Moments arm) {
    return arm.covarianceOfResiduals(false, metric(arm), true, pre(arm))
        / (arm.mean(Column.DENOMINATOR) * arm.mean(Column.PRE_DENOMINATOR));
  }
}
