package io.winnow.core;

import org.jspecify.annotations.Nullable;

/**
 * Something that happened between a user and an item at a time.
 *
 * @param id unique in the log; the same id is accepted once, which makes retries safe
 * @param type a type that the application file declares, or {@link #IMPRESSION}
 * @param timeMs when it happened, epoch milliseconds
 * @param value the type's number (seconds watched, stars, a price), or NaN if it has none
 * @param requestId the recommendation request that led to it, if the client passed it on
 * @param impression what was shown and why; present exactly for {@link #IMPRESSION} events
 */
public record Event(
    String id,
    String type,
    UserId user,
    ItemId item,
    long timeMs,
    double value,
    @Nullable String requestId,
    @Nullable Impression impression) {
  /** The reserved type of impressions. */
  public static final String IMPRESSION = "impression";

  /** Checks the id and that an impression, and only an impression, carries its details. */
  public Event {
    Ids.check("id", id);
    if (type.equals(IMPRESSION) != (impression != null)) {
      throw WinnowException.invalid(
          "type", type, impression == null ? "impression details" : "type 'impression'");
    }
    if (Double.isInfinite(value)) {
      throw WinnowException.invalid("value", value, "a finite number");
    }
  }

  /** An event that is no impression and has no request. */
  public Event(String id, String type, UserId user, ItemId item, long timeMs, double value) {
    this(id, type, user, item, timeMs, value, null, null);
  }

  /** Whether the event carries a number. */
  public boolean hasValue() {
    return !Double.isNaN(value);
  }
}
