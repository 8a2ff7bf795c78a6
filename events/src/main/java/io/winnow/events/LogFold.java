package io.winnow.events;

import io.winnow.core.LogRecord;

/**
 * State derived from the log. The log feeds its folds in log order from one thread, before it
 * acknowledges the records, so that whoever got the acknowledgement reads its own writes.
 */
public interface LogFold {
  /**
   * The offset of the first record that this state does not contain; on opening, the log replays
   * from here.
   */
  long appliedOffset();

  /**
   * Takes the next records in. A record below {@link #appliedOffset()} is never offered.
   *
   * @param offsets ascending, one for each record
   */
  void apply(long[] offsets, java.util.List<LogRecord> records);
}
