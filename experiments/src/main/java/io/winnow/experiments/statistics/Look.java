package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;

/**
 * One look at a running experiment.
 *
 * @param information 1 / (standard error of the difference)², >= 0, in any unit that all looks
 *     share: see {@link SequentialPlan} for which
 * @param fraction the share of the plan that is done: information over planned information, >= 0;
 *     it may pass 1. {@link PlannedLooks} takes any clock that was chosen beforehand, such as units
 *     over planned units or days over planned days (Lan, DeMets, Group sequential procedures:
 *     calendar versus information time, Statistics in Medicine 8, 1989); {@link AlwaysValid} needs
 *     the information's
 * @param z the difference in standard errors, as a standard normal score
 * @param last whether no look will follow
 */
public record Look(double information, double fraction, double z, boolean last) {
  /** Checks the numbers. */
  public Look {
    if (!(information >= 0 && information < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("information", information, "a finite number >= 0");
    }
    if (!(fraction >= 0 && fraction < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("fraction", fraction, "a finite number >= 0");
    }
    if (!Double.isFinite(z)) {
      throw WinnowException.invalid("z", z, "a finite number");
    }
  }
}
