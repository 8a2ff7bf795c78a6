package io.winnow.lifecycle.trainingset;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.features.FeatureSchema;
import io.winnow.lifecycle.trainingset.Provenance.Rows;
import io.winnow.lifecycle.trainingset.Provenance.Selection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which records become rows, from which state, and which of their values were logged. Two
 * scans of one log decide the same. Visits records in log order; not thread-safe.
 */
final class RowScan {
  private final Selection selection;
  private final Logged logged;
  private final int lagMax;
  private @Nullable String lastRequest;
  private long lastAsOf;

  /**
   * Where the wanted features stand among those that impressions carry.
   *
   * @param hash of the schema that serving used
   * @param width how many values it has
   * @param columns for each wanted feature its place there, or -1 if it was not logged
   */
  record Logged(long hash, int width, int[] columns) {
    static Logged of(FeatureSchema served, FeatureSchema wanted) {
      List<String> known =
          served.definitions().stream().map(f -> f.qualifiedName() + f.version()).toList();
      int[] columns =
          wanted.definitions().stream()
              .mapToInt(f -> known.indexOf(f.qualifiedName() + f.version()))
              .toArray();
      return new Logged(served.hash(), served.size(), columns);
    }

    boolean carries(@Nullable Impression impression) {
      return impression != null
          && impression.schemaHash() == hash
          && impression.features().length == width;
    }

    boolean isComplete() {
      for (int column : columns) {
        if (column < 0) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * A row to be.
   *
   * @param offset its record's
   * @param asOf records below this offset were visible
   * @param replay whether a value has to be computed by replay
   */
  record Candidate(long offset, long asOf, Event event, boolean replay) {
    /** When it can be written: no state has to be kept for a row that needs none. */
    long due() {
      return replay ? asOf : offset;
    }
  }

  /** What a scan makes of a candidate. */
  enum Verdict {
    /** It is a row. */
    TAKEN,
    /** Its time lies outside. */
    OUTSIDE,
    /** It came too long after the state that it saw. */
    TOO_LATE
  }

  /**
   * @param lagMax how many records an impression may come after the state that it saw, if values
   *     have to be computed from that state
   */
  RowScan(Selection selection, Logged logged, int lagMax) {
    this.selection = selection;
    this.logged = logged;
    this.lagMax = lagMax;
  }

  /** The candidate that a record is, if it is one. */
  @Nullable Candidate candidate(long offset, LogRecord record) {
    if (!(record instanceof LogRecord.Happened(Event event))) {
      return null;
    }
    Impression impression = event.impression();
    if (selection.rows() == Rows.EVENTS) {
      return impression == null ? new Candidate(offset, offset, event, true) : null;
    }
    if (impression == null) {
      return null;
    }
    if (!impression.requestId().equals(lastRequest)) {
      // As in TrainingRequests: an impression without values says nothing of offsets.
      long asOf = impression.features().length > 0 ? impression.asOfOffset() : offset;
      lastRequest = impression.requestId();
      lastAsOf = Math.clamp(asOf, 0, offset);
    }
    boolean replay = !logged.isComplete() || !logged.carries(impression);
    return new Candidate(offset, lastAsOf, event, replay);
  }

  Verdict verdict(Candidate candidate) {
    long timeMs = candidate.event().timeMs();
    Long from = selection.fromMs();
    Long to = selection.toMs();
    if ((from != null && timeMs < from) || (to != null && timeMs >= to)) {
      return Verdict.OUTSIDE;
    }
    return candidate.offset() - candidate.due() > lagMax ? Verdict.TOO_LATE : Verdict.TAKEN;
  }
}
