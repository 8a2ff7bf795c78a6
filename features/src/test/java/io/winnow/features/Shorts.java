package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Policy;
import io.winnow.core.application.Schema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** An application with every kind of feature, and seeded streams of its records. */
final class Shorts {
  static final long START_MS = 1_700_000_000_000L;

  private static final Entity USER = Entity.USER;
  private static final Entity ITEM = Entity.ITEM;
  private static final Entity USER_ITEM = Entity.USER_ITEM;
  private static final Entity BY_TAG = Entity.userBy("tags");
  private static final Entity BY_CREATOR = Entity.userBy("creator");
  private static final Entity REQUEST = new Entity.Request();

  private Shorts() {}

  static ApplicationDefinition application() {
    return application(features());
  }

  static ApplicationDefinition application(List<FeatureDefinition> features) {
    Map<String, AttributeType> items = new LinkedHashMap<>();
    items.put("creator", AttributeType.STRING);
    items.put("tags", AttributeType.STRINGS);
    items.put("published", AttributeType.TIME);
    Map<String, Schema.EventType> events = new LinkedHashMap<>();
    events.put("click", new Schema.EventType("", false));
    events.put("watch", new Schema.EventType("seconds", true));
    events.put("like", new Schema.EventType("", false));
    return new ApplicationDefinition(
        "shorts",
        new Schema(items, Map.of("joined", AttributeType.TIME), events, false),
        features,
        new Objectives(List.of(), Duration.ofMinutes(30)),
        new Policy(
            new Policy.Retrieval(Map.of()),
            new Policy.Reranking(null, Map.of(), 0, List.of()),
            new Policy.Serving(Duration.ofMillis(50), 10)),
        Imports.NONE);
  }

  static List<FeatureDefinition> features() {
    EventFilter any = EventFilter.ANY_OUTCOME;
    EventFilter click = EventFilter.ofType("click");
    EventFilter watch = EventFilter.ofType("watch");
    EventFilter shown = EventFilter.ofType(Event.IMPRESSION);
    EventFilter longWatch =
        new EventFilter(
            "watch", new EventFilter.Comparison(EventFilter.Operator.GREATER_OR_EQUAL, 30));
    Window hour = Window.of(Duration.ofHours(1));
    Window day = Window.of(Duration.ofDays(1));
    Window week = Window.of(Duration.ofDays(7));
    List<FeatureDefinition> f = new ArrayList<>();
    f.add(new FeatureDefinition("events_1h", USER, new Aggregation.Count(any, hour)));
    f.add(new FeatureDefinition("watch_time_7d", USER, new Aggregation.Sum(watch, week)));
    f.add(new FeatureDefinition("ctr_1d", USER, new Aggregation.Rate(click, shown, day, 0.1, 5)));
    f.add(new FeatureDefinition("recent", USER, new Aggregation.LastItems(watch, 5)));
    f.add(new FeatureDefinition("since_event", USER, new Aggregation.SinceEvent(any)));
    f.add(new FeatureDefinition("member", USER, new Aggregation.SinceAttribute("joined")));
    f.add(new FeatureDefinition("ctr_1h", ITEM, new Aggregation.Rate(click, shown, hour, 0, 0)));
    f.add(new FeatureDefinition("long_7d", ITEM, new Aggregation.Count(longWatch, week)));
    f.add(new FeatureDefinition("shown_1d", ITEM, new Aggregation.Count(shown, day)));
    f.add(new FeatureDefinition("last_watch", ITEM, new Aggregation.LastValue(watch)));
    f.add(new FeatureDefinition("age", ITEM, new Aggregation.SinceAttribute("published")));
    f.add(new FeatureDefinition("shown_7d", USER_ITEM, new Aggregation.Count(shown, week)));
    f.add(new FeatureDefinition("since", USER_ITEM, new Aggregation.SinceEvent(any)));
    f.add(new FeatureDefinition("watched_1d", BY_TAG, new Aggregation.Sum(watch, day)));
    f.add(new FeatureDefinition("since", BY_TAG, new Aggregation.SinceEvent(longWatch)));
    f.add(new FeatureDefinition("clicks", BY_CREATOR, new Aggregation.Count(click, week)));
    f.add(new FeatureDefinition("hour", REQUEST, new Aggregation.HourOfDay()));
    f.add(new FeatureDefinition("day", REQUEST, new Aggregation.DayOfWeek()));
    f.add(new FeatureDefinition("device", REQUEST, new Aggregation.Context("device")));
    return f;
  }

  /** How a stream looks. */
  record Shape(int records, int users, int items, long meanStepMs) {}

  /**
   * A stream in log order whose event times run ahead on average but are late, out of order, and
   * jump now and then; with items put late, replaced and removed.
   */
  static List<LogRecord> stream(Seed seed, Shape shape) {
    RandomGenerator random = seed.generator("stream");
    List<LogRecord> records = new ArrayList<>();
    long nowMs = START_MS;
    for (int i = 0; i < shape.records; i++) {
      nowMs += random.nextLong(2 * shape.meanStepMs + 1);
      if (random.nextInt(2000) == 0) {
        nowMs += Duration.ofDays(random.nextInt(12)).toMillis();
      }
      int kind = random.nextInt(100);
      ItemId item = new ItemId("item-" + skewed(random, shape.items));
      UserId user = new UserId("user-é" + skewed(random, shape.users));
      if (kind < 3) {
        records.add(new LogRecord.ItemPut(item, attributes(random), kind > 0, nowMs));
      } else if (kind == 3) {
        records.add(new LogRecord.ItemRemoved(item, nowMs));
      } else if (kind == 4) {
        Map<String, AttributeValue> joined =
            random.nextBoolean() ? Map.of("joined", new AttributeValue.Time(nowMs)) : Map.of();
        records.add(new LogRecord.UserPut(user, joined, nowMs));
      } else {
        records.add(new LogRecord.Happened(event(random, "e" + i, user, item, nowMs)));
      }
    }
    return records;
  }

  private static Event event(
      RandomGenerator random, String id, UserId user, ItemId item, long nowMs) {
    long timeMs =
        switch (random.nextInt(40)) {
          case 0 -> nowMs - random.nextLong(Duration.ofDays(10).toMillis());
          case 1 -> nowMs - random.nextLong(Duration.ofHours(3).toMillis());
          case 2 -> nowMs + random.nextLong(Duration.ofHours(2).toMillis());
          case 3 ->
              random.nextInt(20) == 0
                  ? nowMs + random.nextLong(Duration.ofDays(90).toMillis())
                  : nowMs;
          default -> nowMs - random.nextLong(1000);
        };
    int type = random.nextInt(20);
    if (type < 9) {
      Impression impression =
          new Impression(
              "r",
              0,
              1,
              new Impression.Provenance("1", "default", "popular", 0),
              0,
              0,
              new float[0]);
      return new Event(id, Event.IMPRESSION, user, item, timeMs, Double.NaN, "r", impression);
    }
    if (type < 14) {
      return new Event(id, "watch", user, item, timeMs, random.nextDouble() * 60);
    }
    return new Event(
        id,
        type == 14 ? "like" : type == 15 ? "undeclared" : "click",
        user,
        item,
        timeMs,
        Double.NaN);
  }

  private static Map<String, AttributeValue> attributes(RandomGenerator random) {
    Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    if (random.nextInt(10) > 0) {
      attributes.put("creator", new AttributeValue.Text("creator " + random.nextInt(8)));
    }
    List<String> tags = new ArrayList<>();
    for (int left = random.nextInt(4); left > 0; left--) {
      tags.add("tag" + random.nextInt(20));
    }
    attributes.put("tags", new AttributeValue.Tokens(tags));
    attributes.put(
        "published",
        new AttributeValue.Time(START_MS - random.nextLong(Duration.ofDays(30).toMillis())));
    attributes.put("length", new AttributeValue.Numeric(random.nextInt(100)));
    return attributes;
  }

  /** A number below n; small ones are drawn more often. */
  static int skewed(RandomGenerator random, int n) {
    double u = random.nextDouble();
    return (int) (u * u * n);
  }
}
