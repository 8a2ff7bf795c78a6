package io.winnow.events;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Last-touch attribution by event time: an outcome belongs to the newest showing of its key that is
 * not later than it, and not longer ago than the window.
 *
 * <p>Records reach a log late and out of order. What a user did with one slate may come when the
 * same item was shown to that user again; it still belongs to the first. A showing is kept for the
 * window, and as much longer as outcomes may come late; of one key the newest {@value #KEPT}. An
 * outcome that comes later than that, or before its showing, belongs to nothing. Not thread-safe.
 *
 * @param <K> what outcomes and showings have in common, such as user and item
 * @param <T> what is kept of a showing
 */
public final class LastTouch<K, T> {
  /** How late records of outcomes may come where there is room to wait for them. */
  public static final Duration LATE = Duration.ofDays(3);

  /** So long is the walk to an outcome's showing at most. */
  private static final int KEPT = 8;

  private final long withinMs;
  private final long keptMs;
  private final Map<K, Touch<K, T>> newest = new HashMap<>();
  private final Deque<Touch<K, T>> kept = new ArrayDeque<>();

  private static final class Touch<K, T> {
    final K key;
    final long timeMs;
    final T showing;
    @Nullable Touch<K, T> older;

    Touch(K key, long timeMs, T showing) {
      this.key = key;
      this.timeMs = timeMs;
      this.showing = showing;
    }
  }

  /**
   * Keeps showings no longer than the window.
   *
   * @param within how long after a showing an outcome may happen
   */
  public LastTouch(Duration within) {
    this(within, Duration.ZERO);
  }

  /**
   * @param within how long after a showing an outcome may happen
   * @param late how much longer its record may take to come
   */
  public LastTouch(Duration within, Duration late) {
    this.withinMs = within.toMillis();
    this.keptMs = withinMs + late.toMillis();
  }

  /** Keeps a showing; of two at the same time the later come is the newer. */
  public void show(K key, long timeMs, T showing) {
    Touch<K, T> touch = new Touch<>(key, timeMs, showing);
    kept.addLast(touch);
    Touch<K, T> newer = null;
    Touch<K, T> at = newest.get(key);
    int before = 0;
    while (at != null && at.timeMs > timeMs) {
      newer = at;
      at = at.older;
      before++;
    }
    if (before >= KEPT) {
      return;
    }
    touch.older = at;
    if (newer == null) {
      newest.put(key, touch);
    } else {
      newer.older = touch;
    }
    Touch<K, T> last = touch;
    for (int n = before + 1; n < KEPT && last.older != null; n++) {
      last = last.older;
    }
    last.older = null;
  }

  /** The showing that something at a time belongs to; null if there is none. */
  public @Nullable T of(K key, long timeMs) {
    Touch<K, T> at = newest.get(key);
    while (at != null && at.timeMs > timeMs) {
      at = at.older;
    }
    return at == null || timeMs - at.timeMs > withinMs ? null : at.showing;
  }

  /** How many showings are kept, those that newer ones pushed out included. */
  public int size() {
    return kept.size();
  }

  /**
   * How long ago the showing that came first was.
   *
   * @throws NoSuchElementException if none is kept
   */
  public long firstAgoMs(long nowMs) {
    return nowMs - kept.getFirst().timeMs;
  }

  /**
   * Forgets, in the order in which they came, showings for which no outcome is waited for any more.
   *
   * @return how many
   */
  public int expire(long nowMs) {
    int expired = 0;
    while (!kept.isEmpty() && firstAgoMs(nowMs) > keptMs) {
      forgetFirst();
      expired++;
    }
    return expired;
  }

  /**
   * Forgets the showing that came first, and with it those of its key that were before it: what
   * came of it is not to be taken for theirs.
   *
   * @throws NoSuchElementException if none is kept
   */
  public void forgetFirst() {
    Touch<K, T> first = kept.removeFirst();
    Touch<K, T> at = newest.get(first.key);
    if (at == first) {
      newest.remove(first.key);
      return;
    }
    while (at != null && at.older != first) {
      at = at.older;
    }
    // One that was pushed out by newer ones, or went with one of them, is no longer there.
    if (at != null) {
      at.older = null;
    }
  }
}
