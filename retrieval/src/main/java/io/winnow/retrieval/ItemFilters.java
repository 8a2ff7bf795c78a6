package io.winnow.retrieval;

import io.winnow.features.Catalog;
import io.winnow.features.UserHistory;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.util.List;

/**
 * Puts a request's filter together: what is available, not excluded, not seen, and fits every
 * condition. The cheapest question comes first; attributes are looked up last. The filter may be
 * asked by many threads.
 */
public final class ItemFilters {
  private static final int[] NONE = new int[0];

  private final Catalog catalog;
  private int[] seen = NONE;
  private int[] excluded = NONE;
  private List<AttributeCondition> conditions = List.of();

  private ItemFilters(Catalog catalog) {
    this.catalog = catalog;
  }

  /** Begins with all items of the catalogue that are available. */
  public static ItemFilters available(Catalog catalog) {
    return new ItemFilters(catalog);
  }

  /** Without what the user had, unless items repeat. */
  public ItemFilters withoutSeen(UserHistory history, boolean repeats) {
    seen = repeats ? NONE : history.items();
    return this;
  }

  /**
   * Without these.
   *
   * @param items catalogue indices; negative ones (not known) are passed over
   */
  public ItemFilters without(int[] items) {
    excluded = items;
    return this;
  }

  /** Only what fits all conditions. */
  public ItemFilters matching(List<AttributeCondition> all) {
    conditions = List.copyOf(all);
    return this;
  }

  /** The filter. */
  public ItemFilter build() {
    IntSet out = new IntSet(seen.length + excluded.length);
    addAll(out, seen);
    addAll(out, excluded);
    List<AttributeCondition> all = conditions;
    return item -> !out.contains(item) && catalog.available(item) && fits(item, all);
  }

  private static void addAll(IntSet set, int[] items) {
    for (int item : items) {
      if (item >= 0) {
        set.add(item);
      }
    }
  }

  private boolean fits(int item, List<AttributeCondition> all) {
    for (AttributeCondition condition : all) {
      if (!condition.test(catalog.attribute(item, condition.attribute()))) {
        return false;
      }
    }
    return true;
  }
}
