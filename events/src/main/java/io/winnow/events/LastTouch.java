package io.winnow.events;

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
 * same item was shown to that user again; it still belongs to the first. Showings are kept until
 * they are forgotten, in the order in which they came; of one key the newest {@value #KEPT}. Not
 * thread-safe.
 *
 * @param <K> what outcomes and showings have in common, such as user and item
 * @param <T> what is kept of a showing
 */
public final class LastTouch<K, T> {
  /** So long is the walk to an outcome's showing at most. */
  private static final int KEPT = 8;

  private final long withinMs;
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
   * @param withinMs how long after a showing an outcome may happen, milliseconds
   */
  public LastTouch(long withinMs) {
    this.withinMs = withinMs;
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
   * When the showing that came first was shown.
   *
   * @throws NoSuchElementException if none is kept
   */
  public long firstMs() {
    return kept.getFirst().timeMs;
  }

  /**
   * Forgets the showing that came first.
   *
   * @throws NoSuchElementException if none is kept
   */
  public void forgetFirst() {
    Touch<K, T> first = kept.removeFirst();
    Touch<K, T> at = newest.get(first.key);
    if (at == first) {
      if (first.older == null) {
        newest.remove(first.key);
      } else {
        newest.put(first.key, first.older);
      }
      return;
    }
    while (at != null && at.older != first) {
      at = at.older;
    }
    // One that was pushed out by newer ones is no longer there.
    if (at != null) {
      at.older = first.older;
    }
  }
}
