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
  int applyTo(UserState state, FeaturePlan plan);

  /** The user's attributes were put. */
  record AttributesPut(long offset, UserId user, Map<String, AttributeValue> attributes)
      implements UserChange {
    @Override
    public int applyTo(UserState state, FeaturePlan plan) {
      state.putAttributes(attributes);
      return 0;
    }
  }

  /**
   * An event of the user.
   *
   * @param item the catalogue index of its item
   * @param type the index of its type in the plan; -1 for an impression, which is no history
   * @param categories the item's categories at this offset, sorted, of each of the plan's pair
   *     groups
   */
  record Happened(long offset, Event event, int item, int type, List<List<String>> categories)
      implements UserChange {
    @Override
    public UserId user() {
      return event.user();
    }

    @Override
    public int applyTo(UserState state, FeaturePlan plan) {
      if (type >= 0) {
        state.addToHistory(item, event, type);
      }
      int dropped = state.add(event, item);
      for (int group = 0; group < plan.pairs().size(); group++) {
        if (plan.pairs().get(group).ofItem()) {
          dropped += state.addToPair(group, event.item().value(), event, item, offset);
        } else {
          for (String category : categories.get(group)) {
            dropped += state.addToPair(group, category, event, item, offset);
          }
        }
      }
      return dropped;
    }
  }
}
