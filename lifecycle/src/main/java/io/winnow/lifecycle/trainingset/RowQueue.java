package io.winnow.lifecycle.trainingset;

import io.winnow.events.RecordSource;
import io.winnow.lifecycle.trainingset.RowScan.Candidate;
import io.winnow.lifecycle.trainingset.RowScan.Verdict;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a log in the order in which they are due, each with its labels; of one offset in the
 * order of the log. Reads the log a little ahead: as far as the latest row of all may lag. Not
 * thread-safe.
 */
final class RowQueue {
  private static final int AHEAD_RECORDS = 1024;

  private final RecordSource log;
  private final RowScan scan;
  private final InputStream labels;
  private final int heads;
  private final long lagMax;
  private final PriorityQueue<Row> rows =
      new PriorityQueue<>(
          Comparator.<Row>comparingLong(row -> row.candidate().due())
              .thenComparingLong(row -> row.candidate().offset()));
  private long scanned;

  /** A row without its values. */
  record Row(Candidate candidate, float[] labels) {}

  /**
   * @param labels as {@link LabelPass} wrote them
   * @param heads how many labels a row has
   * @param lagMax see {@link LabelPass#lagMax()}
   */
  RowQueue(RecordSource log, RowScan scan, InputStream labels, int heads, long lagMax) {
    this.log = log;
    this.scan = scan;
    this.labels = labels;
    this.heads = heads;
    this.lagMax = lagMax;
  }

  /** The next row, which stays; null at the end. */
  @Nullable Row peek() {
    // What is not scanned yet is due at its own offset less the lag, at the earliest.
    while (scanned < log.endOffset()
        && (rows.isEmpty() || rows.element().candidate().due() >= scanned - lagMax)) {
      long to = Math.min(log.endOffset(), scanned + AHEAD_RECORDS);
      log.replay(
          scanned,
          to,
          (offset, record) -> {
            Candidate candidate = scan.candidate(offset, record);
            if (candidate != null && scan.verdict(candidate) == Verdict.TAKEN) {
              rows.add(new Row(candidate, nextLabels()));
            }
          });
      scanned = to;
    }
    return rows.peek();
  }

  /** Takes the row that {@link #peek} gave. */
  Row take() {
    return rows.remove();
  }

  private float[] nextLabels() {
    float[] next = new float[heads];
    try {
      byte[] bytes = labels.readNBytes(heads);
      if (bytes.length < heads) {
        throw new EOFException("labels of fewer rows than the log has");
      }
      for (int t = 0; t < heads; t++) {
        next[t] = bytes[t];
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return next;
  }
}
