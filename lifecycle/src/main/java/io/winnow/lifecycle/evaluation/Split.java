package io.winnow.lifecycle.evaluation;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.TrainingRequests;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A data set cut into what models may learn from and what they are asked.
 *
 * @param records the log; for leave-one-out without the targets
 * @param trainingEnd models see the records below this offset
 * @param cutMs time of the first target
 * @param targets in log order
 * @param userCount how many users have a target; targets name theirs by index
 * @param slates that were shown behind the cut, in log order; evenly thinned if there are many
 */
record Split(
    RecordSource records,
    long trainingEnd,
    long cutMs,
    List<Target> targets,
    int userCount,
    List<TrainingRequest.Shown> slates) {
  /** More slates than this would only take longer. */
  private static final int SLATES_MAX = 3_000;

  /** Items with fewer events are left out of leave-one-out, as in the published tables. */
  private static final int MIN_ITEM_EVENTS = 5;

  /** Users with fewer choices have no target in leave-one-out, as in the published tables. */
  private static final int MIN_USER_EVENTS = 3;

  /**
   * A choice to predict.
   *
   * @param userIndex dense, by first target
   * @param timeMs when it is asked for: in the temporal protocol when it was chosen, in
   *     leave-one-out when its user's last other event happened
   * @param asOfOffset the history is what lies below
   */
  record Target(UserId user, int userIndex, ItemId item, long timeMs, long asOfOffset) {}

  /** Cuts at a quantile of the choices' times; what the log held before the cut is for training. */
  static Split temporal(
      ApplicationDefinition application, RecordSource records, double cutQuantile) {
    List<TrainingRequest.Chosen> choices = requests(application, records).choices();
    if (choices.isEmpty()) {
      throw WinnowException.invalid("events", "no outcome of an objective", "choices to predict");
    }
    TrainingRequest.Chosen first =
        choices.get(Math.min(choices.size() - 1, (int) (choices.size() * cutQuantile)));
    return from(application, records, first.asOfOffset());
  }

  /** Every choice at or behind an offset is a target. */
  static Split from(ApplicationDefinition application, RecordSource records, long fromOffset) {
    Map<UserId, Integer> users = new HashMap<>();
    List<Target> targets = new ArrayList<>();
    TrainingRequests requests = requests(application, records);
    for (TrainingRequest.Chosen choice : requests.choices()) {
      if (choice.asOfOffset() >= fromOffset) {
        int user = users.computeIfAbsent(choice.user(), _ -> users.size());
        targets.add(
            new Target(choice.user(), user, choice.item(), choice.timeMs(), choice.asOfOffset()));
      }
    }
    long cutMs = targets.isEmpty() ? Long.MAX_VALUE : targets.getFirst().timeMs();
    return new Split(
        records, fromOffset, cutMs, targets, users.size(), thinned(requests.slates(), fromOffset));
  }

  /** Takes each user's last choice out. */
  static Split leaveOneOut(ApplicationDefinition application, RecordSource records) {
    List<LogRecord> kept = catalogueFirst(withoutRareItems(records));
    Map<UserId, Last> lasts = new LinkedHashMap<>();
    TrainingRequests requests = new TrainingRequests(application);
    for (int i = 0; i < kept.size(); i++) {
      requests.visit(i, kept.get(i));
    }
    for (TrainingRequest.Chosen choice : requests.choices()) {
      lasts.merge(
          choice.user(),
          new Last(choice, 1),
          (old, last) -> new Last(last.choice(), old.count() + 1));
    }
    lasts.values().removeIf(last -> last.count() < MIN_USER_EVENTS);
    List<LogRecord> training = new ArrayList<>(kept.size());
    Map<UserId, Moment> moments = new HashMap<>();
    for (int i = 0; i < kept.size(); i++) {
      // With the choice goes all that its user did afterwards: to watch what one clicked tells it.
      Last last =
          kept.get(i) instanceof LogRecord.Happened(Event event) ? lasts.get(event.user()) : null;
      if (last == null || i < last.choice().asOfOffset()) {
        training.add(kept.get(i));
        if (kept.get(i) instanceof LogRecord.Happened(Event event)) {
          moments.put(event.user(), new Moment(event.timeMs(), training.size()));
        }
      }
    }
    List<Target> targets = new ArrayList<>();
    for (Last last : lasts.values()) {
      TrainingRequest.Chosen choice = last.choice();
      Moment moment = moments.get(choice.user());
      if (moment != null) { // Else everything that the user did followed from one slate.
        targets.add(
            new Target(
                choice.user(), targets.size(), choice.item(), moment.timeMs(), moment.offset()));
      }
    }
    targets.sort(Comparator.comparingLong(Target::asOfOffset));
    long cutMs = targets.stream().mapToLong(Target::timeMs).min().orElse(Long.MAX_VALUE);
    return new Split(
        RecordSource.of(training), training.size(), cutMs, targets, targets.size(), List.of());
  }

  private record Last(TrainingRequest.Chosen choice, int count) {}

  /**
   * When a user is asked: right behind the last event that is left of theirs, so that live windows
   * hold what they held then. When the target happened is a fact of the target, and not used.
   */
  private record Moment(long timeMs, long offset) {}

  /**
   * Names every item before the first event, as the published tables rank all of them: one that the
   * log names later is put first, without attributes.
   */
  private static List<LogRecord> catalogueFirst(List<LogRecord> records) {
    Set<ItemId> named = new HashSet<>();
    List<LogRecord> first = new ArrayList<>();
    boolean events = false;
    for (LogRecord record : records) {
      events |= record instanceof LogRecord.Happened;
      ItemId item = item(record);
      if (item != null && named.add(item) && events) {
        first.add(new LogRecord.ItemPut(item, Map.of(), true, records.getFirst().timeMs()));
      }
    }
    first.addAll(records);
    return first;
  }

  private static @Nullable ItemId item(LogRecord record) {
    return switch (record) {
      case LogRecord.Happened(Event event) -> event.item();
      case LogRecord.ItemPut put -> put.item();
      case LogRecord.ItemRemoved removed -> removed.item();
      case LogRecord.UserPut _, LogRecord.Exposed _ -> null;
    };
  }

  private static List<LogRecord> withoutRareItems(RecordSource records) {
    Map<ItemId, Integer> counts = new HashMap<>();
    records.replay((_, record) -> {
      if (record instanceof LogRecord.Happened(Event event) && event.impression() == null) {
        counts.merge(event.item(), 1, Integer::sum);
      }
    });
    List<LogRecord> kept = new ArrayList<>();
    records.replay((_, record) -> {
      ItemId item = item(record);
      if (item == null || counts.getOrDefault(item, 0) >= MIN_ITEM_EVENTS) {
        kept.add(record);
      }
    });
    return kept;
  }

  private static List<TrainingRequest.Shown> thinned(
      List<TrainingRequest.Shown> slates, long fromOffset) {
    List<TrainingRequest.Shown> later =
        slates.stream()
            .filter(slate -> slate.asOfOffset() >= fromOffset)
            .sorted(Comparator.comparingLong(TrainingRequest.Shown::asOfOffset))
            .toList();
    int kept = Math.min(later.size(), SLATES_MAX);
    List<TrainingRequest.Shown> thinned = new ArrayList<>(kept);
    for (int i = 0; i < kept; i++) {
      thinned.add(later.get((int) ((long) i * later.size() / kept)));
    }
    return thinned;
  }

  private static TrainingRequests requests(
      ApplicationDefinition application, RecordSource records) {
    TrainingRequests requests = new TrainingRequests(application);
    records.replay(requests);
    return requests;
  }
}
