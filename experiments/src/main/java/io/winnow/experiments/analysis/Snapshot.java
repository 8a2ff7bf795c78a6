package io.winnow.experiments.analysis;

import io.winnow.experiments.statistics.Moments;
import java.util.List;

/**
 * The primary metric as it stood at a time: with what the log held then, late events not yet among
 * it. What somebody who looked then would have seen, but that units which were later seen in a
 * second arm are left out.
 *
 * @param timeMs when
 * @param look the number of the planned look that was due, from 1, or 0 if none was
 * @param units by arm, that had met the experiment
 * @param arms the metric's moments by arm; empty if the metric is no number by unit
 */
record Snapshot(long timeMs, int look, List<Long> units, List<Moments> arms) {
  Snapshot {
    units = List.copyOf(units);
    arms = List.copyOf(arms);
  }
}
