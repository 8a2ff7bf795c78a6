package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Operations;
import io.winnow.core.application.Policy;
import io.winnow.core.application.Schema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Random applications: features of every aggregation for every entity, several of one view. */
final class GeneratedApplications {
  static final long DAY_MS = 86_400_000;

  /** Values that events have and filters compare with, so that every operator meets its edge. */
  static final double[] COMMON_VALUES = {-7.5, -1, -0.0, 0, 0.25, 1, 3, 10, 30};

  static final List<String> LISTS = List.of("recent", "latest");

  private static final List<Entity.Key> USER_KEYS =
      List.of(
          Entity.Key.NONE,
          Entity.Key.ID,
          new Entity.Key.Attribute("country"),
          new Entity.Key.Attribute("interests"));
  private static final List<Entity.Key> ITEM_KEYS =
      List.of(
          Entity.Key.NONE,
          Entity.Key.ID,
          new Entity.Key.Attribute("creator"),
          new Entity.Key.Attribute("tags"));
  private static final List<Duration> ROUND =
      List.of(
          Duration.ofMinutes(1),
          Duration.ofMinutes(10),
          Duration.ofHours(1),
          Duration.ofDays(1),
          Duration.ofDays(7),
          Duration.ofDays(30),
          Duration.ofDays(90));

  private final RandomGenerator random;
  private final List<Window> windows = new ArrayList<>();
  private final List<FeatureDefinition> features = new ArrayList<>();

  private GeneratedApplications(RandomGenerator random) {
    this.random = random;
  }

  /** Every entity of keys that {@link #application} knows the attributes of. */
  static List<Entity> entities() {
    List<Entity> entities = new ArrayList<>();
    for (Entity.Key user : USER_KEYS) {
      for (Entity.Key item : ITEM_KEYS) {
        if (!user.equals(Entity.Key.NONE) || !item.equals(Entity.Key.NONE)) {
          entities.add(new Entity.Keys(user, item));
        }
      }
    }
    return entities;
  }

  /** A random application. */
  static ApplicationDefinition generate(RandomGenerator random) {
    return new GeneratedApplications(random).generate();
  }

  private ApplicationDefinition generate() {
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      windows.add(window());
    }
    List<Entity> entities = entities();
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      Entity entity = entities.get(random.nextInt(entities.size()));
      for (int more = 1 + random.nextInt(4); more > 0; more--) {
        features.add(new FeatureDefinition("f" + features.size(), entity, aggregation()));
      }
    }
    for (String list : LISTS) {
      if (random.nextInt(4) == 0) {
        Aggregation last = new Aggregation.LastItems(filter(), 1 + random.nextInt(6));
        features.add(new FeatureDefinition(list, Entity.USER, last));
      }
    }
    if (random.nextInt(4) == 0) {
      Entity request = new Entity.Request();
      features.add(new FeatureDefinition("hour", request, new Aggregation.HourOfDay()));
      features.add(new FeatureDefinition("day", request, new Aggregation.DayOfWeek()));
      features.add(new FeatureDefinition("device", request, new Aggregation.Context("device")));
      features.add(
          new FeatureDefinition("age", Entity.ITEM, new Aggregation.SinceAttribute("published")));
      features.add(
          new FeatureDefinition("member", Entity.USER, new Aggregation.SinceAttribute("joined")));
    }
    return application(features, views());
  }

  /** An application with these features over the attributes and events that streams have. */
  static ApplicationDefinition application(
      List<FeatureDefinition> features, Map<String, FeatureStorePolicy.View> views) {
    Map<String, AttributeType> items = new LinkedHashMap<>();
    items.put("creator", AttributeType.STRING);
    items.put("tags", AttributeType.STRINGS);
    items.put("published", AttributeType.TIME);
    Map<String, AttributeType> users = new LinkedHashMap<>();
    users.put("country", AttributeType.STRING);
    users.put("interests", AttributeType.STRINGS);
    users.put("joined", AttributeType.TIME);
    Map<String, Schema.EventType> events = new LinkedHashMap<>();
    events.put("click", new Schema.EventType("", false));
    events.put("watch", new Schema.EventType("seconds", true));
    events.put("rate", new Schema.EventType("stars", false));
    return new ApplicationDefinition(
        "generated",
        new Schema(items, users, events, false),
        features,
        new Objectives(List.of(), Duration.ofMinutes(30)),
        new Policy(
            new Policy.Retrieval(Map.of()),
            new Policy.Reranking(null, Map.of(), 0, List.of()),
            new Policy.Serving(Duration.ofMillis(50), 10)),
        Imports.NONE,
        new Operations(
            new FeatureStorePolicy(views, FeatureStorePolicy.Audit.DEFAULT),
            Operations.DEFAULT.engines(),
            Operations.DEFAULT.retraining()));
  }

  /** The same application with other features. */
  static ApplicationDefinition with(
      ApplicationDefinition application, List<FeatureDefinition> features) {
    return application(features, application.operations().featureStore().views());
  }

  /** How long a feature may need an event: its window with the lateness, or what a decay keeps. */
  static Duration spanOf(FeatureDefinition feature) {
    if (feature.aggregation() instanceof Aggregation.Decay decay) {
      return decay.halfLife().multipliedBy(48);
    }
    Window window = NaiveFeatures.windowOf(feature);
    return window == null ? Duration.ZERO : window.length().plus(window.lateness());
  }

  /** Times to live of some views, no shorter than what their windows need. */
  private Map<String, FeatureStorePolicy.View> views() {
    Map<String, FeatureStorePolicy.View> views = new LinkedHashMap<>();
    for (FeatureDefinition feature : features) {
      if (feature.entity() instanceof Entity.Keys && random.nextInt(3) == 0) {
        Duration ttl = Duration.ofMillis(60_000 + random.nextLong(5 * DAY_MS));
        for (FeatureDefinition other : features) {
          Duration span = spanOf(other);
          if (other.entity().equals(feature.entity()) && span.compareTo(ttl) > 0) {
            ttl = span;
          }
        }
        views.put(feature.entity().label(), new FeatureStorePolicy.View(ttl, 8192));
      }
    }
    return views;
  }

  private Window window() {
    Duration length =
        random.nextBoolean()
            ? ROUND.get(random.nextInt(ROUND.size()))
            : Duration.ofMillis((long) (60_000 * Math.pow(129_600, random.nextDouble())));
    long lengthMs = length.toMillis();
    return switch (random.nextInt(5)) {
      case 0 -> new Window(length, Duration.ZERO);
      case 1 -> new Window(length, Duration.ofMillis(1));
      case 2 -> new Window(length, Duration.ofMillis(random.nextLong(2 * lengthMs)));
      default -> Window.of(length);
    };
  }

  private EventFilter filter() {
    String[] types = {"*", "click", "watch", "rate", Event.IMPRESSION};
    return filter(types[random.nextInt(types.length)]);
  }

  /** Of a type, and where it has values sometimes with a comparison. */
  private EventFilter filter(String type) {
    boolean compares = (type.equals("watch") || type.equals("rate")) && random.nextBoolean();
    if (!compares) {
      return EventFilter.ofType(type);
    }
    EventFilter.Operator[] operators = EventFilter.Operator.values();
    return new EventFilter(
        type,
        new EventFilter.Comparison(
            operators[random.nextInt(operators.length)],
            COMMON_VALUES[random.nextInt(COMMON_VALUES.length)]));
  }

  private EventFilter filterOfValues() {
    return filter(random.nextBoolean() ? "watch" : "rate");
  }

  private Aggregation aggregation() {
    Window window = windows.get(random.nextInt(windows.size()));
    return switch (random.nextInt(11)) {
      case 0 -> new Aggregation.Count(filter(), window);
      case 1 -> new Aggregation.Sum(filterOfValues(), window);
      case 2 -> new Aggregation.Mean(filterOfValues(), window);
      case 3 -> new Aggregation.Min(filterOfValues(), window);
      case 4 -> new Aggregation.Max(filterOfValues(), window);
      case 5 ->
          new Aggregation.Rate(
              filter(), filter(), window, random.nextInt(3) / 8.0, random.nextInt(3) * 2.5);
      case 6 ->
          new Aggregation.Distinct(
              filter(),
              random.nextBoolean()
                  ? Aggregation.Distinct.Counted.ITEM
                  : Aggregation.Distinct.Counted.USER,
              window);
      case 7 -> {
        double[] shares = {0, 0.1, 0.5, 0.9, 0.99, 1};
        yield new Aggregation.Quantile(
            filterOfValues(), shares[random.nextInt(shares.length)], window);
      }
      case 8 -> {
        boolean ofValues = random.nextBoolean();
        Duration halfLife = window.length().dividedBy(1 + random.nextInt(30));
        yield new Aggregation.Decay(ofValues ? filterOfValues() : filter(), ofValues, halfLife);
      }
      case 9 -> new Aggregation.LastValue(filterOfValues());
      default -> new Aggregation.SinceEvent(filter());
    };
  }
}
