package io.winnow.features;

import io.winnow.core.UserId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which users an audit keeps: those whose {@link SampledUsers#hash} lies in a range, and who are
 * among given ones.
 *
 * @param from least hash
 * @param to behind the greatest hash; {@code Long.MAX_VALUE} is included
 * @param members ascending hashes, or null for all; owned by this
 */
record PartOfUsers(long from, long to, long @Nullable [] members) {
  /** A share of all users, in [0, 1]. */
  static PartOfUsers share(double share) {
    return new PartOfUsers(0, (long) (share * Long.MAX_VALUE), null);
  }

  /** The share of all hashes that the range takes. */
  double share() {
    return (to - from) / (double) Long.MAX_VALUE;
  }

  PartOfUsers lowerHalf() {
    return new PartOfUsers(from, from + (to - from) / 2, members);
  }

  boolean contains(UserId user) {
    long hash = SampledUsers.hash(user);
    return hash >= from
        && (hash < to || to == Long.MAX_VALUE)
        && (members == null || Arrays.binarySearch(members, hash) >= 0);
  }
}
