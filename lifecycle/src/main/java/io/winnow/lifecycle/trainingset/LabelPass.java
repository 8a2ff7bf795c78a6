package io.winnow.lifecycle.trainingset;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.application.Objectives;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.OutcomeJoin;
import io.winnow.lifecycle.trainingset.RowScan.Candidate;
import io.winnow.lifecycle.trainingset.RowScan.Verdict;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The first pass over the log: joins rows with their outcomes and writes the labels of each row, in
 * the order of the records, as one byte an objective. So the second pass needs no look into the
 * future, and memory holds the rows of one outcome window. Not thread-safe.
 */
final class LabelPass implements RecordSource.Visitor {
  private final RowScan scan;
  private final OutcomeJoin join;
  private final OutputStream out;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private long written;
  private long taken;
  private long tooLate;
  private long lagMax;
  private long lastAsOf;

  private record Waiting(float[] labels, boolean isRow) {}

  LabelPass(RowScan scan, Objectives objectives, OutputStream out) {
    this.scan = scan;
    this.join = new OutcomeJoin(objectives);
    this.out = out;
  }

  @Override
  public void visit(long offset, LogRecord record) {
    Candidate candidate = scan.candidate(offset, record);
    if (candidate != null) {
      Verdict verdict = scan.verdict(candidate);
      count(candidate, verdict);
      Event event = candidate.event();
      // Also what is no row takes outcomes away from earlier showings of the same item.
      waiting.add(
          new Waiting(
              join.show(event.user(), event.item(), event.timeMs()), verdict == Verdict.TAKEN));
    }
    if (record instanceof LogRecord.Happened(Event event) && event.impression() == null) {
      join.outcome(event);
    }
    while (written < join.settled()) {
      writeNext();
    }
  }

  private void count(Candidate candidate, Verdict verdict) {
    switch (verdict) {
      case TAKEN -> {
        taken++;
        lagMax = Math.max(lagMax, candidate.offset() - candidate.due());
        lastAsOf = Math.max(lastAsOf, candidate.replay() ? candidate.asOf() : 0);
      }
      case TOO_LATE -> tooLate++;
      case OUTSIDE -> {}
    }
  }

  private void writeNext() {
    Waiting next = waiting.remove();
    written++;
    if (!next.isRow()) {
      return;
    }
    try {
      for (float label : next.labels()) {
        out.write(label > 0 ? 1 : 0);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The log has ended: nothing changes any more. */
  void end() {
    while (!waiting.isEmpty()) {
      writeNext();
    }
  }

  /** How many rows there are. */
  long taken() {
    return taken;
  }

  /** How many impressions were left out as too late. */
  long tooLate() {
    return tooLate;
  }

  /** How many records at most lie between a row's record and where it is due. */
  long lagMax() {
    return lagMax;
  }

  /** No state behind this offset is needed. */
  long lastAsOf() {
    return lastAsOf;
  }
}
