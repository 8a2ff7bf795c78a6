package io.winnow.experiments.bandit;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * A stretch of time in which the shares of traffic were fixed and units were drawn to arms anew,
 * independently.
 *
 * @param shares with which units were drawn, by arm; each in (0, 1], together 1
 * @param arms what came of it, by arm
 */
public record Period(List<Double> shares, List<ArmSums> arms) {
  private static final double ROUNDING = 1e-6;

  /** Copies the lists and checks them. */
  public Period {
    shares = List.copyOf(shares);
    arms = List.copyOf(arms);
    if (shares.size() != arms.size() || shares.size() < 2) {
      throw WinnowException.invalid("arms", arms.size(), ">= 2, one for each share");
    }
    double total = 0;
    for (double share : shares) {
      if (!(share > 0 && share <= 1)) {
        throw WinnowException.invalid("shares", share, "in (0, 1]");
      }
      total += share;
    }
    if (Math.abs(total - 1) > ROUNDING) {
      throw WinnowException.invalid("shares", total, "1 together");
    }
  }

  /** How many units there were in all arms. */
  long units() {
    return arms.stream().mapToLong(ArmSums::n).sum();
  }
}
