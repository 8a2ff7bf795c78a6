package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * A test and intervals that hold at any time, however often one looks, whenever one stops, without
 * an end: the probability that a confidence sequence ever misses the truth is at most alpha.
 *
 * <p>With f = {@link Look#fraction()} and B = z·√f, which is Brownian motion in f where there is no
 * difference, a look rejects if either of two boundaries is crossed; alpha is shared between them,
 * so their union stays within it.
 *
 * <ol>
 *   <li><b>Up to a little past the plan's end</b> (f <= h = 1.05), with share p of alpha: |B| >=
 *       c·√h, where
 *       <pre>P(max_{t<=1} |B_t| >= c) = 4·Σ_{k>=0} (−1)^k·Φ̄((2k + 1)·c) = p·alpha</pre>
 *       (reflection principle: Billingsley, Convergence of Probability Measures, 2nd edition, 9.14,
 *       or Feller II, X.5). That is the continuous limit of the test of O'Brien and Fleming, and
 *       has nearly the power of one look. The little past is there since a plan's information is
 *       computed from a variance that was itself estimated: an experiment that ends as planned must
 *       not end just behind the boundary.
 *   <li><b>For all time</b>, with the rest of alpha: the normal mixture (Robbins, Statistical
 *       methods related to the law of the iterated logarithm, 1970; two-sided form: Howard, Ramdas,
 *       McAuliffe, Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences, Annals
 *       of Statistics 49, 2021; the mixture sequential probability ratio test of Johari, Koomen,
 *       Pekelis, Walsh, Always valid inference, Operations Research 70, 2022),
 *       <pre>Λ = √(ρ/(f + ρ))·exp(B²/(2(f + ρ))) >= 1/((1 − p)·alpha)</pre>
 *       Λ is a martingale with mean 1, so by Ville's inequality it ever gets there with at most
 *       that probability. ρ is chosen so that the interval is narrowest at f = 1.
 * </ol>
 *
 * <p>The interval at a look is that of the narrower boundary. Alone (p = 0), the mixture pays for
 * its endless horizon with much power at the plan's end; with p = 0.9 little is lost there and the
 * horizon is still endless. Past f = h the interval becomes wider again, that of the mixture with
 * the rest of alpha; what was called before stays called.
 *
 * <p>What this rests on: the fraction is information over a plan's information that was fixed
 * before any difference was seen (other clocks will not do: B would not be Brownian motion);
 * estimates near to normal at each look, which few units of a skewed metric are not, though at
 * small f the boundaries are so far out that little depends on them; and independent increments, as
 * for {@link PlannedLooks}. The truth must stay what it is: with an effect that fades, each
 * interval covers what the units so far saw on average, and intervals of different looks must not
 * be intersected. Asymptotic in this sense: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas,
 * Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 52,
 * 2024.
 *
 * @param alpha see {@link MonitoringRule#alpha()}
 * @param planShare the share of alpha for the boundary up to the plan's end, from 0 to below 1
 */
public record AlwaysValid(double alpha, double planShare) implements MonitoringRule {
  /** How far past the plan's end its boundary reaches, as a multiple of the plan's information. */
  private static final double HORIZON = 1.05;

  /** Checks both. */
  public AlwaysValid {
    Rules.requireAlpha(alpha);
    if (!(planShare >= 0 && planShare < 1)) {
      throw WinnowException.invalid("planShare", planShare, "0 to below 1");
    }
  }

  /** For an experiment with a planned information: 0.9 of alpha up to just past there. */
  public static AlwaysValid planned(double alpha) {
    return new AlwaysValid(alpha, 0.9);
  }

  /**
   * For an experiment without a plan: the mixture alone. Fractions are then of any information that
   * was chosen beforehand; the interval is narrowest there.
   */
  public static AlwaysValid unplanned(double alpha) {
    return new AlwaysValid(alpha, 0);
  }

  /**
   * How many times the units of one look at the end are enough for the same power with this rule,
   *
   * <pre>((c + z_power) / (z_{1−alpha/2} + z_power))²</pre>
   *
   * with c the critical value at the plan's end. That is exact for a single look there; further
   * looks before it only add to the power.
   *
   * @param power above alpha and below 1
   */
  public double inflation(double power) {
    if (!(power > alpha && power < 1)) {
      throw WinnowException.invalid("power", power, "above alpha " + alpha + " and below 1");
    }
    double z = Normal.inverseSurvival(1 - power);
    double ratio = (critical(1, planBoundary(), rho()) + z) / (Normal.twoSidedCritical(alpha) + z);
    return ratio * ratio;
  }

  @Override
  public List<Judgement> judge(List<Look> looks) {
    Rules.requireLooks(looks);
    double planBoundary = planBoundary();
    double rho = rho();
    return looks.stream()
        .map(look -> Judgement.of(look, critical(look.fraction(), planBoundary, rho)))
        .toList();
  }

  /**
   * {@inheritDoc}
   *
   * <p>At each look the smaller of P(max|B| >= |b|/√h)/p up to h and 1/Λ/(1 − p), then the smallest
   * so far: P(ever <= a) <= p·a + (1 − p)·a.
   */
  @Override
  public double pValue(List<Look> looks) {
    Rules.requireLooks(looks);
    double rho = rho();
    double smallest = 1;
    for (Look look : looks) {
      double f = look.fraction();
      double b = Math.abs(look.z()) * Math.sqrt(f);
      double inverse = Math.sqrt((f + rho) / rho) * Math.exp(-b * b / (2 * (f + rho)));
      smallest = Math.min(smallest, inverse / (1 - planShare));
      if (planShare > 0 && f <= HORIZON) {
        smallest = Math.min(smallest, maximumSurvival(b / Math.sqrt(HORIZON)) / planShare);
      }
    }
    return smallest;
  }

  /** c·√h, the boundary of |B| up to h; infinite without a plan. */
  private double planBoundary() {
    return planShare == 0
        ? Double.POSITIVE_INFINITY
        : inverseMaximumSurvival(planShare * alpha) * Math.sqrt(HORIZON);
  }

  private double critical(double f, double planBoundary, double rho) {
    if (f == 0) {
      return Double.POSITIVE_INFINITY;
    }
    double mixtureAlpha = (1 - planShare) * alpha;
    double mixture =
        Math.sqrt((f + rho) / f * (Math.log((f + rho) / rho) - 2 * Math.log(mixtureAlpha)));
    return f <= HORIZON ? Math.min(planBoundary / Math.sqrt(f), mixture) : mixture;
  }

  /**
   * The ρ whose boundary is lowest at f = 1: with a = 1/ρ, (1 + 1/a)·ln((1 + a)/alpha²) is least
   * where a = ln((1 + a)/alpha²). The right side's slope is below 1/2 for a > 1, so iteration
   * converges.
   */
  private double rho() {
    double mixtureAlpha = (1 - planShare) * alpha;
    double a = 1 - 2 * Math.log(mixtureAlpha);
    for (int i = 0; i < 100; i++) {
      a = Math.log1p(a) - 2 * Math.log(mixtureAlpha);
    }
    return 1 / a;
  }

  /** P(max_{t<=1} |B_t| >= c). */
  static double maximumSurvival(double c) {
    if (c < 0.5) {
      // The alternating series needs many terms here; the first left out by the other is e^{-44}.
      double first = Math.exp(-Math.PI * Math.PI / (8 * c * c));
      return c == 0 ? 1 : 1 - 4 / Math.PI * first;
    }
    double sum = 0;
    for (int k = 0; (2 * k + 1) * c < 40; k++) {
      double term = Normal.survival((2 * k + 1) * c);
      sum += k % 2 == 0 ? term : -term;
    }
    return Math.min(1, 4 * sum);
  }

  /** The c with P(max_{t<=1} |B_t| >= c) = p. */
  static double inverseMaximumSurvival(double p) {
    double low = 0;
    double high = 40;
    for (int i = 0; i < 100 && high - low > 1e-13 * high; i++) {
      double middle = (low + high) / 2;
      if (maximumSurvival(middle) > p) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }
}
