package io.winnow.ranking.reranking;

import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Policy;
import io.winnow.features.UserHistory;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the items that a user has had already, by the application's exclusion rules. */
public final class Exclusions {
  private Exclusions() {}

  /**
   * The catalogue indices that at least one rule excludes. A rule's window covers events at or
   * after {@code timeMs - within}; an event that is dated after the request counts as well.
   *
   * @param timeMs the request's time
   * @return a set of the caller's own
   */
  public static BitSet of(List<Policy.Exclusion> rules, UserHistory history, long timeMs) {
    BitSet excluded = new BitSet();
    for (Policy.Exclusion rule : rules) {
      long fromMs = from(rule.within(), timeMs);
      for (int i = 0; i < history.length(); i++) {
        if (history.timesMs()[i] >= fromMs && selects(rule.filter(), history, i)) {
          excluded.set(history.items()[i]);
        }
      }
    }
    return excluded;
  }

  private static long from(@Nullable Duration within, long timeMs) {
    return within == null ? Long.MIN_VALUE : timeMs - within.toMillis();
  }

  /**
   * As {@link EventFilter#test}; a history holds no impressions, so {@code *} selects any event.
   */
  private static boolean selects(EventFilter filter, UserHistory history, int i) {
    boolean rightType =
        filter.type().equals("*")
            || filter.type().equals(history.typeNames().get(history.types()[i]));
    EventFilter.Comparison comparison = filter.comparison();
    return rightType && (comparison == null || comparison.test(history.values()[i]));
  }
}
