package io.winnow.core.application;

import java.time.Duration;
import java.util.List;

/**
 * What the application wants: outcomes of an impression and their worth.
 *
 * @param list at least one; the ranker has a head for each
 * @param within how long after an impression an outcome still counts for it
 */
public record Objectives(List<Objective> list, Duration within) {
  /** Copies the list. */
  public Objectives {
    list = List.copyOf(list);
  }

  /**
   * One outcome.
   *
   * @param name the head's name
   * @param when the event that is the outcome
   * @param weight its worth; the ranking score is the sum of weight times probability
   */
  public record Objective(String name, EventFilter when, double weight) {}
}
