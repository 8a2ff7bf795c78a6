package io.winnow.features;

/**
 * The newest events by event time, oldest first; of two with the same time the one later in the log
 * is newer. Each has a payload: the event's value, or the catalogue index of its item.
 *
 * <p>{@value #SPARE} more are kept than are asked for, so that a few events with a clock ahead of
 * the request, which it must not see, do not hide those that it should. Keeping the newest is
 * associative, so states merge exactly.
 */
final class NewestEvents extends NewestByKey {
  /** How many are kept beyond the number asked for. */
  static final int SPARE = 3;

  /**
   * A state without events.
   *
   * @param asked how many events a read returns at most
   */
  NewestEvents(int asked) {
    super(asked + SPARE, 1);
  }

  static NewestEvents read(ByteSource source, int asked) {
    NewestEvents state = new NewestEvents(asked);
    state.load(source);
    return state;
  }

  /**
   * Adds an event.
   *
   * @return false if it is older than all that are kept and was dropped
   */
  boolean add(long timeMs, double payload) {
    return insert(upTo(timeMs), timeMs, payload);
  }

  /** Adds the other's events, which are taken as later in the log. */
  void merge(NewestEvents other) {
    for (int i = 0; i < other.size; i++) {
      add(other.keys[i], other.values[i]);
    }
  }

  /** How many events are not later than a time. */
  int visible(long timeMs) {
    return upTo(timeMs);
  }

  /** The time of an event, 0 the oldest. */
  long timeMs(int index) {
    return keys[index];
  }

  /** The payload of an event, 0 the oldest. */
  double payload(int index) {
    return values[index];
  }
}
