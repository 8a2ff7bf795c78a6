package io.winnow.features;

import io.winnow.core.UserId;
import java.util.List;

/** The keys that a user and an item have in a group of {@link FeaturePlan#shared()}. */
final class SharedKeys {
  private static final List<String> ANY = List.of("");

  private SharedKeys() {}

  /** The user's part: one for each value of the attribute; one empty part if it is no key. */
  static List<String> ofUser(FeaturePlan.Group group, UserId user, UserCategories categories) {
    return group.userKey() == FeaturePlan.NONE ? ANY : categories.of(user, group.userKey());
  }

  /** The item's part, likewise. */
  static List<String> ofItem(FeaturePlan.Group group, int item, ItemTable items) {
    return switch (group.itemKey()) {
      case FeaturePlan.NONE -> ANY;
      case FeaturePlan.ID -> List.of(items.item(item).value());
      default -> items.categories(item, group.itemKey());
    };
  }

  /** The key of two parts; no two pairs of parts of one group have the same. */
  static String join(FeaturePlan.Group group, String userKey, String itemKey) {
    if (group.userKey() == FeaturePlan.NONE) {
      return itemKey;
    }
    return group.itemKey() == FeaturePlan.NONE
        ? userKey
        : userKey.length() + ":" + userKey + itemKey;
  }
}
