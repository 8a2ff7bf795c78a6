package io.winnow.features;

import java.util.Arrays;

/**
 * The newest events by event time, oldest first; of two with the same time the one later in the log
 * is newer. Each has a payload: the event's value, or the catalogue index of its item.
 *
 * <p>{@value #SPARE} more are kept than are asked for, so that a few events with a clock ahead of
 * the request, which it must not see, do not hide those that it should. Keeping the newest is
 * associative, so states merge exactly.
 */
final class NewestEvents implements Summary {
  /** How many are kept beyond the number asked for. */
  static final int SPARE = 3;

  private final int kept;
  private long[] timesMs = new long[1];
  private double[] payloads = new double[1];
  private int size;

  /**
   * A state without events.
   *
   * @param asked how many events a read returns at most
   */
  NewestEvents(int asked) {
    this.kept = asked + SPARE;
  }

  static NewestEvents read(ByteSource source, int asked) {
    NewestEvents state = new NewestEvents(asked);
    int size = source.count(state.kept);
    state.size = size;
    state.timesMs = new long[Math.max(1, size)];
    state.payloads = new double[Math.max(1, size)];
    long timeMs = 0;
    for (int i = 0; i < size; i++) {
      timeMs += i == 0 ? source.signed() : source.varint();
      state.timesMs[i] = timeMs;
      state.payloads[i] = source.real();
    }
    return state;
  }

  @Override
  public void write(ByteSink sink) {
    sink.varint(size);
    for (int i = 0; i < size; i++) {
      if (i == 0) {
        sink.signed(timesMs[0]);
      } else {
        sink.varint(timesMs[i] - timesMs[i - 1]);
      }
      sink.real(payloads[i]);
    }
  }

  /**
   * Adds an event.
   *
   * @return false if it is older than all that are kept and was dropped
   */
  boolean add(long timeMs, double payload) {
    int at = visible(timeMs);
    if (size == kept) {
      if (at == 0) {
        return false;
      }
      at--;
      System.arraycopy(timesMs, 1, timesMs, 0, at);
      System.arraycopy(payloads, 1, payloads, 0, at);
    } else {
      if (size == timesMs.length) {
        int capacity = Math.min(kept, size * 2);
        timesMs = Arrays.copyOf(timesMs, capacity);
        payloads = Arrays.copyOf(payloads, capacity);
      }
      System.arraycopy(timesMs, at, timesMs, at + 1, size - at);
      System.arraycopy(payloads, at, payloads, at + 1, size - at);
      size++;
    }
    timesMs[at] = timeMs;
    payloads[at] = payload;
    return true;
  }

  /** Adds the other's events, which are taken as later in the log. */
  void merge(NewestEvents other) {
    for (int i = 0; i < other.size; i++) {
      add(other.timesMs[i], other.payloads[i]);
    }
  }

  /** How many events are not later than a time; looks at the newest first. */
  int visible(long timeMs) {
    int count = size;
    while (count > 0 && timesMs[count - 1] > timeMs) {
      count--;
    }
    return count;
  }

  /** The time of an event, 0 the oldest. */
  long timeMs(int index) {
    return timesMs[index];
  }

  /** The payload of an event, 0 the oldest. */
  double payload(int index) {
    return payloads[index];
  }
}
