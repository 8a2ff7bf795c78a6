package io.winnow.events;

import io.winnow.core.LogRecord;
import java.util.List;

/** The folds of one log, fed together. One thread. */
record Folds(List<LogFold> all) {
  Folds {
    all = List.copyOf(all);
  }

  /** The lower of an offset and what the fold that is furthest behind has not seen. */
  long lowestAppliedOffset(long atMost) {
    long lowest = atMost;
    for (LogFold fold : all) {
      lowest = Math.min(lowest, fold.appliedOffset());
    }
    return lowest;
  }

  /** Offers each fold those of the records that it has not seen. */
  void apply(List<Long> offsets, List<LogRecord> records) {
    for (LogFold fold : all) {
      int first = 0;
      while (first < offsets.size() && offsets.get(first) < fold.appliedOffset()) {
        first++;
      }
      if (first < offsets.size()) {
        long[] rest =
            offsets.subList(first, offsets.size()).stream().mapToLong(offset -> offset).toArray();
        fold.apply(rest, List.copyOf(records.subList(first, records.size())));
      }
    }
  }
}
