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
 * <p>Both sides are distributed by key with one counting pass. Within a key, which fits into a
 * core's cache unless keys are few and large, events and requests are sorted by time together,
 * events first among equals; one sweep without a branch then carries the newest event along. (A
 * merge of two sorted sides guesses wrong at every other row.) Words hold time and place and are
 * sorted by radix, which is stable: first by the upper 22 bits of time, which leave hardly two rows
 * in disorder where times are spread, mended by insertion; where mending takes too many moves, by
 * all bits, least significant first. Sides that are in order already are merged.
 *
 * <p>Cost: O(R + E + K); beside the input 12 bytes for each row, 20 for each row of a thread's
 * largest key, 4 for each key and thread. Threads share rows while distributing and keys
 * afterwards, so one key that holds nearly everything is sorted by one thread.
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

  /** Bits of a word that hold a row's place among those of its key. */
  private static final int PLACE_BITS = 31;

  /** Bits of a word above the place; one is left for the sign. */
  private static final int WORD_TIME_BITS = 32;

  private static final long TIME_MASK = (1L << WORD_TIME_BITS) - 1;

  /** What an array holds. */
  private static final int ROWS_OF_KEY_MAX = Integer.MAX_VALUE - 8;

  /** When mending a rough order takes more moves, sorting by all bits is quicker. */
  private static final int MOVES_OF_ROW_MAX = 2;

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
        (left, right, key, matches) -> {
          int before = right.size(key);
          float[] ofKey = new float[before];
          int first = right.starts[key];
          for (int place = 0; place < ofKey.length; place++) {
            ofKey[place] = values[right.rows[first + place]];
          }
          int from = left.starts[key];
          for (int place = 0; place < left.size(key); place++) {
            int match = matches[before + place];
            result[left.rows[from + place]] = match == NONE ? Float.NaN : ofKey[match];
          }
        });
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
    join(
        requests,
        events,
        keyCount,
        threads,
        (left, right, key, matches) -> {
          int before = right.size(key);
          int first = right.starts[key];
          int from = left.starts[key];
          for (int place = 0; place < left.size(key); place++) {
            int match = matches[before + place];
            result[left.rows[from + place]] = match == NONE ? NONE : right.rows[first + match];
          }
        });
    return result;
  }

  /** Receives each key once, on any thread. */
  @FunctionalInterface
  private interface Output {
    /**
     * Takes a key's matches over. Goes through places in order, so that memory far apart is met in
     * order too.
     *
     * @param matches behind as many entries as the key has events: for the place of each request
     *     among those of its key the place of an event among those of the key, or {@link #NONE}
     */
    void accept(ByKey requests, ByKey events, int key, int[] matches);
  }

  private static void join(Side requests, Side events, int keyCount, int threads, Output output) {
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
            Timeline timeline = new Timeline();
            for (int key = bounds[share]; key < bounds[share + 1]; key++) {
              output.accept(left, right, key, timeline.match(left, right, key));
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

  /** One key's events and requests in the order of time; one key after another, one thread. */
  private static final class Timeline {
    private final int[] counts = new int[DIGITS * Math.ceilDiv(WORD_TIME_BITS, DIGIT_BITS)];
    private long[] words = new long[0];
    private long[] spare = new long[0];
    private int[] matches = new int[0];
    private int size;

    /** See {@link Output}. Valid until the next call. */
    int[] match(ByKey requests, ByKey events, int key) {
      int before = events.size(key);
      long rows = (long) before + requests.size(key);
      if (rows > ROWS_OF_KEY_MAX) {
        throw WinnowException.invalid(
            "rows of key " + key, rows, "at most " + ROWS_OF_KEY_MAX + ", both sides together");
      }
      size = (int) rows;
      if (words.length < size) {
        int capacity = (int) Math.min(ROWS_OF_KEY_MAX, rows + (rows >> 2) + 16);
        words = new long[capacity];
        spare = new long[capacity];
        matches = new int[capacity];
      }
      if (isSorted(events, key) && isSorted(requests, key)) {
        merge(requests, events, key);
      } else {
        sort(requests, events, key);
        sweep(before);
      }
      return matches;
    }

    private static boolean isSorted(ByKey side, int key) {
      for (int i = side.starts[key] + 1; i < side.starts[key + 1]; i++) {
        if (side.times[i - 1] > side.times[i]) {
          return false;
        }
      }
      return true;
    }

    private void merge(ByKey requests, ByKey events, int key) {
      int before = events.size(key);
      int first = events.starts[key];
      int from = requests.starts[key];
      int next = 0;
      for (int place = 0; place < requests.size(key); place++) {
        while (next < before && events.times[first + next] <= requests.times[from + place]) {
          next++;
        }
        matches[before + place] = next - 1; // NONE before the first event.
      }
    }

    private void sweep(int before) {
      int newest = NONE;
      for (int i = 0; i < size; i++) {
        int place = place(words[i]);
        newest = place < before ? place : newest;
        matches[place] = newest; // Also of an event, where nobody looks: no branch.
      }
    }

    private void sort(ByKey requests, ByKey events, int key) {
      int before = events.size(key);
      int first = events.starts[key];
      int from = requests.starts[key] - before;
      long min = Math.min(min(events, key), min(requests, key));
      long max = Math.max(max(events, key), max(requests, key));
      // The difference is right as an unsigned number even where it overflows.
      int bits = Long.SIZE - Long.numberOfLeadingZeros(max - min);
      for (int i = 0; i < before; i++) {
        words[i] = (events.times[first + i] - min & TIME_MASK) << PLACE_BITS | i;
      }
      for (int i = before; i < size; i++) {
        words[i] = (requests.times[from + i] - min & TIME_MASK) << PLACE_BITS | i;
      }
      sortWords(Math.min(bits, WORD_TIME_BITS));
      if (bits > WORD_TIME_BITS) {
        // Stable: among equal upper halves the order of the lower halves stays.
        for (int i = 0; i < size; i++) {
          int place = place(words[i]);
          long time =
              (place < before ? events.times[first + place] : requests.times[from + place]) - min;
          words[i] = time >>> WORD_TIME_BITS << PLACE_BITS | place;
        }
        sortWords(bits - WORD_TIME_BITS);
      }
    }

    private static long min(ByKey side, int key) {
      long min = Long.MAX_VALUE;
      for (int i = side.starts[key]; i < side.starts[key + 1]; i++) {
        min = Math.min(min, side.times[i]);
      }
      return min;
    }

    private static long max(ByKey side, int key) {
      long max = Long.MIN_VALUE;
      for (int i = side.starts[key]; i < side.starts[key + 1]; i++) {
        max = Math.max(max, side.times[i]);
      }
      return max;
    }

    private static int place(long word) {
      return (int) (word & ((1L << PLACE_BITS) - 1));
    }

    /** Sorts the words by the lowest {@code bits} above the place, stable. */
    private void sortWords(int bits) {
      if (size < RADIX_MIN) {
        insertionSort(Long.MAX_VALUE);
        return;
      }
      int roughBits = 2 * DIGIT_BITS;
      if (bits > roughBits) {
        radixSort(PLACE_BITS + bits - roughBits, roughBits);
        if (insertionSort(MOVES_OF_ROW_MAX * (long) size)) {
          return;
        }
      }
      radixSort(PLACE_BITS, bits);
    }

    /** Sorts by {@code bits} from {@code shift} on, stable. */
    private void radixSort(int shift, int bits) {
      int passes = Math.ceilDiv(bits, DIGIT_BITS);
      Arrays.fill(counts, 0, passes * DIGITS, 0);
      for (int i = 0; i < size; i++) {
        long word = words[i] >>> shift;
        for (int pass = 0; pass < passes; pass++) {
          counts[pass * DIGITS + digit(word, pass)]++;
        }
      }
      for (int pass = 0; pass < passes; pass++) {
        int first = pass * DIGITS;
        int at = 0;
        for (int digit = first; digit < first + DIGITS; digit++) {
          int count = counts[digit];
          counts[digit] = at;
          at += count;
        }
        for (int i = 0; i < size; i++) {
          long word = words[i];
          spare[counts[first + digit(word >>> shift, pass)]++] = word;
        }
        long[] swap = words;
        words = spare;
        spare = swap;
      }
    }

    private static int digit(long word, int pass) {
      return (int) (word >>> (pass * DIGIT_BITS)) & (DIGITS - 1);
    }

    /**
     * Sorts by all bits above the place, stable. (Not by the place too: in the second round places
     * do not ascend.)
     *
     * @param movesMax how many words may be moved
     * @return whether it is done; if not, the same words are there, those of one time in order
     */
    private boolean insertionSort(long movesMax) {
      long moves = 0;
      for (int i = 1; i < size; i++) {
        long word = words[i];
        int j = i - 1;
        while (j >= 0 && words[j] >>> PLACE_BITS > word >>> PLACE_BITS) {
          words[j + 1] = words[j];
          j--;
        }
        words[j + 1] = word;
        moves += i - 1 - j;
        if (moves > movesMax) {
          return false;
        }
      }
      return true;
    }
  }
}
