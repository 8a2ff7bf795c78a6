package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.features.PointInTimeJoin.Side;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class PointInTimeJoinTest {
  private final RandomGenerator random = new Seed(5).generator("join");

  /** Looks at every event for every request. */
  private static int[] naive(Side requests, Side events) {
    int[] result = new int[requests.rows()];
    for (int r = 0; r < result.length; r++) {
      int best = PointInTimeJoin.NONE;
      for (int e = 0; e < events.rows(); e++) {
        if (events.keys()[e] == requests.keys()[r]
            && events.times()[e] <= requests.times()[r]
            && (best == PointInTimeJoin.NONE || events.times()[e] >= events.times()[best])) {
          best = e;
        }
      }
      result[r] = best;
    }
    return result;
  }

  private Side side(int rows, int keys, long from, long to) {
    return new Side(
        random.ints(rows, 0, keys).toArray(),
        from == to ? filled(rows, from) : random.longs(rows, from, to).toArray());
  }

  private static long[] filled(int rows, long value) {
    long[] times = new long[rows];
    Arrays.fill(times, value);
    return times;
  }

  @Test
  void rows_ofRandomTables_areThoseOfTheNaiveJoin() {
    int matched = 0;
    int unmatched = 0;
    for (int round = 0; round < 60; round++) {
      int keys = 1 + random.nextInt(round % 3 == 0 ? 2 : 40);
      // Few distinct times: most rows tie.
      long to = round % 2 == 0 ? 50 : 1_000_000_000_000L;
      Side requests = side(random.nextInt(1500), keys, 0, to);
      Side events = side(random.nextInt(1500), keys, 0, to);
      int[] expected = naive(requests, events);
      int[] found = PointInTimeJoin.rows(requests, events, keys, 1 + round % 4);
      assertArrayEquals(expected, found, "round " + round);
      for (int row : found) {
        matched += row == PointInTimeJoin.NONE ? 0 : 1;
        unmatched += row == PointInTimeJoin.NONE ? 1 : 0;
      }
    }
    assertTrue(matched > 10_000 && unmatched > 1_000, matched + " and " + unmatched);
  }

  @Test
  void rows_ofAnyLongTimes_areThoseOfTheNaiveJoin() {
    long[] extremes = {Long.MIN_VALUE, Long.MIN_VALUE + 1, -1, 0, 1, Long.MAX_VALUE};
    for (int rows : new int[] {30, 900}) {
      long[] requestTimes = random.longs(rows).toArray();
      long[] eventTimes = random.longs(rows).toArray();
      System.arraycopy(extremes, 0, requestTimes, 3, extremes.length);
      System.arraycopy(extremes, 0, eventTimes, 7, extremes.length);
      // The upper halves tie, the lower ones decide; and the other way round.
      for (int i = 20; i < rows; i++) {
        eventTimes[i] = i % 2 == 0 ? eventTimes[i] >>> 32 : eventTimes[i] >> 32 << 32;
      }
      Side requests = new Side(random.ints(rows, 0, 2).toArray(), requestTimes);
      Side events = new Side(random.ints(rows, 0, 2).toArray(), eventTimes);
      assertArrayEquals(naive(requests, events), PointInTimeJoin.rows(requests, events, 2, 2));
    }
  }

  /** The upper bits tell nothing apart: a rough order by them cannot be mended in a few moves. */
  @Test
  void rows_closeTimesAndOneFarAway_areThoseOfTheNaiveJoin() {
    for (long far : new long[] {1L << 31, 1L << 40, Long.MAX_VALUE}) {
      Side requests = side(2000, 2, 0, 700);
      Side events = side(2000, 2, 0, 700);
      events.times()[1234] = far;
      requests.times()[77] = far;
      requests.keys()[77] = events.keys()[1234];
      int[] found = PointInTimeJoin.rows(requests, events, 2, 2);
      assertArrayEquals(naive(requests, events), found);
      assertEquals(1234, found[77]);
    }
  }

  @Test
  void rows_sortedInput_areThoseOfTheNaiveJoin() {
    Side requests = side(1000, 3, 0, 5000);
    Side events = side(1000, 3, 0, 5000);
    Arrays.sort(requests.times());
    Arrays.sort(events.times());
    assertArrayEquals(naive(requests, events), PointInTimeJoin.rows(requests, events, 3, 2));
  }

  @Test
  void values_tiesAndEdges_areAsDocumented() {
    Side events = new Side(new int[] {0, 0, 1, 0}, new long[] {10, 10, 5, 20});
    float[] values = {1, 2, 3, Float.NaN};
    Side requests = new Side(new int[] {0, 0, 0, 0, 1, 2}, new long[] {9, 10, 19, 20, 5, 100});
    assertArrayEquals(
        new float[] {Float.NaN, 2, 2, Float.NaN, 3, Float.NaN},
        PointInTimeJoin.values(requests, events, values, 3, 2));
    assertArrayEquals(new int[] {-1, 1, 1, 3, 2, -1}, PointInTimeJoin.rows(requests, events, 3, 2));
  }

  @Test
  void rows_anyNumberOfThreads_giveTheSame() {
    Side requests = side(20_000, 7, 0, 100_000);
    Side events = side(20_000, 7, 0, 100_000);
    int[] one = PointInTimeJoin.rows(requests, events, 7, 1);
    for (int threads : new int[] {2, 3, 16}) {
      assertArrayEquals(one, PointInTimeJoin.rows(requests, events, 7, threads));
    }
  }

  @Test
  void rows_emptySides_matchNothing() {
    Side none = new Side(new int[0], new long[0]);
    Side some = side(10, 2, 0, 10);
    assertArrayEquals(new int[0], PointInTimeJoin.rows(none, some, 2, 4));
    int[] nothing = new int[10];
    Arrays.fill(nothing, PointInTimeJoin.NONE);
    assertArrayEquals(nothing, PointInTimeJoin.rows(some, none, 2, 4));
    assertArrayEquals(new int[0], PointInTimeJoin.rows(none, none, 0, 1));
  }

  @Test
  void rows_badInput_isRefusedByName() {
    Side good = side(10, 2, 0, 10);
    Side bad = new Side(new int[] {0, 2}, new long[] {1, 1});
    refused("events.keys[1]: 2", () -> PointInTimeJoin.rows(good, bad, 2, 2));
    refused("requests.keys[1]: 2", () -> PointInTimeJoin.rows(bad, good, 2, 2));
    refused("threads: 0", () -> PointInTimeJoin.rows(good, good, 2, 0));
    refused("values: 1 rows", () -> PointInTimeJoin.values(good, good, new float[1], 2, 1));
    refused("times: 0 rows", () -> new Side(new int[1], new long[0]));
  }

  private static void refused(String message, Runnable call) {
    WinnowException refusal = assertThrows(WinnowException.class, call::run);
    assertEquals(message, refusal.getMessage().substring(0, message.length()));
  }
}
