package io.winnow.experiments.assignment;

import io.winnow.core.Exposure;
import io.winnow.core.application.Experiment;
import org.jspecify.annotations.Nullable;

/**
 * The arm of one experiment that a unit is in.
 *
 * @param unit what was drawn: the user's id, or that of the session
 * @param arm null if every arm contributes to the answer
 * @param probability in (0, 1] with which a unit of the experiment gets this arm
 * @param tester whether the application file says so rather than the draw; never counted
 */
public record Assignment(
    Experiment experiment,
    String unit,
    Experiment.@Nullable Arm arm,
    double probability,
    boolean tester) {
  /** The arm's name; {@link Exposure#INTERLEAVED} if every arm contributes. */
  public String armName() {
    return arm == null ? Exposure.INTERLEAVED : arm.name();
  }

  /** Whether it counts in the experiment's results. */
  public boolean counts() {
    return !tester;
  }
}
