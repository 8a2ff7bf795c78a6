package io.winnow.serving;

import io.winnow.core.application.Experiment;
import io.winnow.experiments.assignment.Assignments;
import io.winnow.lifecycle.RequestStages;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * By which stages a request is answered, and what of that is logged.
 *
 * @param assignments what the request is in
 * @param interleaved the experiment whose arms' slates are drafted into one, or null
 * @param lanes one; of an interleaved slate one for each arm, in their order
 * @param arm the slate's arm
 * @param sharedArm of a place that none of the interleaved arms gets credit for; else {@code arm}
 */
record Route(
    Assignments assignments,
    @Nullable Experiment interleaved,
    List<Lane> lanes,
    String arm,
    String sharedArm) {
  /** The arm of requests that no experiment touches. */
  static final String DEFAULT_ARM = Experiment.DEFAULT_ARM;

  /** Copies the lanes. */
  Route {
    lanes = List.copyOf(lanes);
  }

  /** What no experiment touches. */
  static Route untouched(RequestStages stages) {
    return untouched(stages, Assignments.NONE);
  }

  /** The same of a request that is in no experiment, though it was looked at. */
  static Route untouched(RequestStages stages, Assignments assignments) {
    return new Route(
        assignments, null, List.of(new Lane(DEFAULT_ARM, stages)), DEFAULT_ARM, DEFAULT_ARM);
  }

  /**
   * The same, where the answer is not what the interleaved experiment asks for: it does not count.
   */
  Route uncounted() {
    return new Route(
        new Assignments(
            assignments.list().stream()
                .filter(assignment -> !assignment.experiment().equals(interleaved))
                .toList(),
            assignments.holdout()),
        null,
        lanes.subList(0, 1),
        sharedArm,
        sharedArm);
  }

  /**
   * One way to answer.
   *
   * @param arm of what it gives
   */
  record Lane(String arm, RequestStages stages) {}
}
