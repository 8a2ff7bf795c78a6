package io.winnow.events.importing;

import io.winnow.core.UserId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives events without time the next known time of their user, or at the end of the history the
 * last known one: late rather than early, so that no event seems to have been known before it was.
 * Rows without a place in the history take the last known time. A history without any known time
 * takes, as a whole, the last one that stood above its rows in the file: files of ratings are
 * written in the order of users' first visits more often than in none.
 *
 * <p>Takes entries in the order of (hash of the user, place, row) and holds one user's history at a
 * time.
 */
final class GapFiller implements SortedRuns.Visitor {
  /** Receives what has a time now, and what cannot have one. */
  interface Sink {
    void filled(SortedRuns.Entry entry, EventDraft draft) throws IOException;

    /** As {@link #filled}, but the time is another user's. */
    void borrowed(SortedRuns.Entry entry, EventDraft draft) throws IOException;

    /** No time stood above, either. */
    void hopeless(SortedRuns.Entry entry, EventDraft draft);
  }

  /** An entry with its decoded payload. */
  private record Place(SortedRuns.Entry entry, EventDraft draft) {}

  private final Sink sink;
  private final List<Place> sameHash = new ArrayList<>();

  GapFiller(Sink sink) {
    this.sink = sink;
  }

  @Override
  public void visit(SortedRuns.Entry entry) throws IOException {
    if (!sameHash.isEmpty() && sameHash.getFirst().entry().major() != entry.major()) {
      finish();
    }
    sameHash.add(new Place(entry, EventDraft.decode(entry.payload())));
  }

  /** Hands the last user's history on. */
  void finish() throws IOException {
    Map<UserId, List<Place>> histories = new LinkedHashMap<>();
    for (Place place : sameHash) {
      histories.computeIfAbsent(place.draft().event().user(), u -> new ArrayList<>()).add(place);
    }
    sameHash.clear();
    for (List<Place> history : histories.values()) {
      fill(history);
    }
  }

  private void fill(List<Place> history) throws IOException {
    long latest = -1;
    for (Place place : history) {
      if (place.draft().timeKnown()) {
        latest = Math.max(latest, place.draft().event().timeMs());
      }
    }
    if (latest < 0) {
      borrow(history);
      return;
    }
    long next = latest;
    for (Place place : history.reversed()) {
      boolean placed = place.entry().minor() != EventTable.NO_ORDER;
      EventDraft draft = place.draft();
      if (!draft.timeKnown()) {
        draft = draft.at(placed ? next : latest);
      } else if (placed) {
        next = draft.event().timeMs();
      }
      sink.filled(place.entry(), draft);
    }
  }

  private void borrow(List<Place> history) throws IOException {
    long above = 0;
    for (Place place : history) {
      above = Math.max(above, place.draft().event().timeMs());
    }
    for (Place place : history) {
      if (above > 0) {
        sink.borrowed(place.entry(), place.draft().at(above));
      } else {
        sink.hopeless(place.entry(), place.draft());
      }
    }
  }
}
