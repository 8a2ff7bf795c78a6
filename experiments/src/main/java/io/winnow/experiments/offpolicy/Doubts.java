package io.winnow.experiments.offpolicy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Looks for reasons not to believe an estimate that rests on some weights. */
final class Doubts {
  /** More than this much of all weight on a hundredth of the requests is too much. */
  private static final double MAX_HEAVIEST = 0.5;

  /** More than this much of all weight on one unit is too much. */
  private static final double MAX_UNIT = 0.1;

  /** So much may be missing from the mean weight, or be too much in it. */
  private static final double TOLERANCE = 0.05;

  private Doubts() {}

  static List<Doubt> of(Weights weights, double minEffective) {
    List<Doubt> doubts = new ArrayList<>();
    if (weights.effective() < minEffective) {
      doubts.add(
          new Doubt(
              Doubt.Kind.FEW_EFFECTIVE_REQUESTS,
              String.format(
                  Locale.ROOT,
                  "the estimate rests on %.0f effective requests; %.0f are wanted",
                  weights.effective(),
                  minEffective)));
    }
    if (weights.heaviest() > MAX_HEAVIEST || weights.largestUnit() > MAX_UNIT) {
      doubts.add(
          new Doubt(
              Doubt.Kind.CONCENTRATED_WEIGHTS,
              String.format(
                  Locale.ROOT,
                  "a hundredth of the requests has %.0f %% of all weight, one unit %.0f %%",
                  100 * weights.heaviest(),
                  100 * weights.largestUnit())));
    }
    support(weights.supportBySlot(), doubts);
    return doubts;
  }

  /** The first place where the mean weight cannot be 1; further down it is off as well. */
  private static void support(List<Estimate> support, List<Doubt> doubts) {
    for (int slot = 0; slot < support.size(); slot++) {
      Estimate mean = support.get(slot);
      if (mean.high() < 1 - TOLERANCE) {
        doubts.add(
            new Doubt(
                Doubt.Kind.MISSING_SUPPORT,
                String.format(
                    Locale.ROOT,
                    "of the candidate's slates down to place %d the log shows only %.0f %%",
                    slot + 1,
                    100 * mean.value())));
        return;
      }
      if (mean.low() > 1 + TOLERANCE) {
        doubts.add(
            new Doubt(
                Doubt.Kind.WRONG_PROPENSITIES,
                String.format(
                    Locale.ROOT,
                    "the mean weight at place %d is %.2f, which correct propensities do not allow",
                    slot + 1,
                    mean.value())));
        return;
      }
    }
  }
}
