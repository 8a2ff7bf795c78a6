package io.winnow.serving.http;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A release as clients see it.
 *
 * @param id its version
 * @param createdMs when it was trained, epoch milliseconds
 * @param metrics of its evaluation, by name
 * @param active whether it answers now
 */
public record ReleaseInfo(String id, long createdMs, Map<String, Double> metrics, boolean active) {
  /** Copies the metrics, keeping their order. */
  public ReleaseInfo {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }
}
