package io.winnow.features;

import io.winnow.core.UserId;

/**
 * The part of the state that one of several folds of the same log computes. Every fold keeps the
 * whole catalogue and the users' categories, since they decide what events change; of the rest each
 * entity has one owner, so that the parts together are the state, entry by entry.
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
    return of == 1 || item % of == index;
  }

  /** Whether the state of a user is of this part. */
  boolean ofUser(UserId user) {
    if (of == 1) {
      return true;
    }
    int h = user.value().hashCode() * 0x9E3779B9;
    return Math.floorMod(h ^ h >>> 15, of) == index;
  }

  /** Whether one of the groups of shared states is: whole, as a bound holds for all its keys. */
  boolean ofGroup(int group) {
    return group % of == index;
  }

  /** Whether what cannot be divided is of this part: the catalogue's entries and item counts. */
  boolean first() {
    return index == 0;
  }
}
