package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EventIdentityTest {
  private static final EventIdentity IDENTITY = new EventIdentity(1, 2);

  private static long[] of(EventIdentity identity, LogRecord logRecord) {
    byte[] encoded = LogCodec.encode(logRecord);
    byte[] within = new byte[encoded.length + 5];
    System.arraycopy(encoded, 0, within, 3, encoded.length);
    long[] out = {7, 7, 7, 7};
    identity.of(within, 3, encoded.length, out, 1);
    assertEquals(7, out[0]);
    return Arrays.copyOfRange(out, 1, 4);
  }

  private static LogRecord event(
      String id, String type, String user, String item, long timeMs, double value, String request) {
    return new LogRecord.Happened(
        new Event(
            id,
            type,
            new UserId(user),
            new ItemId(item),
            timeMs,
            value,
            request.isEmpty() ? null : request,
            null));
  }

  @Test
  void of_sameEventAtAnotherTime_isTheSame() {
    for (double value : new double[] {Double.NaN, 1.5}) {
      long[] first = of(IDENTITY, event("a", "watch", "u", "i", 0, value, "r"));
      long[] later = of(IDENTITY, event("a", "watch", "u", "i", Long.MAX_VALUE, value, "r"));
      assertArrayEquals(first, later);
    }
  }

  @Test
  void of_anotherField_hasTheSameIdAndAnotherContent() {
    List<LogRecord> events =
        List.of(
            event("a", "watch", "u", "i", 5, Double.NaN, ""),
            event("a", "click", "u", "i", 5, Double.NaN, ""),
            event("a", "watch", "v", "i", 5, Double.NaN, ""),
            event("a", "watch", "u", "j", 5, Double.NaN, ""),
            event("a", "watch", "ui", "u", 5, Double.NaN, ""),
            event("a", "watch", "u", "i", 5, 0, ""),
            event("a", "watch", "u", "i", 5, 1, ""),
            event("a", "watch", "u", "i", 5, Double.NaN, "r"),
            event("a", "watch", "u", "i", 5, Double.NaN, "s"));
    Set<Long> contents = new HashSet<>();
    for (LogRecord logRecord : events) {
      long[] identity = of(IDENTITY, logRecord);
      assertArrayEquals(
          Arrays.copyOf(of(IDENTITY, events.getFirst()), 2), Arrays.copyOf(identity, 2));
      contents.add(identity[2]);
    }
    assertEquals(events.size(), contents.size());
  }

  @Test
  void of_generatedRecords_isDistinctForEventsAndZeroForOthers() {
    Map<List<Long>, LogRecord> ids = new HashMap<>();
    int others = 0;
    for (LogRecord logRecord : Samples.mixed(9, 5000)) {
      long[] identity = of(IDENTITY, logRecord);
      assertEquals(logRecord instanceof LogRecord.Happened, EventIdentity.isEvent(identity, 0));
      if (EventIdentity.isEvent(identity, 0)) {
        assertFalse(ids.containsKey(List.of(identity[0], identity[1])));
        ids.put(List.of(identity[0], identity[1]), logRecord);
      } else {
        assertArrayEquals(new long[3], identity);
        others++;
      }
    }
    assertTrue(ids.size() > 1000 && others > 1000, ids.size() + " and " + others);
  }

  @Test
  void of_anotherKey_isAnother() {
    LogRecord event = Samples.click("a", "u", "i");
    long[] one = of(IDENTITY, event);
    long[] other = of(new EventIdentity(1, 3), event);
    for (int i = 0; i < EventIdentity.LONGS; i++) {
      assertNotEquals(one[i], other[i]);
    }
  }
}
