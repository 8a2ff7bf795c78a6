package io.winnow.lifecycle.cadence;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a study of ageing measures.
 *
 * @param cuts how many windows, 1 to {@value #MAX_CUTS}; each is asked of a fresh release and one
 *     of each age
 * @param lagsDays the ages, ascending, 1 to {@value #MAX_DAYS} days; at most {@value #MAX_LAGS}
 * @param maxLoss how much of NDCG@10 may be lost on average over a release's life, between 0 and 1
 * @param delayDays how old a release's data is when it begins to serve: what the gate holds out,
 *     training and rollout take that long; at least 0
 * @param maxTargets how many choices of a window are asked for at most
 */
public record CadenceOptions(
    int cuts, List<Integer> lagsDays, double maxLoss, double delayDays, int maxTargets) {
  /** More windows only take longer. */
  public static final int MAX_CUTS = 50;

  /** More ages only take longer. */
  public static final int MAX_LAGS = 16;

  /** Ten years. */
  public static final int MAX_DAYS = 3650;

  /** Checks the ranges. */
  public CadenceOptions {
    lagsDays = List.copyOf(lagsDays);
    List<Problem> problems = new ArrayList<>();
    require(problems, cuts >= 1 && cuts <= MAX_CUTS, "cuts", cuts, "1 to " + MAX_CUTS);
    boolean rising = !lagsDays.isEmpty() && lagsDays.size() <= MAX_LAGS;
    for (int i = 0; i < lagsDays.size(); i++) {
      rising &= lagsDays.get(i) > (i == 0 ? 0 : lagsDays.get(i - 1));
      rising &= lagsDays.get(i) <= MAX_DAYS;
    }
    require(
        problems,
        rising,
        "lags",
        lagsDays,
        "1 to %d ascending numbers of days, 1 to %d".formatted(MAX_LAGS, MAX_DAYS));
    require(problems, maxLoss > 0 && maxLoss < 1, "max-loss", maxLoss, "between 0 and 1 (100 %)");
    require(
        problems,
        delayDays >= 0 && delayDays <= MAX_DAYS,
        "delay",
        delayDays,
        "0 to " + MAX_DAYS + " days");
    require(problems, maxTargets >= 1, "max-targets", maxTargets, "1 or more");
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  private static void require(
      List<Problem> problems, boolean holds, String field, Object value, String expected) {
    if (!holds) {
      problems.add(new Problem(field, value.toString(), expected));
    }
  }

  /** The greatest age. */
  int maxLagDays() {
    return lagsDays.getLast();
  }

  /** How long a window is: as long as the smallest age. */
  int windowDays() {
    return lagsDays.getFirst();
  }
}
