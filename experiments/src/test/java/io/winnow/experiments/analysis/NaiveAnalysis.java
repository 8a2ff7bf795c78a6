package io.winnow.experiments.analysis;

import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Objectives;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * The slow and obvious way to join a log with an experiment by user: lists, and loops over them.
 */
final class NaiveAnalysis {
  private final List<LogRecord> records;
  private final Map<String, Exposure> first = new TreeMap<>();
  private final Map<String, Long> firstMs = new HashMap<>();
  private final Set<String> mixed = new HashSet<>();

  NaiveAnalysis(List<LogRecord> records, String experiment, int run) {
    this.records = records;
    List<LogRecord.Exposed> exposed = new ArrayList<>();
    for (LogRecord record : records) {
      if (record instanceof LogRecord.Exposed of
          && of.exposure().experiment().equals(experiment)
          && of.exposure().run() == run) {
        exposed.add(of);
      }
    }
    // Stable: of equal times the one that is earlier in the log stays first.
    exposed.sort(Comparator.comparingLong(LogRecord.Exposed::timeMs));
    for (LogRecord.Exposed of : exposed) {
      String unit = of.exposure().unit();
      first.putIfAbsent(unit, of.exposure());
      firstMs.putIfAbsent(unit, of.timeMs());
      if (!first.get(unit).arm().equals(of.exposure().arm())) {
        mixed.add(unit);
      }
    }
  }

  Set<String> mixed() {
    return mixed;
  }

  long firstMs(String unit) {
    return firstMs.get(unit);
  }

  /** The units of an arm, in the order of their names. */
  List<String> units(String arm) {
    return first.keySet().stream()
        .filter(unit -> !mixed.contains(unit) && first.get(unit).arm().equals(arm))
        .toList();
  }

  Exposure exposure(String unit) {
    return first.get(unit);
  }

  List<Event> events(String unit) {
    List<Event> events = new ArrayList<>();
    for (LogRecord record : records) {
      if (record instanceof LogRecord.Happened(Event event) && event.user().value().equals(unit)) {
        events.add(event);
      }
    }
    return events;
  }

  /** The sum over a unit's events in {@code [from, to)} after its first exposure. */
  double sum(String unit, long from, long to, ToDoubleFunction<Event> of) {
    double sum = 0;
    for (Event event : events(unit)) {
      long since = event.timeMs() - firstMs.get(unit);
      if (since >= from && since < to) {
        sum += of.applyAsDouble(event);
      }
    }
    return sum;
  }

  double count(String unit, long from, long to, Predicate<Event> of) {
    return sum(unit, from, to, event -> of.test(event) ? 1 : 0);
  }

  static Predicate<Event> ofType(String type) {
    return event -> EventFilter.ofType(type).test(event);
  }

  static boolean isSlate(Event event) {
    return event.impression() != null && event.impression().position() == 0;
  }

  /** The worth of a unit's showings in {@code [from, to)}: each objective counts once a showing. */
  double worth(String unit, long from, long to, Objectives objectives) {
    List<Event> events = events(unit);
    double worth = 0;
    Set<String> counted = new HashSet<>();
    for (int i = 0; i < events.size(); i++) {
      Event outcome = events.get(i);
      if (outcome.impression() != null) {
        continue;
      }
      Event shown = newestBefore(events, i, outcome);
      if (shown == null) {
        continue;
      }
      Duration delay = Duration.ofMillis(outcome.timeMs() - shown.timeMs());
      long since = shown.timeMs() - firstMs.get(unit);
      if (delay.isNegative()
          || delay.compareTo(objectives.within()) > 0
          || since < from
          || since >= to
          || (since < 0 && outcome.timeMs() >= firstMs.get(unit))) {
        continue;
      }
      for (Objectives.Objective objective : objectives.list()) {
        if (objective.when().test(outcome) && counted.add(shown.id() + " " + objective.name())) {
          worth += objective.weight();
        }
      }
    }
    return worth;
  }

  private static Event newestBefore(List<Event> events, int index, Event outcome) {
    Event newest = null;
    for (Event event : events.subList(0, index)) {
      if (event.impression() != null
          && event.item().equals(outcome.item())
          && event.timeMs() <= outcome.timeMs()
          && (newest == null || event.timeMs() >= newest.timeMs())) {
        newest = event;
      }
    }
    return newest;
  }
}
