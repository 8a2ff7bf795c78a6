package io.winnow.lifecycle.evaluation;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import java.util.HashSet;
import java.util.Set;

/**
 * Of whom models had something to learn: items and users with an event other than an impression
 * below the end of training. All others are new, whether or not the catalogue had them. Immutable.
 *
 * @param items with an event
 * @param users with an event
 */
record Known(Set<ItemId> items, Set<UserId> users) {
  /** Takes the sets over. */
  Known {
    items = java.util.Collections.unmodifiableSet(items);
    users = java.util.Collections.unmodifiableSet(users);
  }

  /** What lies below the end of training. */
  static Known before(Split split) {
    Set<ItemId> items = new HashSet<>();
    Set<UserId> users = new HashSet<>();
    split
        .records()
        .replay(
            0,
            split.trainingEnd(),
            (_, record) -> {
              if (record instanceof LogRecord.Happened(Event event) && event.impression() == null) {
                items.add(event.item());
                users.add(event.user());
              }
            });
    return new Known(items, users);
  }
}
