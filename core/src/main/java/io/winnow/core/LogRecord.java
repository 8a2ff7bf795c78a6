package io.winnow.core;

import java.util.Map;

/**
 * What the event log holds. All other state of Winnow is a fold over a sequence of these.
 *
 * <p>A record's position in the log is its offset: 0, 1, 2, … without meaning beyond order. The
 * log's order decides what a request could see; the time of an event decides the window it falls
 * into.
 */
public sealed interface LogRecord {
  /** When it happened, in epoch milliseconds. */
  long timeMs();

  /** Something a user did, or an impression that Winnow showed. */
  record Happened(Event event) implements LogRecord {
    @Override
    public long timeMs() {
      return event.timeMs();
    }
  }

  /**
   * An item was added or replaced as a whole.
   *
   * @param available whether it may be recommended
   */
  record ItemPut(
      ItemId item, Map<String, AttributeValue> attributes, boolean available, long timeMs)
      implements LogRecord {
    /** Copies the attributes. */
    public ItemPut {
      attributes = Map.copyOf(attributes);
    }
  }

  /**
   * An item left the catalogue: it is not recommended again until it is put again. Its statistics
   * stay.
   */
  record ItemRemoved(ItemId item, long timeMs) implements LogRecord {}

  /** A unit met an experiment. */
  record Exposed(Exposure exposure, long timeMs) implements LogRecord {}

  /** A user's attributes were set or replaced as a whole. */
  record UserPut(UserId user, Map<String, AttributeValue> attributes, long timeMs)
      implements LogRecord {
    /** Copies the attributes. */
    public UserPut {
      attributes = Map.copyOf(attributes);
    }
  }
}
