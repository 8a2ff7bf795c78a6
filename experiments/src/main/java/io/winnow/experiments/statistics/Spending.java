package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;

/**
 * How much of alpha may be used up by the time a share of the plan is done (Lan, DeMets, Discrete
 * sequential boundaries for clinical trials, Biometrika 70, 1983). Two-sided.
 */
public sealed interface Spending {
  /**
   * The alpha that is spent at a share of the plan.
   *
   * @param alpha the whole, above 0 and below 1
   * @param fraction from 0 to 1
   * @return from 0 at fraction 0 rising to alpha at 1
   */
  double spent(double alpha, double fraction);

  /**
   * 4·(1 − Φ(z_{alpha/4} / √t)): close to the boundaries of O'Brien and Fleming. Spends almost
   * nothing early, so that the test at the end is nearly that of one look. The default.
   */
  record OBrienFleming() implements Spending {
    @Override
    public double spent(double alpha, double fraction) {
      return 4 * Normal.survival(Normal.inverseSurvival(alpha / 4) / Math.sqrt(fraction));
    }
  }

  /**
   * alpha·ln(1 + (e − 1)·t): close to the constant boundary of Pocock. Stops earlier where effects
   * are large, and needs more units where they are small.
   */
  record Pocock() implements Spending {
    @Override
    public double spent(double alpha, double fraction) {
      return alpha * Math.log1p(Math.expm1(1) * fraction);
    }
  }

  /**
   * alpha·(1 − e^{−γt}) / (1 − e^{−γ}) (Hwang, Shih, DeCani, Group sequential designs using a
   * family of type I error probability spending functions, Statistics in Medicine 9, 1990).
   *
   * @param gamma from −20 to 20; −4 is near O'Brien and Fleming, 1 near Pocock, 0 spends evenly
   */
  record HwangShihDeCani(double gamma) implements Spending {
    /** Checks gamma. */
    public HwangShihDeCani {
      if (!(Math.abs(gamma) <= 20)) {
        throw WinnowException.invalid("gamma", gamma, "-20 to 20");
      }
    }

    @Override
    public double spent(double alpha, double fraction) {
      return gamma == 0
          ? alpha * fraction
          : alpha * Math.expm1(-gamma * fraction) / Math.expm1(-gamma);
    }
  }
}
