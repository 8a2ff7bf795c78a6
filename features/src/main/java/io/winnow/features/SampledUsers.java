package io.winnow.features;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The states of a part of the users: those whose hash lies in a range. When more than {@code max}
 * are there, the range is halved and who is not in it any more is forgotten for good, so whoever is
 * kept was kept from the log's start. (Sampling by the least hashes: Cohen, Kaplan: Summarizing
 * data using bottom-k sketches, PODC 2007.)
 *
 * <p>Memory: {@code max} users. Attributes of users that are keys of entities are kept elsewhere,
 * for all users: {@link UserCategories}.
 */
final class SampledUsers implements UserTable {
  private final FeaturePlan plan;
  private final int max;
  private final Map<UserId, UserState> users = new HashMap<>();
  private volatile PartOfUsers part;

  /**
   * No users yet.
   *
   * @param part whose state is kept
   * @param max most users whose state is kept
   */
  SampledUsers(FeaturePlan plan, PartOfUsers part, int max) {
    this.plan = plan;
    this.max = max;
    this.part = part;
  }

  /** Where a user stands, the same on every machine: uniform in 0 to 2⁶³ - 1. */
  static long hash(UserId user) {
    long h = 0xcbf29ce484222325L;
    for (int i = 0; i < user.value().length(); i++) {
      h = (h ^ user.value().charAt(i)) * 0x100000001b3L;
    }
    return Seed.mix(h) >>> 1;
  }

  /** The share of users that is kept now. */
  double share() {
    return part.share();
  }

  @Override
  public boolean keeps(UserId user) {
    return part.contains(user);
  }

  @Override
  public @Nullable UserState find(UserId user) {
    return users.get(user);
  }

  @Override
  public UserState change(UserId user) {
    UserState known = users.get(user);
    if (known != null) {
      return known;
    }
    while (keeps(user) && users.size() >= max) {
      part = part.lowerHalf();
      users.keySet().removeIf(other -> !keeps(other));
    }
    UserState state = new UserState(plan, false);
    if (keeps(user)) {
      users.put(user, state);
    }
    return state;
  }
}
