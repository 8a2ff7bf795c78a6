package io.winnow.experiments.assignment;

import java.util.List;

/**
 * What one request is in.
 *
 * @param list in the order of the application file; at most one of each layer, testers aside
 * @param holdout on which side of the holdout it is
 */
public record Assignments(List<Assignment> list, Holdout holdout) {
  /** In nothing. */
  public static final Assignments NONE = new Assignments(List.of(), Holdout.NOT_CONCERNED);

  /** Copies the list. */
  public Assignments {
    list = List.copyOf(list);
  }

  /** Where a user stands to the holdout. */
  public enum Holdout {
    /**
     * There is none, the user is a tester, or no experiment is about such a request: both sides
     * would see the same.
     */
    NOT_CONCERNED,
    /** In no experiment. */
    HELD_OUT,
    /** May be in experiments. */
    OPEN;

    /** The arm under which it is exposed. */
    public String arm() {
      return switch (this) {
        case HELD_OUT -> "held_out";
        case OPEN -> "open";
        case NOT_CONCERNED -> throw new IllegalStateException("not exposed");
      };
    }
  }
}
