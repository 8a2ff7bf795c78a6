package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import org.apache.commons.numbers.gamma.LogGamma;

/**
 * Bounds of a rate that hold at any time: however often one looks at growing counts, and whenever
 * one stops, the chance that the true rate ever lies outside is at most alpha for each bound.
 *
 * <p>With k of n and a prior Beta(a, b), the ratio of the mixture's likelihood to that of a rate p,
 *
 * <pre>Λ_n(p) = B(k + a, n − k + b) / (B(a, b)·p^k·(1 − p)^(n − k))</pre>
 *
 * is a martingale with mean 1 if p is the truth, so by Ville's inequality it ever reaches 1/alpha
 * with at most that probability; the rates for which it has not are the confidence sequence
 * (Robbins, Statistical methods related to the law of the iterated logarithm, 1970; Howard, Ramdas,
 * McAuliffe, Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals of
 * Statistics 49, 2021). Nothing is asymptotic: it holds from the first request on. The prior is a =
 * b = 1/2; any choice is valid, this one is narrow for rates near zero and near one.
 *
 * <p>What is assumed: requests fail independently at one rate. Failures that come in bursts break
 * that; they are compared with the champion's over the same time, and thresholds leave room.
 */
public final class RateBounds {
  private static final double PRIOR = 0.5;

  private RateBounds() {}

  /**
   * The lowest rate that has not been excluded; 0 without failures.
   *
   * @param k how many of {@code n}
   * @param alpha the chance that this bound ever lies above the truth, in (0, 1)
   */
  public static double lower(long k, long n, double alpha) {
    check(k, n, alpha);
    if (k == 0) {
      return 0;
    }
    double low = 0;
    double high = (double) k / n;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (logRatio(k, n, middle) >= -Math.log(alpha)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The highest rate that has not been excluded; 1 without requests. See {@link #lower}. */
  public static double upper(long k, long n, double alpha) {
    return 1 - lower(n - k, n, alpha);
  }

  private static double logRatio(long k, long n, double p) {
    if (p <= 0) {
      return Double.POSITIVE_INFINITY;
    }
    return logBeta(k + PRIOR, n - k + PRIOR)
        - logBeta(PRIOR, PRIOR)
        - k * Math.log(p)
        - (n - k) * Math.log1p(-p);
  }

  private static double logBeta(double a, double b) {
    return LogGamma.value(a) + LogGamma.value(b) - LogGamma.value(a + b);
  }

  private static void check(long k, long n, double alpha) {
    if (k < 0 || k > n) {
      throw WinnowException.invalid("k", k, "0 to n, " + n);
    }
    Rules.requireAlpha(alpha);
  }
}
