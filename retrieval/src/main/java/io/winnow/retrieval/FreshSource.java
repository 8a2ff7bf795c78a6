package io.winnow.retrieval;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import io.winnow.features.Catalog;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Proposes the newest items. An item's time is its TIME attribute if the application has one and
 * the item carries it, else when the catalogue first saw it; times after the request do not count
 * yet. The score is {@code 1 / (1 + age in days)}.
 *
 * <p>Live over the catalogue. The order of all items is kept and renewed once every {@code
 * refreshMs} of request time or {@link #TAIL_LIMIT} new items; items that came after it are looked
 * at by every request, so a new item can be proposed at once, while a changed time is seen at the
 * next renewal. Thread-safe.
 */
public final class FreshSource implements CandidateSource {
  /** How many items may come before the order is renewed early. */
  static final int TAIL_LIMIT = 1000;

  private static final float MS_PER_DAY = 86_400_000f;

  private final String name;
  private final Catalog catalog;
  private final @Nullable String attribute;
  private final long refreshMs;
  private volatile @Nullable Order order;

  /** The items below {@code size}, newest first, as of a step of request time. */
  private record Order(long stepMs, int size, int[] items, long[] timesMs) {}

  private record Dated(int item, long timeMs) implements Comparable<Dated> {
    /** Newest first; of the same time the one that came last. */
    @Override
    public int compareTo(Dated other) {
      int byTime = Long.compare(other.timeMs, timeMs);
      return byTime != 0 ? byTime : Integer.compare(other.item, item);
    }
  }

  /**
   * A source over the catalogue.
   *
   * @param attribute the TIME attribute that dates an item, or null for none; see {@link
   *     #timeAttribute}
   * @param refreshMs how long an order stands, >= 1
   */
  public FreshSource(String name, Catalog catalog, @Nullable String attribute, long refreshMs) {
    if (refreshMs < 1) {
      throw new IllegalArgumentException("refreshMs: " + refreshMs + " (expected: >= 1)");
    }
    this.name = name;
    this.catalog = catalog;
    this.attribute = attribute;
    this.refreshMs = refreshMs;
  }

  /** The attribute that dates items: {@code published} if there is one, else the first TIME. */
  public static Optional<String> timeAttribute(Schema schema) {
    if (schema.itemAttributes().get("published") == AttributeType.TIME) {
      return Optional.of("published");
    }
    return schema.itemAttributes().entrySet().stream()
        .filter(entry -> entry.getValue() == AttributeType.TIME)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  @Override
  public String name() {
    return name;
  }

  private long timeOf(int item) {
    AttributeValue value = attribute == null ? null : catalog.attribute(item, attribute);
    return value instanceof AttributeValue.Time time ? time.epochMs() : catalog.firstSeenMs(item);
  }

  private Order orderAt(long timeMs) {
    long stepMs = Math.floorDiv(timeMs, refreshMs) * refreshMs;
    Order known = order;
    return known != null && usable(known, stepMs) ? known : renew(stepMs);
  }

  private boolean usable(Order known, long stepMs) {
    return known != null && known.stepMs() >= stepMs && catalog.size() - known.size() <= TAIL_LIMIT;
  }

  private synchronized Order renew(long stepMs) {
    Order known = order;
    if (known != null && usable(known, stepMs)) {
      return known;
    }
    int size = catalog.size();
    Dated[] dated = new Dated[size];
    for (int item = 0; item < size; item++) {
      dated[item] = new Dated(item, timeOf(item));
    }
    Arrays.sort(dated);
    int[] items = new int[size];
    long[] times = new long[size];
    for (int i = 0; i < size; i++) {
      items[i] = dated[i].item();
      times[i] = dated[i].timeMs();
    }
    Order renewed = new Order(stepMs, size, items, times);
    order = renewed;
    return renewed;
  }

  private static float freshness(long itemMs, long nowMs) {
    return 1 / (1 + Math.max(0, nowMs - itemMs) / MS_PER_DAY);
  }

  @Override
  public Prepared prepare(Query query) {
    return new Request(query);
  }

  private final class Request implements Prepared {
    private final Query query;

    Request(Query query) {
      this.query = query;
    }

    @Override
    public Candidates retrieve(int k) {
      Order known = orderAt(query.timeMs());
      PriorityQueue<Dated> tail = new PriorityQueue<>();
      for (int item = known.size(); item < catalog.size(); item++) {
        tail.add(new Dated(item, timeOf(item)));
      }
      Gathered gathered = new Gathered(k);
      for (int i = 0; i < known.items().length && !gathered.full(); i++) {
        Dated next = new Dated(known.items()[i], known.timesMs()[i]);
        takeWhileNewer(tail, next, gathered);
        offer(next, gathered);
      }
      takeWhileNewer(tail, new Dated(-1, Long.MIN_VALUE), gathered);
      return gathered.candidates();
    }

    private void takeWhileNewer(PriorityQueue<Dated> tail, Dated than, Gathered gathered) {
      for (Dated newest = tail.peek();
          newest != null && newest.compareTo(than) < 0;
          newest = tail.peek()) {
        offer(newest, gathered);
        tail.remove();
      }
    }

    private void offer(Dated dated, Gathered gathered) {
      if (!gathered.full()
          && dated.timeMs() <= query.timeMs()
          && query.filter().allows(dated.item())) {
        gathered.add(dated.item(), freshness(dated.timeMs(), query.timeMs()));
      }
    }

    @Override
    public float[] score(int[] items) {
      float[] scores = new float[items.length];
      for (int i = 0; i < items.length; i++) {
        long timeMs = items[i] < catalog.size() ? timeOf(items[i]) : Long.MAX_VALUE;
        scores[i] = timeMs <= query.timeMs() ? freshness(timeMs, query.timeMs()) : Float.NaN;
      }
      return scores;
    }
  }
}
