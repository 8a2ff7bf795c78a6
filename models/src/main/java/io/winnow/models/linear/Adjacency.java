package io.winnow.models.linear;

import io.winnow.models.Interactions;
import io.winnow.models.Stripes;
import java.util.Arrays;

/**
 * The distinct pairs of users and items, in compressed rows. Owns its arrays.
 *
 * @param offsets shape (rows + 1)
 * @param neighbours items of a user, newest first, until relabelled; or users of an item, ascending
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

  /**
   * The same pairs under other names for the neighbours, ascending within a row.
   *
   * @param labels a neighbour's name; what has a negative one is left out
   */
  Adjacency relabel(int[] labels, int threads) {
    int[] sizes = new int[size()];
    int[] relabelled = new int[neighbours.length];
    Stripes.run(
        threads,
        size(),
        Math.max(1, Math.ceilDiv(size(), 16 * threads)),
        (from, to) -> {
          for (int row = from; row < to; row++) {
            int at = offsets[row];
            for (int e = offsets[row]; e < offsets[row + 1]; e++) {
              int label = labels[neighbours[e]];
              if (label >= 0) {
                relabelled[at++] = label;
              }
            }
            Arrays.sort(relabelled, offsets[row], at);
            sizes[row] = at - offsets[row];
          }
        });
    int[] kept = new int[offsets.length];
    for (int row = 0; row < size(); row++) {
      System.arraycopy(relabelled, offsets[row], relabelled, kept[row], sizes[row]);
      kept[row + 1] = kept[row] + sizes[row];
    }
    return new Adjacency(kept, Arrays.copyOf(relabelled, kept[size()]));
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
