package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Group sequential looks by alpha spending: at each look as much alpha may be spent as the {@link
 * Spending} allows for the share of the plan that is done (Lan, DeMets 1983). The number and the
 * times of the looks need not be planned; the end has to be, and the times must not be chosen by
 * what was seen.
 *
 * <p>The critical value c_k of look k solves
 *
 * <pre>P(|Z_1| < c_1, …, |Z_{k−1}| < c_{k−1}, |Z_k| >= c_k) = spent(f_k) − spent(f_{k−1})</pre>
 *
 * where Z has the canonical distribution: B_k = Z_k·√I_k is Brownian motion at times I_k, the
 * informations ({@link BoundedWalk}; Jennison, Turnbull 2000, ch. 3, 7 and 19).
 *
 * <ul>
 *   <li>The last look spends all that is left, whatever its fraction.
 *   <li>Fraction 1 or more spends all as well; later looks reject nothing more. So the clock should
 *       not reach 1 before the last look: see {@link SequentialPlan#look}.
 *   <li>A look with less than {@value #INFORMATION_STEP} more information than the one before (or
 *       with less information, which an estimated variance can bring) has nothing new to test: its
 *       critical value is infinite and its alpha is kept. Unless it is the last.
 *   <li>A difference ± c_k standard errors is a repeated confidence interval: all of them together
 *       hold the truth with probability 1 − alpha (Jennison, Turnbull 2000, ch. 9).
 * </ul>
 *
 * <p>What this rests on: estimates that are near to normal at each look that can reject (early
 * looks of {@link Spending.OBrienFleming} cannot, which is one reason for it), and increments that
 * are independent of what was before: cov(θ̂_k, θ̂_l) = var(θ̂_l) for k before l. That holds for
 * means over arriving units and, to first order, for ratios over units that come back (Jennison,
 * Turnbull 2000, ch. 11). It breaks where the effect itself changes with time, where units with
 * many events dominate late looks only, and where quantiles move.
 *
 * @param alpha see {@link MonitoringRule#alpha()}
 * @param spending how fast alpha is spent
 */
public record PlannedLooks(double alpha, Spending spending) implements MonitoringRule {
  /** The least relative growth of information that is worth a test. */
  static final double INFORMATION_STEP = 1e-3;

  /** Less than this is not spent at one look but kept for the next. */
  private static final double SPENT_MIN = 1e-14;

  private static final double ALPHA_MIN = 1e-12;
  private static final double ALPHA_MAX = 1 - 1e-9;

  /** Checks alpha. */
  public PlannedLooks {
    Rules.requireAlpha(alpha);
  }

  /** With the spending of {@link Spending.OBrienFleming}. */
  public static PlannedLooks of(double alpha) {
    return new PlannedLooks(alpha, new Spending.OBrienFleming());
  }

  @Override
  public List<Judgement> judge(List<Look> looks) {
    Rules.requireLooks(looks);
    List<Judgement> judgements = new ArrayList<>();
    walk(looks, judgements);
    return Collections.unmodifiableList(judgements);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Found by halving, since each alpha has boundaries of its own (repeated p-value: Jennison,
   * Turnbull 2000, ch. 9; sequential p-value: Liu, Anderson, On adaptive extensions of group
   * sequential trials, JASA 103, 2008). Not below 1e-12. Costs some 30 times what {@link #judge}
   * does.
   */
  @Override
  public double pValue(List<Look> looks) {
    Rules.requireLooks(looks);
    if (!new PlannedLooks(ALPHA_MAX, spending).rejects(looks)) {
      return 1;
    }
    double low = Math.log(ALPHA_MIN);
    double high = 0;
    while (high - low > 1e-6) {
      double middle = (low + high) / 2;
      if (new PlannedLooks(Math.min(Math.exp(middle), ALPHA_MAX), spending).rejects(looks)) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return Math.min(1, Math.exp(high));
  }

  /** The critical values at shares of the plan, rising; the last of them ends the experiment. */
  public double[] criticals(double... fractions) {
    return judge(atFractions(fractions)).stream().mapToDouble(Judgement::critical).toArray();
  }

  /**
   * The probability of calling a difference by the last of these looks.
   *
   * @param drift the true difference in standard errors of the end (at information 1, where the
   *     fractions are shares of)
   */
  public double power(double drift, double... fractions) {
    return 1 - walk(atFractions(fractions), new ArrayList<>()).staying(drift);
  }

  /**
   * How many times the units of one look at the end are needed with these looks for the same power
   * (Jennison, Turnbull 2000, 7.2: the ratio of the squared drifts), such as 1.03.
   *
   * @param power above alpha and below 1
   */
  public double inflation(double power, double... fractions) {
    if (!(power > alpha && power < 1)) {
      throw WinnowException.invalid("power", power, "above alpha " + alpha + " and below 1");
    }
    double[] scaled = fractions.clone();
    double end = scaled.length == 0 ? 1 : scaled[scaled.length - 1];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] /= end;
    }
    double ratio =
        drift(walk(atFractions(scaled), new ArrayList<>()), power)
            / drift(walk(atFractions(1), new ArrayList<>()), power);
    return ratio * ratio;
  }

  private static double drift(BoundedWalk walk, double power) {
    double low = 0;
    double high = 20;
    while (high - low > 1e-10) {
      double middle = (low + high) / 2;
      if (1 - walk.staying(middle) < power) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private boolean rejects(List<Look> looks) {
    return judge(looks).stream().anyMatch(Judgement::crossed);
  }

  private static List<Look> atFractions(double... fractions) {
    if (fractions.length == 0) {
      throw WinnowException.invalid("fractions", "[]", "at least one");
    }
    List<Look> looks = new ArrayList<>();
    for (int i = 0; i < fractions.length; i++) {
      if (!(fractions[i] > (i == 0 ? 0 : fractions[i - 1]))) {
        throw WinnowException.invalid(
            "fractions[" + i + "]", fractions[i], "above 0 and above the one before");
      }
      looks.add(new Look(fractions[i], fractions[i], 0, i == fractions.length - 1));
    }
    return looks;
  }

  private BoundedWalk walk(List<Look> looks, List<Judgement> judgements) {
    BoundedWalk walk = new BoundedWalk();
    // Information in units of the greatest, so that the walk's numbers are near one.
    double scale = looks.stream().mapToDouble(Look::information).max().orElse(1);
    double spent = 0;
    for (Look look : looks) {
      double time = scale == 0 ? 0 : look.information() / scale;
      double earliest = walk.time() * (1 + INFORMATION_STEP);
      if (look.last() && look.information() > 0) {
        time = Math.max(time, earliest);
      }
      double allowed =
          look.last() || look.fraction() >= 1 ? alpha : spending.spent(alpha, look.fraction());
      double critical = Double.POSITIVE_INFINITY;
      if (time > 0 && time >= earliest && allowed - spent >= SPENT_MIN) {
        double boundary = walk.boundaryFor(time, allowed - spent);
        walk.advance(time, boundary);
        if (boundary < Double.POSITIVE_INFINITY) {
          critical = boundary / Math.sqrt(time);
          spent = allowed;
        }
      }
      judgements.add(Judgement.of(look, critical));
    }
    return walk;
  }
}
