package io.winnow.events;

import io.winnow.core.LogRecord;
import java.util.Arrays;
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
  void apply(long[] offsets, List<LogRecord> records) {
    for (LogFold fold : all) {
      int first = Arrays.binarySearch(offsets, fold.appliedOffset());
      first = first >= 0 ? first : -first - 1;
      if (first == 0 && offsets.length > 0) {
        fold.apply(offsets, records);
      } else if (first < offsets.length) {
        fold.apply(
            Arrays.copyOfRange(offsets, first, offsets.length),
            records.subList(first, records.size()));
      }
    }
  }
}
