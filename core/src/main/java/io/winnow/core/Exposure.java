package io.winnow.core;

import java.util.Map;

/**
 * A unit met an experiment: from its first exposure on, what it does counts for its arm. Logged
 * when an arm could have changed the answer, whether or not it did.
 *
 * @param requestId the request at which it happened
 * @param user who asked
 * @param unit what was drawn: the user's id, or that of a session
 * @param experiment its name in the application file
 * @param run which run of the experiment; a new run draws its units anew
 * @param arm the arm that answered; of an interleaved slate {@link #INTERLEAVED}
 * @param probability in (0, 1] with which the arm was drawn
 * @param context the fields of the request's context by which the experiment is cut into segments
 */
public record Exposure(
    String requestId,
    UserId user,
    String unit,
    String experiment,
    int run,
    String arm,
    double probability,
    Map<String, String> context) {
  /** The arm of slates to which every arm contributes. */
  public static final String INTERLEAVED = "interleaved";

  /** Most fields of the context. */
  public static final int CONTEXT_MAX = 16;

  /** Copies the context and checks every field. */
  public Exposure {
    Ids.check("request_id", requestId);
    Ids.check("unit", unit);
    Ids.check("experiment", experiment);
    Ids.check("arm", arm);
    if (run < 1) {
      throw WinnowException.invalid("run", run, ">= 1");
    }
    if (!(probability > 0 && probability <= 1)) {
      throw WinnowException.invalid("probability", probability, "in (0, 1]");
    }
    if (context.size() > CONTEXT_MAX) {
      throw WinnowException.invalid(
          "context", context.size() + " fields", "at most " + CONTEXT_MAX + " fields");
    }
    context = Map.copyOf(context);
  }
}
