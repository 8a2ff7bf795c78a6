package io.winnow.events;

import io.winnow.core.LogRecord;
import java.util.List;

/** A finite sequence of records in log order: the event log up to now, or a data set in memory. */
public interface RecordSource {
  /** The offset behind the last record. */
  long endOffset();

  /**
   * Visits the records with offsets in {@code [from, to)} in order. Offsets ascend but may have
   * gaps where a damaged part of the log was skipped.
   */
  void replay(long from, long to, Visitor visitor);

  /** Visits every record. */
  default void replay(Visitor visitor) {
    replay(0, endOffset(), visitor);
  }

  /** Receives records in log order. */
  @FunctionalInterface
  interface Visitor {
    /** Called once for each record. */
    void visit(long offset, LogRecord record);
  }

  /** A source over a list; the offset is the index. */
  static RecordSource of(List<LogRecord> records) {
    List<LogRecord> copy = List.copyOf(records);
    return new RecordSource() {
      @Override
      public long endOffset() {
        return copy.size();
      }

      @Override
      public void replay(long from, long to, Visitor visitor) {
        for (long offset = Math.max(0, from); offset < Math.min(to, copy.size()); offset++) {
          visitor.visit(offset, copy.get((int) offset));
        }
      }
    };
  }

  /**
   * The records of a source for as long as somebody wants them.
   *
   * @param check is asked before each record, and throws where the replay is to end
   */
  static RecordSource checked(RecordSource source, Runnable check) {
    return new RecordSource() {
      @Override
      public long endOffset() {
        return source.endOffset();
      }

      @Override
      public void replay(long from, long to, Visitor visitor) {
        source.replay(
            from,
            to,
            (offset, record) -> {
              check.run();
              visitor.visit(offset, record);
            });
      }
    };
  }

  /** The records of a source below an offset, as a source of its own. */
  static RecordSource prefix(RecordSource source, long endOffset) {
    return new RecordSource() {
      @Override
      public long endOffset() {
        return Math.min(endOffset, source.endOffset());
      }

      @Override
      public void replay(long from, long to, Visitor visitor) {
        source.replay(from, Math.min(to, endOffset()), visitor);
      }
    };
  }
}
