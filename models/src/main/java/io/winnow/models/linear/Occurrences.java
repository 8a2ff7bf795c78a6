package io.winnow.models.linear;

import io.winnow.models.Interactions;

/**
 * Where each item occurs: the transpose of {@link Interactions}. Item i's events are at {@code
 * offsets[i] … offsets[i+1]-1}, by user and then time. Owns its arrays.
 *
 * @param offsets shape (N + 1)
 * @param positions indices into {@link Interactions#items}
 * @param users user of each position
 */
record Occurrences(int[] offsets, int[] positions, int[] users) {
  /** A counting sort; O(N + events). */
  static Occurrences of(Interactions interactions) {
    int[] offsets = new int[interactions.itemCount() + 1];
    for (int item : interactions.items()) {
      offsets[item + 1]++;
    }
    for (int i = 0; i < interactions.itemCount(); i++) {
      offsets[i + 1] += offsets[i];
    }
    int[] next = offsets.clone();
    int[] positions = new int[interactions.size()];
    int[] users = new int[interactions.size()];
    for (int u = 0; u < interactions.userCount(); u++) {
      for (int e = interactions.userOffsets()[u]; e < interactions.userOffsets()[u + 1]; e++) {
        int at = next[interactions.items()[e]]++;
        positions[at] = e;
        users[at] = u;
      }
    }
    return new Occurrences(offsets, positions, users);
  }
}
