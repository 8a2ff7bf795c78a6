package io.winnow.experiments.analysis;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The items as the log knows them at a moment: groups, age, and whether they may be shown. A fold
 * in log order. Holds every item that was put or shown. Not thread-safe.
 *
 * <p>An item's time is its TIME attribute if the application has one and the item carries it, else
 * when the log first named it; as for the source of fresh items.
 */
final class Catalogue {
  private static final int FIRST = 1024;
  private static final int[] NONE = {};
  private static final int[] NEW = {0};
  private static final int[] OLDER = {1};
  private static final long NEW_MS = TimeUnit.DAYS.toMillis(7);
  private static final List<String> AGES = List.of("at most 7 days old", "older");

  private final LongIntMap index = new LongIntMap();
  private final List<String> attributes;
  private final @Nullable String timeAttribute;
  private final List<Map<String, Integer>> values = new ArrayList<>();
  private final List<Map<List<String>, int[]>> interned = new ArrayList<>();
  private final int[][][] groups;
  private long[] createdMs = new long[FIRST];
  private boolean[] available = new boolean[FIRST];
  private long[] goneMs = new long[FIRST];
  private int[] newTimes = new int[FIRST];
  private int[] olderTimes = new int[FIRST];
  private int size;

  /**
   * A catalogue without items.
   *
   * @param attributes whose values are groups
   */
  Catalogue(Schema schema, Set<String> attributes) {
    this.attributes = List.copyOf(attributes);
    this.timeAttribute =
        schema.itemAttributes().entrySet().stream()
            .filter(entry -> entry.getValue() == AttributeType.TIME)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse(null);
    this.groups = new int[this.attributes.size()][FIRST][];
    for (int i = 0; i < groups.length; i++) {
      values.add(new LinkedHashMap<>());
      interned.add(new HashMap<>());
    }
  }

  void put(LogRecord.ItemPut put) {
    int item = find(put.item(), put.timeMs());
    if (available[item] && !put.available()) {
      goneMs[item] = put.timeMs();
    }
    available[item] = put.available();
    if (timeAttribute != null
        && put.attributes().get(timeAttribute) instanceof AttributeValue.Time time) {
      createdMs[item] = time.epochMs();
    }
    for (int a = 0; a < groups.length; a++) {
      AttributeValue value = put.attributes().get(attributes.get(a));
      groups[a][item] = value == null ? NONE : codes(a, value.categories());
    }
  }

  void remove(LogRecord.ItemRemoved removed) {
    int item = find(removed.item(), removed.timeMs());
    if (available[item]) {
      goneMs[item] = removed.timeMs();
    }
    available[item] = false;
  }

  private int[] codes(int attribute, List<String> categories) {
    int[] known = interned.get(attribute).get(categories);
    if (known != null) {
      return known;
    }
    int[] codes = new int[categories.size()];
    for (int i = 0; i < codes.length; i++) {
      Map<String, Integer> all = values.get(attribute);
      Integer next = all.size();
      Integer before = all.putIfAbsent(categories.get(i), next);
      codes[i] = before == null ? next : before;
    }
    interned.get(attribute).put(List.copyOf(categories), codes);
    return codes;
  }

  /** An item's index; one that is new here is in no group and, until it is put, not available. */
  int find(ItemId item, long timeMs) {
    long key = Hashes.of(item.value());
    int found = index.get(key);
    if (found == LongIntMap.ABSENT) {
      found = size++;
      index.put(key, found);
      if (size > available.length) {
        int length = available.length * 2;
        available = Arrays.copyOf(available, length);
        createdMs = Arrays.copyOf(createdMs, length);
        goneMs = Arrays.copyOf(goneMs, length);
        newTimes = Arrays.copyOf(newTimes, length);
        olderTimes = Arrays.copyOf(olderTimes, length);
        for (int a = 0; a < groups.length; a++) {
          groups[a] = Arrays.copyOf(groups[a], length);
        }
      }
      createdMs[found] = timeMs;
      goneMs[found] = Long.MIN_VALUE;
      for (int[][] ofAttribute : groups) {
        ofAttribute[found] = NONE;
      }
    }
    return found;
  }

  int size() {
    return size;
  }

  /** Whether an item could be shown at some time since then. */
  boolean wasAvailable(int item, long sinceMs) {
    return available[item] || goneMs[item] >= sinceMs;
  }

  /** How old an item is at a time, in milliseconds; below 0 for one that is dated later. */
  long ageMs(int item, long timeMs) {
    return timeMs - createdMs[item];
  }

  /** The position of an attribute among those that are groups. */
  int attribute(String name) {
    return attributes.indexOf(name);
  }

  /** The codes of an item's groups; owned by the catalogue. */
  int[] groups(int attribute, int item) {
    return groups[attribute][item];
  }

  /**
   * What of a dimension an item belongs to at a time.
   *
   * @param dimension an attribute, {@link Needs#ITEMS} or {@link Needs#AGE}
   */
  int[] entities(String dimension, int item, long timeMs) {
    return switch (dimension) {
      case Needs.ITEMS -> new int[] {item};
      case Needs.AGE -> ageMs(item, timeMs) <= NEW_MS ? NEW : OLDER;
      default -> groups(attribute(dimension), item);
    };
  }

  /** Counts each item that may be shown at a time among the new or the older ones. */
  void countAges(long timeMs) {
    for (int item = 0; item < size; item++) {
      if (available[item]) {
        (ageMs(item, timeMs) <= NEW_MS ? newTimes : olderTimes)[item]++;
      }
    }
  }

  /** How often an item was counted among the new ones (0) or the older ones (1). */
  int ageTimes(int age, int item) {
    return (age == 0 ? newTimes : olderTimes)[item];
  }

  /** How many entities a dimension has. */
  int entities(String dimension) {
    return switch (dimension) {
      case Needs.ITEMS -> size;
      case Needs.AGE -> AGES.size();
      default -> values.get(attribute(dimension)).size();
    };
  }

  /** The names of a dimension's groups; items have none here. */
  List<String> entityNames(String dimension) {
    return switch (dimension) {
      case Needs.ITEMS -> List.of();
      case Needs.AGE -> AGES;
      default -> names(attribute(dimension));
    };
  }

  /** The code of a group, or -1 if no item has been in it so far. */
  int code(int attribute, String value) {
    return values.get(attribute).getOrDefault(value, -1);
  }

  /** The groups in the order of their codes. */
  List<String> names(int attribute) {
    return List.copyOf(values.get(attribute).keySet());
  }
}
