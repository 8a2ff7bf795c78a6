package io.winnow.experiments.analysis;

import io.winnow.experiments.statistics.Moments;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The primary metric and the guardrails as they stood at a time: with what the log held then, late
 * events not yet among it. What somebody who looked then would have seen, but that units which were
 * later seen in a second arm are left out.
 *
 * @param timeMs when
 * @param look the number of the planned look that was due, from 1, or 0 if none was
 * @param units by arm, that had met the experiment
 * @param moments by metric, then arm; of those that are numbers by unit
 */
record Snapshot(long timeMs, int look, List<Long> units, Map<String, List<Moments>> moments) {
  Snapshot {
    units = List.copyOf(units);
    moments = Map.copyOf(moments);
  }

  /** A metric's moments by arm. */
  List<Moments> moments(String metric) {
    return Objects.requireNonNull(moments.get(metric), metric);
  }
}
