package io.winnow.features;

import io.winnow.core.WinnowException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * The columnar point-in-time join: for each request the newest event of its key that is not later
 * than it. What databases call {@code ASOF LEFT JOIN}.
 *
 * <p>It is for event tables that are not in the log, such as prices from a warehouse. {@link
 * #values} is then what {@code last(event.value)} would be, had every row of the table stood in the
 * log at its time: it goes by time alone. {@link PointInTimeReplay} goes by time and by what the
 * log held at the request's offset, so an event that came late is seen there only by requests after
 * it came; here it is seen by every request after its time. A table with late rows therefore needs
 * the time of arrival as its time, or the join peeks.
 *
 * <p>Requests and events may come in any order. Events of one key and time tie: the one with the
 * larger row wins. Keys are dense numbers, as a dictionary gives them.
 *
 * <p>Both sides are distributed by key with one counting pass; within a key, which fits into a
 * core's cache unless keys are few and large, each side is sorted by time, and one merge finds the
 * matches. Sorting is by radix (least significant digit first, so stable) on words that hold time
 * and place together; a side that is in order already is left as it is. Cost: O(R + E + K); beside
 * the input 12 bytes for each row, 28 for each row of a thread's largest key, 4 for each key and
 * thread. Threads share rows while distributing and keys afterwards, so one key that holds nearly
 * everything is sorted by one thread.
 *
 * <p>Stateless and thread-safe.
 */
public final class PointInTimeJoin {
  /** In {@link #rows}: the key has no event that early. */
  public static final int NONE = -1;

  private static final int DIGIT_BITS = 11;
  private static final int DIGITS = 1 << DIGIT_BITS;

  /** Below this a radix pass costs more for its counters than for its rows. */
  private static final int RADIX_MIN = 256;

  /** Bits of time in one word; 31 are left for the place and one for the sign. */
  private static final int WORD_TIME_BITS = 32;

  private PointInTimeJoin() {}

  /**
   * One side of the join: row i has key {@code keys[i]} and time {@code times[i]}. The arrays
   * belong to the caller, who does not change them during a join.
   *
   * @param keys each in [0, keys of the join)
   * @param times in any unit, the same on both sides; any long
   */
  public record Side(int[] keys, long[] times) {
    /** Checks that the columns are equally long. */
    public Side {
      if (keys.length != times.length) {
        throw WinnowException.invalid("times", times.length + " rows", keys.length + ", as keys");
      }
    }

    /** How many rows. */
    public int rows() {
      return keys.length;
    }
  }

  /**
   * For each request the value of the newest event of its key that is not later than it.
   *
   * @param values of the events, shape (E)
   * @param keyCount K: keys are 0 to K - 1
   * @param threads how many to use, at least 1
   * @return shape (R), in the order of the requests; NaN where there is no such event
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names a key out of range, columns of
   *     different lengths, or a number of threads below 1
   */
  public static float[] values(
      Side requests, Side events, float[] values, int keyCount, int threads) {
    if (values.length != events.rows()) {
      throw WinnowException.invalid(
          "values", values.length + " rows", events.rows() + ", as the events");
    }
    float[] result = new float[requests.rows()];
    join(
        requests,
        events,
        keyCount,
        threads,
        (request, event) -> result[request] = event == NONE ? Float.NaN : values[event]);
    return result;
  }

  /**
   * For each request the row of the newest event of its key that is not later than it, for tables
   * with several values.
   *
   * @param keyCount K: keys are 0 to K - 1
   * @param threads how many to use, at least 1
   * @return shape (R), in the order of the requests; {@link #NONE} where there is no such event
   * @throws WinnowException as {@link #values}
   */
  public static int[] rows(Side requests, Side events, int keyCount, int threads) {
    int[] result = new int[requests.rows()];
    join(requests, events, keyCount, threads, (request, event) -> result[request] = event);
    return result;
  }

  /** Receives each request once, on any thread. */
  @FunctionalInterface
  private interface Match {
    void accept(int request, int event);
  }

  private static void join(Side requests, Side events, int keyCount, int threads, Match match) {
    if (threads < 1) {
      throw WinnowException.invalid("threads", threads, ">= 1");
    }
    if (keyCount < 0) {
      throw WinnowException.invalid("keyCount", keyCount, ">= 0");
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      ByKey left = ByKey.distribute("requests", requests, keyCount, threads, pool);
      ByKey right = ByKey.distribute("events", events, keyCount, threads, pool);
      int[] bounds = shares(left, right, keyCount, threads);
      each(
          pool,
          bounds.length - 1,
          share -> {
            Sorter leftSorter = new Sorter();
            Sorter rightSorter = new Sorter();
            for (int key = bounds[share]; key < bounds[share + 1]; key++) {
              leftSorter.sort(left, key);
              rightSorter.sort(right, key);
              merge(leftSorter, rightSorter, match);
            }
          });
    }
  }

  /** Runs of keys of about equal weight, several for each thread so that none waits long. */
  private static int[] shares(ByKey left, ByKey right, int keyCount, int threads) {
    long total = (long) left.rows.length + right.rows.length;
    long target = Math.max(1, total / (threads * 8L));
    int[] bounds = new int[keyCount + 1];
    int shares = 0;
    long weight = 0;
    for (int key = 0; key < keyCount; key++) {
      weight += (long) left.size(key) + right.size(key);
      if (weight >= target || key == keyCount - 1) {
        bounds[++shares] = key + 1;
        weight = 0;
      }
    }
    return Arrays.copyOf(bounds, shares + 1);
  }

  private static void merge(Sorter requests, Sorter events, Match match) {
    int next = 0;
    int event = NONE;
    for (int i = 0; i < requests.size; i++) {
      long time = requests.time(i);
      while (next < events.size && events.time(next) <= time) {
        event = events.row(next++);
      }
      match.accept(requests.row(i), event);
    }
  }

  /** Runs tasks 0 to count - 1 and throws the first failure when all have ended. */
  private static void each(ExecutorService pool, int count, IntConsumer task) {
    List<Future<?>> futures =
        IntStream.range(0, count)
            .<Future<?>>mapToObj(index -> pool.submit(() -> task.accept(index)))
            .toList();
    try {
      for (Future<?> future : futures) {
        future.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a part of the join failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while joining", e);
    }
  }

  /** A side's rows, those of one key together and in the order of the input. */
  private static final class ByKey {
    private final int[] starts;
    private final long[] times;
    private final int[] rows;

    private ByKey(int keyCount, int size) {
      starts = new int[keyCount + 1];
      times = new long[size];
      rows = new int[size];
    }

    int size(int key) {
      return starts[key + 1] - starts[key];
    }

    static ByKey distribute(
        String name, Side side, int keyCount, int threads, ExecutorService pool) {
      int size = side.rows();
      ByKey result = new ByKey(keyCount, size);
      int[][] next = new int[threads][];
      each(
          pool,
          threads,
          t ->
              next[t] =
                  count(
                      name, side.keys, keyCount, cut(size, t, threads), cut(size, t + 1, threads)));
      int at = 0;
      for (int key = 0; key < keyCount; key++) {
        result.starts[key] = at;
        for (int[] counts : next) {
          int count = counts[key];
          counts[key] = at;
          at += count;
        }
      }
      result.starts[keyCount] = at;
      each(
          pool,
          threads,
          t -> result.fill(side, next[t], cut(size, t, threads), cut(size, t + 1, threads)));
      return result;
    }

    private static int cut(int size, int index, int parts) {
      return (int) ((long) size * index / parts);
    }

    private static int[] count(String name, int[] keys, int keyCount, int from, int to) {
      int[] counts = new int[keyCount];
      for (int i = from; i < to; i++) {
        int key = keys[i];
        if (key < 0 || key >= keyCount) {
          throw WinnowException.invalid(
              name + ".keys[" + i + "]", key, "0 to " + (keyCount - 1) + ", as keyCount says");
        }
        counts[key]++;
      }
      return counts;
    }

    private void fill(Side side, int[] next, int from, int to) {
      for (int i = from; i < to; i++) {
        int at = next[side.keys[i]]++;
        times[at] = side.times[i];
        rows[at] = i;
      }
    }
  }

  /** One key's rows in the order of time; used for one key after another by one thread. */
  private static final class Sorter {
    private final int[] counts = new int[DIGITS];
    private long[] words = new long[0];
    private long[] spare = new long[0];
    private long[] times = new long[0];
    private int[] rows = new int[0];
    private int size;

    long time(int index) {
      return times[index];
    }

    int row(int index) {
      return rows[index];
    }

    void sort(ByKey side, int key) {
      int from = side.starts[key];
      size = side.size(key);
      if (times.length < size) {
        int capacity = (int) Math.min(Integer.MAX_VALUE - 8L, size + (size >> 2) + 16L);
        words = new long[capacity];
        spare = new long[capacity];
        times = new long[capacity];
        rows = new int[capacity];
      }
      long min = Long.MAX_VALUE;
      long max = Long.MIN_VALUE;
      boolean isSorted = true;
      long before = Long.MIN_VALUE;
      for (int i = from; i < from + size; i++) {
        long time = side.times[i];
        isSorted &= before <= time;
        before = time;
        min = Math.min(min, time);
        max = Math.max(max, time);
      }
      if (isSorted) {
        System.arraycopy(side.times, from, times, 0, size);
        System.arraycopy(side.rows, from, rows, 0, size);
        return;
      }
      // The difference is right as an unsigned number even where it overflows.
      int bits = Long.SIZE - Long.numberOfLeadingZeros(max - min);
      for (int i = 0; i < size; i++) {
        words[i] = (side.times[from + i] - min & 0xffffffffL) << 31 | i;
      }
      sortWords(Math.min(bits, WORD_TIME_BITS));
      if (bits > WORD_TIME_BITS) {
        // Stable: among equal upper halves the order of the lower halves stays.
        for (int i = 0; i < size; i++) {
          long time = side.times[from + place(words[i])] - min;
          times[i] = time >>> WORD_TIME_BITS << 31 | place(words[i]);
        }
        System.arraycopy(times, 0, words, 0, size);
        sortWords(bits - WORD_TIME_BITS);
      }
      for (int i = 0; i < size; i++) {
        int at = from + place(words[i]);
        times[i] = side.times[at];
        rows[i] = side.rows[at];
      }
    }

    private static int place(long word) {
      return (int) (word & 0x7fffffff);
    }

    /** Sorts the words by the lowest {@code bits} above the place, stable. */
    private void sortWords(int bits) {
      if (size < RADIX_MIN) {
        insertionSort();
        return;
      }
      int passes = Math.ceilDiv(bits, DIGIT_BITS);
      for (int pass = 0; pass < passes; pass++) {
        int shift = 31 + pass * DIGIT_BITS;
        Arrays.fill(counts, 0);
        for (int i = 0; i < size; i++) {
          counts[(int) (words[i] >>> shift) & DIGITS - 1]++;
        }
        int at = 0;
        for (int digit = 0; digit < DIGITS; digit++) {
          int count = counts[digit];
          counts[digit] = at;
          at += count;
        }
        for (int i = 0; i < size; i++) {
          long word = words[i];
          spare[counts[(int) (word >>> shift) & DIGITS - 1]++] = word;
        }
        long[] swap = words;
        words = spare;
        spare = swap;
      }
    }

    /** By the bits above the place alone, since the second round's places are not ascending. */
    private void insertionSort() {
      for (int i = 1; i < size; i++) {
        long word = words[i];
        int j = i - 1;
        while (j >= 0 && words[j] >>> 31 > word >>> 31) {
          words[j + 1] = words[j];
          j--;
        }
        words[j + 1] = word;
      }
    }
  }
}
