package io.winnow.features;

import io.winnow.core.UserId;

/**
 * The part of the state that one of several folds of the same log computes. Every fold keeps the
 * whole catalogue, since catalogue indices and categories decide what events change; of the rest
 * each entity has one owner, so that the parts together are the state, entry by entry.
 *
 * @param index which fold, from 0
 * @param of how many
 */
record Share(int index, int of) {
  /** Everything. */
  static final Share ALL = new Share(0, 1);

  Share {
    if (of < 1 || index < 0 || index >= of) {
      throw new IllegalArgumentException("share " + index + " of " + of);
    }
  }

  /** Whether the features of an item are of this part. */
  boolean ofItem(int item) {
    return item % of == index;
  }

  /** Whether the state of a user is of this part. */
  boolean ofUser(UserId user) {
    int h = user.value().hashCode() * 0x9E3779B9;
    return Math.floorMod(h ^ h >>> 15, of) == index;
  }

  /** Whether what cannot be divided is of this part: the catalogue's entries and item counts. */
  boolean first() {
    return index == 0;
  }
}
