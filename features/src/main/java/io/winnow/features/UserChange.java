package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import java.util.List;
import java.util.Map;

/**
 * What one record of the log does to one user, with everything that it takes from the catalogue at
 * its offset: so it can be made later, and elsewhere, with the same result.
 */
sealed interface UserChange {
  /** The record's offset in the log. */
  long offset();

  /** Whose state changes. */
  UserId user();

  /** Makes the change; returns how many features dropped the event as too old. */
  int applyTo(UserState state);

  /** The user's attributes were put. */
  record AttributesPut(long offset, UserId user, Map<String, AttributeValue> attributes)
      implements UserChange {
    @Override
    public int applyTo(UserState state) {
      state.putAttributes(attributes);
      return 0;
    }
  }

  /**
   * An event of the user.
   *
   * @param item the catalogue index of its item
   * @param type the index of its type in the plan
   * @param categories of its item at this offset, of each of the plan's item attributes
   */
  record Happened(long offset, Event event, int item, int type, List<List<String>> categories)
      implements UserChange {
    @Override
    public UserId user() {
      return event.user();
    }

    @Override
    public int applyTo(UserState state) {
      return state.addAll(event, item, type, categories);
    }
  }
}
