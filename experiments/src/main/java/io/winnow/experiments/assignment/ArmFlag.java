package io.winnow.experiments.assignment;

/**
 * A decision as OpenFeature sees it: the value of a flag that is named like the experiment.
 *
 * @param value the arm's name; {@link #DEFAULT} for what is in no arm, as impressions name it
 * @param reason one of OpenFeature's
 */
public record ArmFlag(String value, Reason reason) {
  /** The value for who is in no arm. */
  public static final String DEFAULT = "default";

  /** Why an interleaved experiment is no flag. */
  public static final String INTERLEAVED =
      "the experiment is interleaved: only recommended slates are in it";

  /** OpenFeature's words for how a value came about. */
  public enum Reason {
    /** The unit was drawn. */
    SPLIT,
    /** The application file names this tester. */
    STATIC,
    /** The experiment does not run, or not for others: an interleaved slate is of no one arm. */
    DISABLED,
    /** It runs, but not for this unit or request. */
    DEFAULT
  }

  /** The flag of a decision. */
  public static ArmFlag of(Decision decision) {
    return switch (decision) {
      case Decision.In(Assignment in) ->
          in.arm() == null
              ? new ArmFlag(DEFAULT, Reason.DISABLED)
              : new ArmFlag(in.armName(), in.tester() ? Reason.STATIC : Reason.SPLIT);
      case Decision.Out(Decision.Why why) ->
          new ArmFlag(
              DEFAULT,
              switch (why) {
                case STOPPED, NOT_RUNNING -> Reason.DISABLED;
                case NOT_TARGETED,
                    NO_UNIT,
                    NO_ATTRIBUTES,
                    HELD_OUT,
                    OTHER_SHARE,
                    OUTSIDE_TRAFFIC,
                    TESTER_OF_LAYER ->
                    Reason.DEFAULT;
              });
    };
  }
}
