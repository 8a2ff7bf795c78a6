package io.winnow.features;

import io.winnow.core.UserId;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How new the states behind feature values are. A view is the features of one entity, which share a
 * state for each key: 0 the user, 1 the item, then the plan's pairs, then its shared groups.
 * Guarded by {@link FeatureState}'s lock.
 */
final class StateAges {
  private static final int USER = 0;
  private static final int ITEM = 1;
  private static final int FIRST_PAIR = 2;

  private final FeaturePlan plan;
  private final ItemTable items;
  private final SharedStates shared;
  private final UserCategories userCategories;

  StateAges(FeaturePlan plan, ItemTable items, SharedStates shared, UserCategories userCategories) {
    this.plan = plan;
    this.items = items;
    this.shared = shared;
    this.userCategories = userCategories;
  }

  /** How many views there are. */
  int views() {
    return FIRST_PAIR + plan.pairs().size() + plan.shared().size();
  }

  /** The view of a feature; -1 if its values come from no events. */
  int viewOf(FeatureDefinition definition) {
    if (plan.user().definitions().contains(definition)) {
      return USER;
    }
    if (plan.item().definitions().contains(definition)) {
      return ITEM;
    }
    for (int i = 0; i < plan.pairs().size(); i++) {
      if (plan.pairs().get(i).features().definitions().contains(definition)) {
        return FIRST_PAIR + i;
      }
    }
    for (int i = 0; i < plan.shared().size(); i++) {
      if (plan.shared().get(i).features().definitions().contains(definition)) {
        return FIRST_PAIR + plan.pairs().size() + i;
      }
    }
    return -1;
  }

  /**
   * The time of the newest event that each view of a user and an item has taken in; of several
   * keys, the newest of all.
   *
   * @param into shape (views); {@link PairRows#NO_EVENT} where there is none
   */
  void newestMs(@Nullable UserId user, @Nullable UserState state, int item, long[] into) {
    Arrays.fill(into, PairRows.NO_EVENT);
    if (state != null) {
      into[USER] = newestMs(state.state());
    }
    if (item != PairQuery.NO_ITEM) {
      into[ITEM] = newestMs(items.state(item));
    }
    for (int i = 0; i < plan.pairs().size() && state != null && item != PairQuery.NO_ITEM; i++) {
      for (String partner : SharedKeys.ofItem(plan.pairs().get(i), item, items)) {
        into[FIRST_PAIR + i] =
            Math.max(into[FIRST_PAIR + i], newestMs(state.pairState(i, partner)));
      }
    }
    for (int i = 0; i < plan.shared().size(); i++) {
      into[FIRST_PAIR + plan.pairs().size() + i] = newestOfShared(i, user, item);
    }
  }

  private long newestOfShared(int number, @Nullable UserId user, int item) {
    FeaturePlan.Group group = plan.shared().get(number);
    boolean itemMissing = item == PairQuery.NO_ITEM && group.itemKey() != FeaturePlan.NONE;
    boolean userMissing = user == null && group.userKey() != FeaturePlan.NONE;
    long newest = PairRows.NO_EVENT;
    if (itemMissing || userMissing) {
      return newest;
    }
    for (String userKey :
        SharedKeys.ofUser(group, user == null ? PairReader.NOBODY : user, userCategories)) {
      for (String itemKey : SharedKeys.ofItem(group, item, items)) {
        newest =
            Math.max(
                newest,
                newestMs(shared.group(number).get(SharedKeys.join(group, userKey, itemKey))));
      }
    }
    return newest;
  }

  private static long newestMs(@Nullable EntityState state) {
    return state == null ? PairRows.NO_EVENT : state.newestMs();
  }
}
