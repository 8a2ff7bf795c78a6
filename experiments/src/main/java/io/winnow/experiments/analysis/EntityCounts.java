package io.winnow.experiments.analysis;

import java.util.ArrayList;
import java.util.List;

/**
 * How often each arm showed each item, or each group of items, in {@value #BUCKETS} parts of its
 * units: whole parts are left out in turn to learn how sure a figure is. Not thread-safe.
 */
final class EntityCounts {
  /** Parts of an arm's units. */
  static final int BUCKETS = 20;

  private static final int ENTITY_BITS = 40;

  private final LongIntMap counts = new LongIntMap();
  private final int max;
  private boolean full;

  EntityCounts(int max) {
    this.max = max;
  }

  /** Counts one impression. */
  void add(int arm, long unitHash, int entity) {
    long part = (long) arm * BUCKETS + Long.remainderUnsigned(unitHash >>> 8, BUCKETS);
    long key = (part + 1) << ENTITY_BITS | entity;
    if (counts.size() >= max && counts.get(key) == LongIntMap.ABSENT) {
      full = true;
      return;
    }
    counts.add(key, 1);
  }

  /** Whether there were more than may be held: the counts are not whole then. */
  boolean isFull() {
    return full;
  }

  /** An arm's impressions by entity. */
  long[] total(int arm, int entities) {
    long[] sums = new long[entities];
    counts.forEach((key, count) -> {
      if (part(key) / BUCKETS == arm) {
        sums[entity(key)] += count;
      }
    });
    return sums;
  }

  /** An arm's impressions by entity, for each part of its units. */
  List<long[]> byBucket(int arm, int entities) {
    List<long[]> buckets = new ArrayList<>();
    for (int b = 0; b < BUCKETS; b++) {
      buckets.add(new long[entities]);
    }
    counts.forEach((key, count) -> {
      if (part(key) / BUCKETS == arm) {
        buckets.get(part(key) % BUCKETS)[entity(key)] += count;
      }
    });
    return buckets;
  }

  private static int part(long key) {
    return (int) (key >>> ENTITY_BITS) - 1;
  }

  private static int entity(long key) {
    return (int) (key & (1L << ENTITY_BITS) - 1);
  }
}
