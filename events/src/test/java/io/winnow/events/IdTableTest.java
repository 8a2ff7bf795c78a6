package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class IdTableTest {
  private record Key(long high, long low) {}

  private final IdTable table = new IdTable();
  private final List<Key> keys = new ArrayList<>();
  private final Map<Key, Integer> oracle = new HashMap<>();

  private void add(Key key) {
    assertEquals(-1, table.addIfAbsent(key.high(), key.low(), keys.size() * 3L, keys.size() * 5L));
    assertEquals(keys.size(), table.addIfAbsent(key.high(), key.low(), -1, -1));
    oracle.put(key, keys.size());
    keys.add(key);
  }

  private void shrink(int size) {
    table.shrink(size);
    while (keys.size() > size) {
      oracle.remove(keys.removeLast());
    }
  }

  private void assertSame(List<Key> asked) {
    assertEquals(keys.size(), table.size());
    for (Key key : asked) {
      int found = table.find(key.high(), key.low());
      assertEquals(oracle.getOrDefault(key, -1), found);
      if (found >= 0) {
        assertEquals(found * 3L, table.offset(found));
        assertEquals(found * 5L, table.content(found));
      }
    }
    long[] sorted = table.sorted();
    assertEquals(IdTable.ENTRY_LONGS * keys.size(), sorted.length);
    for (int at = 0; at < sorted.length; at += IdTable.ENTRY_LONGS) {
      int number = oracle.getOrDefault(new Key(sorted[at], sorted[at + 1]), -1);
      assertEquals(number * 3L, sorted[at + 2]);
      assertEquals(number * 5L, sorted[at + 3]);
      if (at > 0) {
        int byHigh = Long.compareUnsigned(sorted[at - IdTable.ENTRY_LONGS], sorted[at]);
        long lowBefore = sorted[at - IdTable.ENTRY_LONGS + 1];
        assertTrue(
            byHigh < 0 || (byHigh == 0 && Long.compareUnsigned(lowBefore, sorted[at + 1]) < 0),
            "ascending");
      }
    }
  }

  @Test
  void addAndShrink_random_agreesWithAMap() {
    RandomGenerator random = new Seed(21).generator("ids");
    List<Key> asked = new ArrayList<>();
    for (int round = 0; round < 60; round++) {
      for (int n = random.nextInt(400); n > 0; n--) {
        Key key = new Key(random.nextLong(), random.nextLong());
        asked.add(key);
        if (random.nextInt(4) > 0) {
          add(key);
        }
      }
      if (random.nextInt(3) == 0) {
        shrink(random.nextInt(keys.size() + 1));
      }
      assertSame(asked);
    }
    assertTrue(asked.size() > 5000, "grown past several doublings: " + asked.size());
  }

  @Test
  void add_keysThatAgreeInMostBits_agreesWithAMap() {
    // Far more in a row than hashes ever have: they overflow the last slots, too.
    for (int i = 0; i < 40; i++) {
      add(new Key(-1, i));
      add(new Key(-1 - ((long) i << 40), -1));
      add(new Key(i, (long) i << 32));
      add(new Key(1L << 63 | i, 0));
    }
    List<Key> asked = new ArrayList<>(keys);
    asked.add(new Key(-1, 40));
    asked.add(new Key(-1, 1L << 32));
    asked.add(new Key(0, 1));
    assertSame(asked);
    for (int size = keys.size(); size > 0; size -= 7) {
      shrink(size);
      assertSame(asked);
    }
  }
}
