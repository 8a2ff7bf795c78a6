package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * A moment of the past at which the ranker has to be right: who asked, when, what the log held, and
 * what turned out to be worth showing.
 */
public sealed interface TrainingRequest {
  /** Whose request it is. */
  UserId user();

  /** When, epoch milliseconds. */
  long timeMs();

  /** Records below this offset were visible. */
  long asOfOffset();

  /**
   * A slate that was shown: its rows are the shown items, at their positions.
   *
   * @param labels shape (items, T)
   */
  record Shown(
      UserId user,
      long timeMs,
      long asOfOffset,
      List<ItemId> items,
      int[] positions,
      float[] labels)
      implements TrainingRequest {
    /** Copies the list. */
    public Shown {
      items = List.copyOf(items);
    }

    /**
     * The slate without the items that a condition refuses, such as ones that the log did not know
     * when another system showed them.
     */
    public Shown keep(Predicate<ItemId> condition) {
      int[] kept =
          IntStream.range(0, items.size()).filter(i -> condition.test(items.get(i))).toArray();
      int heads = items.isEmpty() ? 0 : labels.length / items.size();
      float[] keptLabels = new float[kept.length * heads];
      for (int i = 0; i < kept.length; i++) {
        System.arraycopy(labels, kept[i] * heads, keptLabels, i * heads, heads);
      }
      return new Shown(
          user,
          timeMs,
          asOfOffset,
          IntStream.of(kept).mapToObj(items::get).toList(),
          IntStream.of(kept).map(i -> positions[i]).toArray(),
          keptLabels);
    }
  }

  /**
   * A choice in a log without impressions: the chosen item against what retrieval would have
   * proposed at that moment.
   *
   * @param labels of the chosen item, shape (T)
   */
  record Chosen(UserId user, long timeMs, long asOfOffset, ItemId item, float[] labels)
      implements TrainingRequest {}
}
