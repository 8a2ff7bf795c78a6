package io.winnow.core.application;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What items, users and events of the application look like.
 *
 * @param itemAttributes by name, in the file's order
 * @param userAttributes by name, in the file's order
 * @param events declared event types by name, in the file's order; {@code impression} is implied
 * @param repeats whether an item that a user has had may be recommended again, as in a shop
 */
public record Schema(
    Map<String, AttributeType> itemAttributes,
    Map<String, AttributeType> userAttributes,
    Map<String, EventType> events,
    boolean repeats) {
  /** Copies the maps, keeping their order. */
  public Schema {
    itemAttributes = Collections.unmodifiableMap(new LinkedHashMap<>(itemAttributes));
    userAttributes = Collections.unmodifiableMap(new LinkedHashMap<>(userAttributes));
    events = Collections.unmodifiableMap(new LinkedHashMap<>(events));
  }

  /**
   * A declared event type.
   *
   * @param unit what its value counts, such as {@code seconds} or {@code stars}; empty if it
   *     carries none
   * @param required whether the value must be present
   */
  public record EventType(String unit, boolean required) {
    /** Whether events of this type may carry a value. */
    public boolean hasValue() {
      return !unit.isEmpty();
    }
  }
}
