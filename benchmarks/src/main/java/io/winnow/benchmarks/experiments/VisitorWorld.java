package io.winnow.benchmarks.experiments;

import io.winnow.experiments.statistics.UnitMoments;
import io.winnow.experiments.statistics.UnitTotals;
import java.util.random.RandomGenerator;

/**
 * The users of one experiment: they arrive evenly over the looks, come back in some of the later
 * ones, and click on slates. Clicks per slate is skewed and differs by user, and those who see many
 * slates click less often on each.
 *
 * <p>Four of five are casual: 2 slates a visit on average, a click on 12 % of them; the others are
 * heavy: 8 slates, 6 %. Within a kind, a user's slates a visit are exponential and his click
 * probability is gamma of shape 2, independent of them (and at most 1, which cuts off a millionth).
 * So the ratio over all users is known.
 *
 * <p>Every visit replaces the user's totals in the accumulator of his arm. One thread.
 */
final class VisitorWorld {
  private static final double HEAVY_SHARE = 0.2;
  private static final double CASUAL_SLATES = 2;
  private static final double CASUAL_CLICKS = 0.12;
  private static final double HEAVY_SLATES = 8;
  private static final double HEAVY_CLICKS = 0.06;
  private static final double RETURNS = 0.15;

  private final RandomGenerator random;
  private final int looks;
  private final double[] slatesAVisit;
  private final double[] clickProbability;
  private final boolean[] treated;
  private final UnitTotals[] totals;
  private final UnitMoments control = new UnitMoments();
  private final UnitMoments treatment = new UnitMoments();
  private final UnitMoments controlClicks = new UnitMoments();
  private final UnitMoments treatmentClicks = new UnitMoments();
  private int look;
  private int present;

  /**
   * Draws the users.
   *
   * @param lift of the treatment's click probabilities, such as 0.1 for a tenth more
   */
  VisitorWorld(int users, int looks, double lift, RandomGenerator random) {
    this.random = random;
    this.looks = looks;
    slatesAVisit = new double[users];
    clickProbability = new double[users];
    treated = new boolean[users];
    totals = new UnitTotals[users];
    for (int user = 0; user < users; user++) {
      boolean heavy = random.nextDouble() < HEAVY_SHARE;
      double clicks = heavy ? HEAVY_CLICKS : CASUAL_CLICKS;
      slatesAVisit[user] = (heavy ? HEAVY_SLATES : CASUAL_SLATES) * random.nextExponential();
      treated[user] = random.nextBoolean();
      double probability = clicks * (random.nextExponential() + random.nextExponential()) / 2;
      clickProbability[user] = Math.min(1, treated[user] ? probability * (1 + lift) : probability);
    }
  }

  /** Clicks per slate without treatment, over all users there could be. */
  static double ratio() {
    double heavy = HEAVY_SHARE * HEAVY_SLATES;
    double casual = (1 - HEAVY_SHARE) * CASUAL_SLATES;
    return (heavy * HEAVY_CLICKS + casual * CASUAL_CLICKS) / (heavy + casual);
  }

  /** Lives until the next look. */
  void next() {
    look++;
    int before = present;
    present = (int) ((long) totals.length * look / looks);
    for (int user = 0; user < before; user++) {
      if (random.nextDouble() < RETURNS) {
        visit(user);
      }
    }
    for (int user = before; user < present; user++) {
      visit(user);
    }
  }

  UnitMoments control() {
    return control;
  }

  UnitMoments treatment() {
    return treatment;
  }

  /** Clicks by user, which grow for as long as the experiment runs. */
  UnitMoments controlClicks() {
    return controlClicks;
  }

  UnitMoments treatmentClicks() {
    return treatmentClicks;
  }

  private void visit(int user) {
    int slates = poisson(slatesAVisit[user]);
    int clicks = 0;
    for (int slate = 0; slate < slates; slate++) {
      if (random.nextDouble() < clickProbability[user]) {
        clicks++;
      }
    }
    UnitMoments arm = treated[user] ? treatment : control;
    UnitMoments clicksOfArm = treated[user] ? treatmentClicks : controlClicks;
    UnitTotals before = totals[user];
    if (before == null) {
      totals[user] = UnitTotals.ratio(clicks, slates);
      arm.add(totals[user]);
      clicksOfArm.add(UnitTotals.mean(clicks));
    } else if (slates > 0) {
      totals[user] = UnitTotals.ratio(before.numerator() + clicks, before.denominator() + slates);
      arm.replace(before, totals[user]);
      clicksOfArm.replace(
          UnitTotals.mean(before.numerator()), UnitTotals.mean(totals[user].numerator()));
    }
  }

  /** Arrivals of a Poisson process in a time of this length. */
  private int poisson(double mean) {
    int count = 0;
    for (double time = random.nextExponential(); time < mean; time += random.nextExponential()) {
      count++;
    }
    return count;
  }
}
