package io.winnow.events;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the embedded log lives and how much it takes.
 *
 * @param folder holds the segments, the id index and the lock; made if it is missing
 * @param segmentBytes a segment that has reached this size is followed by the next
 * @param newestIds so many event ids are kept in memory, at 50 bytes each, before they are written
 *     to a file of the id index, and as many again meanwhile; they are read from the log when it is
 *     opened after a crash
 * @param limits the bounds of one call and of the queue
 */
public record EventLogConfig(Path folder, long segmentBytes, int newestIds, Limits limits) {
  /** Ids in memory if nothing else is said. */
  static final int NEWEST_IDS = 1 << 19;

  /**
   * Bounds. A call beyond one is refused whole with {@code TOO_LARGE}, a record with a verdict, a
   * full queue with {@code OVERLOADED}.
   *
   * @param appendRecords most records of one call
   * @param appendBytes most encoded bytes of one call
   * @param recordBytes most encoded bytes of one record
   * @param queueRecords most records that wait for the disk and the folds
   * @param queueBytes most encoded bytes that wait for the disk and the folds
   * @param futureMs how far a record's time may lie ahead of the clock
   */
  public record Limits(
      int appendRecords,
      int appendBytes,
      int recordBytes,
      int queueRecords,
      int queueBytes,
      long futureMs) {
    /** 10,000 records or 32 MiB a call, 256 KiB a record, 100,000 or 128 MiB queued, one day. */
    public static final Limits DEFAULT =
        new Limits(10_000, 32 << 20, 256 << 10, 100_000, 128 << 20, 24 * 3_600_000L);

    /** Checks that each is positive and that a call fits into the queue. */
    public Limits {
      List<Problem> problems = new ArrayList<>();
      atLeast(problems, "append_records", appendRecords, 1);
      atLeast(problems, "record_bytes", recordBytes, 1);
      atLeast(problems, "append_bytes", appendBytes, recordBytes);
      atLeast(problems, "queue_records", queueRecords, appendRecords);
      atLeast(problems, "queue_bytes", queueBytes, appendBytes);
      atLeast(problems, "future_ms", futureMs, 0);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }

    private static void atLeast(List<Problem> problems, String field, long value, long minimum) {
      if (value < minimum) {
        problems.add(new Problem(field, String.valueOf(value), ">= " + minimum));
      }
    }
  }

  /** Checks the sizes. */
  public EventLogConfig {
    if (newestIds < 1 || newestIds > 1 << 26) {
      throw WinnowException.invalid("newest_ids", newestIds, "1 to " + (1 << 26));
    }
    if (segmentBytes < 1024) {
      throw WinnowException.invalid("segment_bytes", segmentBytes, ">= 1024");
    }
  }

  /** Keeps 524,288 ids in memory. */
  public EventLogConfig(Path folder, long segmentBytes, Limits limits) {
    this(folder, segmentBytes, NEWEST_IDS, limits);
  }

  /** Segments of 256 MiB and the default limits. */
  public static EventLogConfig in(Path folder) {
    return new EventLogConfig(folder, 256L << 20, Limits.DEFAULT);
  }
}
