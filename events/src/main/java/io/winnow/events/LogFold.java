package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import java.util.List;

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
   * The highest offset of anything that this state has stored; no lower than {@link
   * #appliedOffset()}, and higher where its parts are stored at offsets of their own. A log that
   * ends before it has lost records that the state contains.
   */
  default long storedOffset() {
    return appliedOffset();
  }

  /**
   * Takes the next records in. A record below {@link #appliedOffset()} is never offered.
   *
   * @param offsets ascending, one for each record
   */
  void apply(long[] offsets, List<LogRecord> records);

  /**
   * Forgets everything, so that {@link #appliedOffset()} is 0: the log turned out to be another one
   * than this state was made of, or to have lost what this state has seen.
   *
   * @throws WinnowException {@code UNAVAILABLE} if this state cannot
   */
  default void discard() {
    throw new WinnowException(
        ErrorCode.UNAVAILABLE,
        "%s: holds the first %d records of another log and cannot forget them"
            .formatted(getClass().getName(), appliedOffset()));
  }
}
