package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.Moments.Column;

/**
 * A number computed from independent units, with its standard error; mostly a metric of one arm.
 *
 * <p>Where units are too few to say anything, the standard error is infinite and no interval is
 * narrower than {@link Interval#EVERYTHING}. No method returns NaN.
 *
 * @param value finite; 0 where it is not {@link #isDefined() defined}
 * @param standardError >= 0, or infinite
 * @param units how many independent units it comes from; 0 where it is not defined
 */
public record Estimate(double value, double standardError, long units) {
  /** Checks the numbers. */
  public Estimate {
    if (!Double.isFinite(value)) {
      throw WinnowException.invalid("value", value, "a finite number");
    }
    if (!(standardError >= 0)) {
      throw WinnowException.invalid("standardError", standardError, ">= 0");
    }
    if (units < 0) {
      throw WinnowException.invalid("units", units, ">= 0");
    }
  }

  /** An estimate that no unit says anything about. */
  public static Estimate undefined() {
    return new Estimate(0, Double.POSITIVE_INFINITY, 0);
  }

  /**
   * The ratio of two sums over units, such as clicks per slate; a mean by unit where each
   * denominator is 1.
   *
   * <p>R = ȳ/z̄ with the variance of the linearised ratio,
   *
   * <pre>var(R) = (var(y) − 2·R·cov(y, z) + R²·var(z)) / (n·z̄²)</pre>
   *
   * over units, since units and not slates were assigned (Cochran, Sampling Techniques, 3rd
   * edition, 2.11 and 6.4; as 'delta method': Deng, Knoblich, Lu, Applying the Delta Method in
   * Metric Analytics, KDD 2018, section 3). With z = 1 that is var(y)/n exactly.
   *
   * <p>Undefined without a denominator above zero; an infinite standard error with fewer than two
   * units.
   */
  public static Estimate ratio(Moments moments) {
    double denominator = moments.mean(Column.DENOMINATOR);
    if (!(denominator > 0)) {
      return undefined();
    }
    double ratio = moments.mean(Column.NUMERATOR) / denominator;
    if (moments.units() < 2) {
      return new Estimate(ratio, Double.POSITIVE_INFINITY, moments.units());
    }
    double variance = moments.covarianceOfResiduals(false, ratio, false, ratio);
    double standardError = Math.sqrt(Math.max(0, variance) / moments.units()) / denominator;
    return new Estimate(ratio, standardError, moments.units());
  }

  /**
   * The share of units that converted: moments of zeros and ones, with denominators 1.
   *
   * <p>The value is the share; its standard error is √(p̃·(1 − p̃)/(n − 1)), where p̃ = (successes
   * + 1)/(n + 2) is the share with one more success and one more failure (Agresti, Caffo, Simple
   * and effective confidence intervals for proportions and differences of proportions, The American
   * Statistician 54, 2000, who move the centre of the interval there as well). So it is not zero
   * where nobody or everybody converted, as it is for {@link #ratio}, and otherwise just above
   * that.
   */
  public static Estimate conversion(Moments moments) {
    long units = moments.units();
    if (units == 0) {
      return undefined();
    }
    double share = moments.mean(Column.NUMERATOR);
    if (!(share >= 0 && share <= 1)) {
      throw WinnowException.invalid("share", share, "0 to 1: moments of zeros and ones");
    }
    if (units < 2) {
      return new Estimate(share, Double.POSITIVE_INFINITY, units);
    }
    double shrunk = (share * units + 1) / (units + 2);
    return new Estimate(share, Math.sqrt(shrunk * (1 - shrunk) / (units - 1)), units);
  }

  /** Whether there was any data to compute a value from. */
  public boolean isDefined() {
    return units > 0;
  }

  /** The square of the standard error. */
  public double variance() {
    return standardError * standardError;
  }

  /** The two-sided interval of one arm at a level such as .05, by Student's t with units − 1. */
  public Interval interval(double alpha) {
    if (units < 2 || Double.isInfinite(standardError)) {
      return Interval.EVERYTHING;
    }
    double critical = Student.critical(Normal.twoSidedCritical(alpha), units - 1.0);
    return Interval.around(value, critical * standardError);
  }
}
