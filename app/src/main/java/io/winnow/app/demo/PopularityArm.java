package io.winnow.app.demo;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.features.Catalog;
import io.winnow.features.OnlineStore;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What Winnow is compared with: the available items that had the most events in the last 7 days and
 * that the user has not had, from the same store at the same moment. Its impressions are logged
 * too, so that click rates mean the same whoever showed the item. Not thread-safe.
 */
final class PopularityArm {
  private static final String NAME = "popularity";

  private final EventLog log;
  private final OnlineStore store;
  private long requests;

  PopularityArm(EventLog log, OnlineStore store) {
    this.log = log;
    this.store = store;
  }

  /**
   * A slate that was shown.
   *
   * @param items best first
   */
  record Shown(String requestId, List<ItemId> items) {}

  /** Makes a slate and logs its impressions. */
  Shown show(UserId user, int n, long timeMs) {
    String requestId = NAME + "-" + ++requests;
    List<ItemId> items = slate(user, n, timeMs);
    List<LogRecord> impressions = new ArrayList<>();
    for (int position = 0; position < items.size(); position++) {
      Impression impression =
          new Impression(
              requestId,
              position,
              1,
              new Impression.Provenance(NAME, NAME, NAME, 0),
              0,
              0,
              new float[0]);
      impressions.add(
          new LogRecord.Happened(
              new Event(
                  requestId + ":" + position,
                  Event.IMPRESSION,
                  user,
                  items.get(position),
                  timeMs,
                  Double.NaN,
                  requestId,
                  impression)));
    }
    append(log, impressions);
    return new Shown(requestId, items);
  }

  private List<ItemId> slate(UserId user, int n, long timeMs) {
    Catalog catalog = store.catalog();
    float[] counts = store.itemCounts(7, timeMs);
    BitSet had = new BitSet();
    for (int item : store.history(user).items()) {
      had.set(item);
    }
    return IntStream.range(0, counts.length)
        .filter(item -> catalog.available(item) && !had.get(item))
        .boxed()
        .sorted((a, b) -> Float.compare(counts[b], counts[a]))
        .limit(n)
        .map(catalog::item)
        .toList();
  }

  /** Appends records that must all be new and valid. */
  static void append(EventLog log, List<LogRecord> records) {
    if (records.isEmpty()) {
      return;
    }
    for (EventLog.Verdict verdict : log.append(records)) {
      if (verdict.status() != EventLog.Verdict.Status.ACCEPTED) {
        throw new WinnowException(ErrorCode.INTERNAL, "the world's records: " + verdict);
      }
    }
  }
}
