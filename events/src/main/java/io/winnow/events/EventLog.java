package io.winnow.events;

import io.winnow.core.LogRecord;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The truth. Thread-safe; {@link #append} may be called from many threads and commits them as
 * groups.
 *
 * <p>Guarantees: a record whose verdict is {@link Verdict.Status#ACCEPTED} is on disk (in Kafka: on
 * every replica in sync), and each event id is in the log once, whatever is killed.
 */
public interface EventLog extends RecordSource, AutoCloseable {
  /**
   * Validates and appends, and returns when every accepted record is on disk and every fold of this
   * server has applied it.
   *
   * @return one verdict for each record, in order; a bad record does not keep others out
   * @throws io.winnow.core.WinnowException with {@code TOO_LARGE} for more than the log takes at
   *     once, {@code OVERLOADED} if the queue is full, {@code UNAVAILABLE} if the disk or Kafka
   *     does not take writes (nothing was acknowledged then; what is sent again is known by its id)
   */
  List<Verdict> append(List<LogRecord> records);

  /**
   * Why the log takes no records at present, as a sentence for people; empty if nothing is known to
   * be in the way. Cheap: it tells what was seen last, within seconds, and asks nobody. {@link
   * #append} tries all the same.
   */
  Optional<String> trouble();

  @Override
  void close();

  /**
   * What became of a record.
   *
   * @param offset of the accepted record, or of the earlier one that it duplicates; -1 if rejected
   * @param problem why it was rejected, or null
   */
  record Verdict(Status status, long offset, io.winnow.core.@Nullable Problem problem) {
    /** What became of it. */
    public enum Status {
      /** On disk now. */
      ACCEPTED,
      /** The event was on disk already under this id, if perhaps with another time. */
      DUPLICATE,
      /** Not valid, or its id was used for another event. */
      REJECTED
    }
  }
}
