package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The oracle: keeps every record and computes each value from the definition alone, slowly. Its
 * constants are its own, so that a change of the tile rules shows.
 */
final class NaiveFeatures {
  /** An event with what its item's categories were when it was logged. */
  private record Past(Event event, Map<String, AttributeValue> item) {}

  private final List<FeatureDefinition> definitions;
  private final List<String> types;
  private final List<Past> past = new ArrayList<>();
  private final Map<ItemId, Map<String, AttributeValue>> items = new HashMap<>();
  private final Map<UserId, Map<String, AttributeValue>> users = new HashMap<>();

  NaiveFeatures(List<FeatureDefinition> definitions, List<String> types) {
    this.definitions = definitions;
    this.types = types;
  }

  void apply(LogRecord record) {
    switch (record) {
      case LogRecord.Happened(Event event) -> {
        if (event.type().equals(Event.IMPRESSION) || types.contains(event.type())) {
          past.add(new Past(event, items.getOrDefault(event.item(), Map.of())));
        }
      }
      case LogRecord.ItemPut put -> items.put(put.item(), put.attributes());
      case LogRecord.ItemRemoved _ -> {}
      case LogRecord.UserPut put -> users.put(put.user(), put.attributes());
    }
  }

  float[] row(UserId user, ItemId item, Map<String, String> context, long timeMs) {
    List<Float> row = new ArrayList<>();
    for (FeatureDefinition definition : definitions) {
      if (!(definition.aggregation() instanceof Aggregation.LastItems)) {
        row.add((float) value(definition, user, item, context, timeMs));
      }
    }
    float[] values = new float[row.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.get(i);
    }
    return values;
  }

  private double value(
      FeatureDefinition definition,
      UserId user,
      ItemId item,
      Map<String, String> context,
      long timeMs) {
    Aggregation aggregation = definition.aggregation();
    return switch (definition.entity()) {
      case Entity.Keys keys when keys.equals(Entity.USER) ->
          aggregation instanceof Aggregation.SinceAttribute(String name)
              ? since(users.getOrDefault(user, Map.of()).get(name), timeMs)
              : aggregate(aggregation, p -> p.event.user().equals(user), timeMs);
      case Entity.Keys keys when keys.equals(Entity.ITEM) ->
          aggregation instanceof Aggregation.SinceAttribute(String name)
              ? since(items.getOrDefault(item, Map.of()).get(name), timeMs)
              : aggregate(aggregation, p -> p.event.item().equals(item), timeMs);
      case Entity.Keys keys when keys.equals(Entity.USER_ITEM) ->
          aggregate(
              aggregation, p -> p.event.user().equals(user) && p.event.item().equals(item), timeMs);
      case Entity.Keys(Entity.Key _, Entity.Key key) -> {
        String attribute = ((Entity.Key.Attribute) key).name();
        double sum = 0;
        int known = 0;
        for (String category : categories(items.getOrDefault(item, Map.of()), attribute)) {
          double one =
              aggregate(
                  aggregation,
                  p ->
                      p.event.user().equals(user)
                          && categories(p.item, attribute).contains(category),
                  timeMs);
          if (!Double.isNaN(one)) {
            sum += one;
            known++;
          }
        }
        yield known == 0 ? Double.NaN : sum / known;
      }
      case Entity.Request _ ->
          switch (aggregation) {
            case Aggregation.HourOfDay _ ->
                Instant.ofEpochMilli(timeMs).atZone(ZoneOffset.UTC).getHour();
            case Aggregation.DayOfWeek _ ->
                Instant.ofEpochMilli(timeMs).atZone(ZoneOffset.UTC).getDayOfWeek().getValue();
            default ->
                context.containsKey("device")
                    ? Double.parseDouble(context.get("device"))
                    : Double.NaN;
          };
    };
  }

  private static List<String> categories(Map<String, AttributeValue> item, String attribute) {
    AttributeValue value = item.get(attribute);
    return value == null ? List.of() : value.categories();
  }

  private static double since(@Nullable AttributeValue value, long timeMs) {
    return value instanceof AttributeValue.Time(long epochMs)
        ? (timeMs - epochMs) / 1000.0
        : Double.NaN;
  }

  private double aggregate(Aggregation aggregation, Predicate<Past> entity, long timeMs) {
    List<Event> events = past.stream().filter(entity).map(Past::event).toList();
    return switch (aggregation) {
      case Aggregation.Count count ->
          window(events, count.filter(), false, count.window().length(), timeMs);
      case Aggregation.Sum sum -> window(events, sum.filter(), true, sum.window().length(), timeMs);
      case Aggregation.Rate rate -> {
        double weight = rate.priorWeight();
        double n = window(events, rate.numerator(), false, rate.window().length(), timeMs);
        double d = window(events, rate.denominator(), false, rate.window().length(), timeMs);
        yield d + weight == 0 ? Double.NaN : (rate.prior() * weight + n) / (weight + d);
      }
      case Aggregation.LastValue(EventFilter filter) ->
          newest(events, filter, 4, timeMs).stream()
              .reduce((_, last) -> last)
              .map(Event::value)
              .orElse(Double.NaN);
      case Aggregation.SinceEvent(EventFilter filter) ->
          newest(events, filter, 4, timeMs).stream()
              .reduce((_, last) -> last)
              .map(event -> (timeMs - event.timeMs()) / 1000.0)
              .orElse(Double.NaN);
      default -> throw new IllegalArgumentException(aggregation.toString());
    };
  }

  /** The last n items of a user, newest last. */
  List<ItemId> lastItems(UserId user, EventFilter filter, int n, long timeMs) {
    List<Event> events =
        newest(
            past.stream().map(Past::event).filter(e -> e.user().equals(user)).toList(),
            filter,
            n + 3,
            timeMs);
    return events.subList(Math.max(0, events.size() - n), events.size()).stream()
        .map(Event::item)
        .toList();
  }

  /** Of the newest {@code kept} selected events those that are not later than the time. */
  private static List<Event> newest(List<Event> events, EventFilter filter, int kept, long timeMs) {
    List<Event> sorted =
        events.stream()
            .filter(filter::test)
            .sorted(Comparator.comparingLong(Event::timeMs))
            .toList();
    return sorted.subList(Math.max(0, sorted.size() - kept), sorted.size()).stream()
        .filter(event -> event.timeMs() <= timeMs)
        .toList();
  }

  private static double window(
      List<Event> events, EventFilter filter, boolean values, Duration window, long timeMs) {
    long tileMs = (window.toMillis() + 23) / 24;
    TreeMap<Long, Double> tiles = new TreeMap<>();
    for (Event event : events) {
      if (filter.test(event) && (!values || event.hasValue())) {
        tiles.merge(
            Math.floorDiv(event.timeMs(), tileMs), values ? event.value() : 1.0, Double::sum);
      }
    }
    while (tiles.size() > 32) {
      tiles.pollFirstEntry();
    }
    long last = Math.floorDiv(timeMs, tileMs);
    double sum = 0;
    for (double tile : tiles.subMap(last - 24, true, last, true).values()) {
      sum += tile;
    }
    return sum;
  }
}
