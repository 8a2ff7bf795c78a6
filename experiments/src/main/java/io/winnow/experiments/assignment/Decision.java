package io.winnow.experiments.assignment;

/** Whether a request is in an experiment, and if not, why. */
public sealed interface Decision {
  /** It is. */
  record In(Assignment assignment) implements Decision {}

  /** It is not: what is served is the default. */
  record Out(Why why) implements Decision {}

  /** Why a request is not in an experiment. */
  enum Why {
    /** The experiment cannot be served now; its status says why. */
    STOPPED("the experiment cannot be served now"),
    /** It has not begun, is over, or has no traffic. */
    NOT_RUNNING("the experiment does not run now"),
    /** It is about other requests. */
    NOT_TARGETED("the experiment is about other requests"),
    /** What it draws by is not known: the request names no session. */
    NO_UNIT("the request names no session"),
    /** The user's attributes could not be read. */
    NO_ATTRIBUTES("the user's attributes are not known"),
    /** The user is in no experiment. */
    HELD_OUT("the user is held out of all experiments"),
    /** The unit belongs to another part of the layer. */
    OTHER_SHARE("the unit is in another part of the layer"),
    /** The unit is not yet in the experiment's traffic. */
    OUTSIDE_TRAFFIC("the unit is not in the traffic of the experiment"),
    /** A tester sees another experiment of the same layer. */
    TESTER_OF_LAYER("the tester sees another experiment of the layer");

    private final String text;

    Why(String text) {
      this.text = text;
    }

    /** In words. */
    public String text() {
      return text;
    }
  }
}
