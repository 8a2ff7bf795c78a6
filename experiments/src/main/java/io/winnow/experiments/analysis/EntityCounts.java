package io.winnow.experiments.analysis;

import java.util.Arrays;

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

  /** One arm's counts, read out of the map once. */
  Arm arm(int arm) {
    int[] parts = new int[counts.size()];
    int[] entities = new int[parts.length];
    int[] numbers = new int[parts.length];
    int[] size = new int[1];
    counts.forEach((key, count) -> {
      if (part(key) / BUCKETS == arm) {
        parts[size[0]] = part(key) % BUCKETS;
        entities[size[0]] = entity(key);
        numbers[size[0]++] = count;
      }
    });
    return new Arm(
        Arrays.copyOf(parts, size[0]),
        Arrays.copyOf(entities, size[0]),
        Arrays.copyOf(numbers, size[0]));
  }

  /** One arm's counts; it owns its arrays, which are of one length. */
  record Arm(int[] parts, int[] entities, int[] numbers) {
    /** Impressions by part of the units. */
    long[] byPart() {
      long[] sums = new long[BUCKETS];
      for (int i = 0; i < parts.length; i++) {
        sums[parts[i]] += numbers[i];
      }
      return sums;
    }

    /** Impressions by entity, of all parts but one; -1 for all of them. */
    long[] sums(int without, int entityCount) {
      long[] sums = new long[entityCount];
      for (int i = 0; i < parts.length; i++) {
        if (parts[i] != without) {
          sums[entities[i]] += numbers[i];
        }
      }
      return sums;
    }
  }

  private static int part(long key) {
    return (int) (key >>> ENTITY_BITS) - 1;
  }

  private static int entity(long key) {
    return (int) (key & (1L << ENTITY_BITS) - 1);
  }
}
