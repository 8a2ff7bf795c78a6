package io.winnow.models.linear;

import io.winnow.models.Interactions;
import java.util.Arrays;

/**
 * The distinct pairs of users and items, in compressed rows. Owns its arrays.
 *
 * @param offsets shape (rows + 1)
 * @param neighbours items of a user, newest first; or users of an item, ascending
 */
record Adjacency(int[] offsets, int[] neighbours) {
  /** Each user's newest distinct items. */
  static Adjacency byUser(Interactions interactions, int historyLimit) {
    int users = interactions.userCount();
    int[] offsets = new int[users + 1];
    int[] neighbours = new int[interactions.size()];
    for (int u = 0; u < users; u++) {
      int[] items =
          Arrays.copyOfRange(
              interactions.items(),
              interactions.userOffsets()[u],
              interactions.userOffsets()[u + 1]);
      int[] newest = History.newestDistinct(items, interactions.itemCount(), historyLimit);
      System.arraycopy(newest, 0, neighbours, offsets[u], newest.length);
      offsets[u + 1] = offsets[u] + newest.length;
    }
    return new Adjacency(offsets, Arrays.copyOf(neighbours, offsets[users]));
  }

  /** How many rows. */
  int size() {
    return offsets.length - 1;
  }

  /** The other way round. */
  Adjacency transpose(int columns) {
    int[] transposed = new int[columns + 1];
    for (int neighbour : neighbours) {
      transposed[neighbour + 1]++;
    }
    for (int c = 0; c < columns; c++) {
      transposed[c + 1] += transposed[c];
    }
    int[] next = transposed.clone();
    int[] rows = new int[neighbours.length];
    for (int row = 0; row < size(); row++) {
      for (int e = offsets[row]; e < offsets[row + 1]; e++) {
        rows[next[neighbours[e]]++] = row;
      }
    }
    return new Adjacency(transposed, rows);
  }
}
