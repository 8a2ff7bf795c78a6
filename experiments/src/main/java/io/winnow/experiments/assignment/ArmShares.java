package io.winnow.experiments.assignment;

import io.winnow.core.application.Experiment;
import org.jspecify.annotations.Nullable;

/**
 * The shares of a bandit's arms by period. A function: the same period always has the same shares,
 * or the units of a period would change their arms in the middle of it. Thread-safe and quick.
 */
@FunctionalInterface
public interface ArmShares {
  /** The weights of the application file, in every period. */
  ArmShares OF_THE_FILE = (experiment, _) -> Assigner.sharesOfTheFile(experiment);

  /**
   * The shares of a period.
   *
   * @param period counted from the experiment's beginning; from the epoch if it has none
   * @return above 0, of sum 1, one for each arm in their order; not to be changed; null if they are
   *     not known yet: then nobody is in the experiment
   */
  double @Nullable [] of(Experiment experiment, long period);
}
