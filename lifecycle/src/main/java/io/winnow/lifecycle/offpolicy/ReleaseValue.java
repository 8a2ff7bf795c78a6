package io.winnow.lifecycle.offpolicy;

import io.winnow.experiments.offpolicy.OffPolicyResult;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a release would have earned a request, on the requests of a log.
 *
 * @param release its version
 * @param fromOffset the requests lie at or behind it
 * @param slates how many the log holds there, or the sample of them
 * @param leftOut of these, how many could not be judged: not whole, not settled, or not ranked
 * @param value by the objectives' weights
 * @param objectives outcomes a request, by objective, in the application's order
 */
public record ReleaseValue(
    String release,
    long fromOffset,
    long slates,
    long leftOut,
    OffPolicyResult value,
    Map<String, OffPolicyResult> objectives) {
  /** Copies the map, keeping its order. */
  public ReleaseValue {
    objectives = Collections.unmodifiableMap(new LinkedHashMap<>(objectives));
  }
}
