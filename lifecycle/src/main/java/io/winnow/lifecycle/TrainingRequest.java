package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import java.util.List;

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
