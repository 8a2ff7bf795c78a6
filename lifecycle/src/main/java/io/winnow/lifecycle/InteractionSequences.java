package io.winnow.lifecycle;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Objectives.Objective;
import io.winnow.events.RecordSource;
import io.winnow.features.Catalog;
import io.winnow.features.UserHistory;
import io.winnow.models.Interactions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What counts as 'the user chose this item': the one rule for training sequences, for the history
 * that a query is made of, and for evaluation targets.
 *
 * <p>An event counts if it is an outcome of one of the application's objectives and its item is not
 * the one of the user's previous counted event: a click, a watch and a like of one item in a row
 * are one choice.
 *
 * <p>As a visitor of records it collects the sequences of all users; not thread-safe.
 */
final class InteractionSequences implements RecordSource.Visitor {
  private final List<EventFilter> outcomes;
  private final Map<UserId, Sequence> byUser = new LinkedHashMap<>();

  InteractionSequences(ApplicationDefinition application) {
    this.outcomes = application.objectives().list().stream().map(Objective::when).toList();
  }

  @Override
  public void visit(long offset, LogRecord record) {
    if (record instanceof LogRecord.Happened(Event event)) {
      accept(event);
    }
  }

  /** Takes an event in, and says whether it counts as a choice. */
  boolean accept(Event event) {
    if (!isOutcome(event)) {
      return false;
    }
    return byUser.computeIfAbsent(event.user(), _ -> new Sequence()).add(event);
  }

  private boolean isOutcome(Event event) {
    for (EventFilter filter : outcomes) {
      if (filter.test(event)) {
        return true;
      }
    }
    return false;
  }

  /** How many users made a choice so far. */
  int userCount() {
    return byUser.size();
  }

  /** How many choices each user made so far, in the order of {@link #toInteractions}. */
  int[] lengths() {
    return byUser.values().stream().mapToInt(sequence -> sequence.items.size()).toArray();
  }

  /**
   * The sequences so far as training data.
   *
   * @param catalog knows every item that occurred; its indices are used
   */
  Interactions toInteractions(Catalog catalog) {
    int[] offsets = new int[byUser.size() + 1];
    int user = 0;
    for (Sequence sequence : byUser.values()) {
      offsets[user + 1] = offsets[user] + sequence.items.size();
      user++;
    }
    int[] items = new int[offsets[user]];
    long[] times = new long[offsets[user]];
    int at = 0;
    for (Sequence sequence : byUser.values()) {
      for (int i = 0; i < sequence.items.size(); i++) {
        items[at] = catalog.indexOf(sequence.items.get(i));
        times[at] = sequence.times[i];
        at++;
      }
    }
    return new Interactions(catalog.size(), offsets, items, times);
  }

  /** The choices in a user's history: the same rule as for training. */
  UserHistory choices(UserHistory history) {
    boolean[] plain = new boolean[history.typeNames().size()];
    for (int type = 0; type < plain.length; type++) {
      String name = history.typeNames().get(type);
      plain[type] =
          outcomes.stream()
              .anyMatch(
                  f -> f.comparison() == null && (f.type().equals(name) || f.type().equals("*")));
    }
    int[] kept = new int[history.length()];
    int n = 0;
    for (int i = 0; i < history.length(); i++) {
      boolean counts = plain[history.types()[i]] || passesComparison(history, i);
      if (counts && (n == 0 || history.items()[kept[n - 1]] != history.items()[i])) {
        kept[n++] = i;
      }
    }
    return select(history, Arrays.copyOf(kept, n));
  }

  private boolean passesComparison(UserHistory history, int i) {
    String type = history.typeNames().get(history.types()[i]);
    for (EventFilter filter : outcomes) {
      EventFilter.Comparison comparison = filter.comparison();
      if (comparison != null
          && (filter.type().equals(type) || filter.type().equals("*"))
          && comparison.test(history.values()[i])) {
        return true;
      }
    }
    return false;
  }

  /** The chosen entries; models see time as not running backwards. */
  private static UserHistory select(UserHistory history, int[] kept) {
    int[] items = new int[kept.length];
    long[] times = new long[kept.length];
    byte[] types = new byte[kept.length];
    float[] values = new float[kept.length];
    for (int i = 0; i < kept.length; i++) {
      items[i] = history.items()[kept[i]];
      times[i] = Math.max(i == 0 ? Long.MIN_VALUE : times[i - 1], history.timesMs()[kept[i]]);
      types[i] = history.types()[kept[i]];
      values[i] = history.values()[kept[i]];
    }
    return new UserHistory(items, times, types, values, history.typeNames());
  }

  /** One user's choices so far. */
  private static final class Sequence {
    private final List<io.winnow.core.ItemId> items = new ArrayList<>();
    private long[] times = new long[8];

    boolean add(Event event) {
      if (!items.isEmpty() && items.getLast().equals(event.item())) {
        return false;
      }
      if (items.size() == times.length) {
        times = Arrays.copyOf(times, times.length * 2);
      }
      // Late events keep the log's order; models see time as not running backwards.
      long previous = items.isEmpty() ? Long.MIN_VALUE : times[items.size() - 1];
      times[items.size()] = Math.max(previous, event.timeMs());
      items.add(event.item());
      return true;
    }
  }
}
