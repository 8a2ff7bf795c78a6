package io.winnow.lifecycle.triggers;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An even sample of the slates of one day, with what was logged of their first items: the {@value
 * #SLATES} whose requests have the smallest hashes, so that it depends neither on their order nor
 * on how many there are. Not thread-safe.
 */
final class SlateRows {
  /** Most slates of a day. */
  static final int SLATES = 2_000;

  /** Most items of a slate that are kept. */
  static final int ITEMS = 8;

  private final Map<String, Row> byRequest = new HashMap<>();
  private final TreeMap<Long, Row> byHash = new TreeMap<>();

  /**
   * One slate.
   *
   * @param shown its first items, at most {@value #ITEMS}
   */
  record Row(String request, UserId user, List<Shown> shown) {}

  /** One item of a slate. */
  record Shown(ItemId item, float[] features) {}

  /** Takes an impression in, if its slate is in the sample. */
  void add(Event event, Impression impression) {
    Row row = byRequest.get(impression.requestId());
    if (row == null) {
      row = admit(event.user(), impression.requestId());
    }
    if (row != null && row.shown.size() < ITEMS) {
      row.shown.add(new Shown(event.item(), impression.features()));
    }
  }

  private @Nullable Row admit(UserId user, String request) {
    long hash = new Seed(0).derive(request).value();
    if (byHash.size() == SLATES && hash >= byHash.lastKey()) {
      return null;
    }
    Row row = new Row(request, user, new ArrayList<>(ITEMS));
    Row before = byHash.put(hash, row);
    if (before != null) {
      byRequest.remove(before.request);
    } else if (byHash.size() > SLATES) {
      byRequest.remove(byHash.pollLastEntry().getValue().request);
    }
    byRequest.put(request, row);
    return row;
  }

  /** In an order that follows from the requests. */
  Collection<Row> rows() {
    return byHash.values();
  }

  int size() {
    return byHash.size();
  }
}
