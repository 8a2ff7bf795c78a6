package io.winnow.core.application;

import io.winnow.core.Event;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.Objectives.Objective;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an application gets where its file is silent, so that the smallest useful file is a name,
 * the items' attributes and the event types.
 */
final class Defaults {
  static final Duration OUTCOME_WINDOW = Duration.ofMinutes(30);
  static final double EXPLORE = 0.02;
  static final double DIVERSITY = 0.2;
  static final Duration DEADLINE = Duration.ofMillis(50);
  static final int SLATE = 10;

  private static final int RECENT = 50;

  /** Event types and category attributes that get features of their own, the first declared. */
  private static final int TYPES_WITH_FEATURES = 8;

  private Defaults() {}

  /** Every declared event type, equally. */
  static List<Objective> objectives(Schema schema) {
    return schema.events().keySet().stream()
        .limit(PolicyReader.MAX_OBJECTIVES)
        .map(type -> new Objective(type, EventFilter.ofType(type), 1.0))
        .toList();
  }

  /** The learned sources first; in a shop also what the user had before. */
  static Policy.Retrieval retrieval(Schema schema) {
    Map<String, Integer> quotas = new LinkedHashMap<>();
    quotas.put("two_tower", 150);
    quotas.put("item_to_item", 100);
    quotas.put("ease", 80);
    quotas.put("ials", 50);
    if (schema.repeats()) {
      quotas.put("history", 80);
    }
    quotas.put("trending", 40);
    quotas.put("popular", 30);
    quotas.put("fresh", 30);
    return new Policy.Retrieval(quotas);
  }

  /** By every category attribute; none without one. */
  static Policy.@Nullable Diversity diversity(Schema schema) {
    List<String> by = FeaturesReader.categories(schema.itemAttributes());
    return by.isEmpty() ? null : new Policy.Diversity(by, DIVERSITY);
  }

  /** Volumes, rates, recency and affinities that help a ranker of any application. */
  static List<FeatureDefinition> features(Schema schema) {
    List<FeatureDefinition> features = new ArrayList<>();
    List<String> types = schema.events().keySet().stream().limit(TYPES_WITH_FEATURES).toList();
    Entity user = Entity.USER;
    addCounts(features, user, "events", EventFilter.ANY_OUTCOME, 1, 24, 7 * 24, 30 * 24);
    features.add(
        new FeatureDefinition(
            "since_last", user, new Aggregation.SinceEvent(EventFilter.ANY_OUTCOME)));
    features.add(
        new FeatureDefinition(
            "recent", user, new Aggregation.LastItems(EventFilter.ANY_OUTCOME, RECENT)));
    Entity item = Entity.ITEM;
    addCounts(features, item, "events", EventFilter.ANY_OUTCOME, 24, 7 * 24, 30 * 24);
    for (String type : types) {
      addCounts(features, user, type, EventFilter.ofType(type), 7 * 24);
      addCounts(features, item, type, EventFilter.ofType(type), 7 * 24);
      features.add(
          new FeatureDefinition(
              type + "_rate_7d",
              item,
              new Aggregation.Rate(
                  EventFilter.ofType(type),
                  EventFilter.ofType(Event.IMPRESSION),
                  Window.of(Duration.ofDays(7)),
                  ExpressionParser.DEFAULT_PRIOR,
                  ExpressionParser.DEFAULT_PRIOR_WEIGHT)));
    }
    schema
        .itemAttributes()
        .forEach((name, type) -> {
          if (type == AttributeType.TIME) {
            features.add(
                new FeatureDefinition("since_" + name, item, new Aggregation.SinceAttribute(name)));
          }
        });
    addPair(features, Entity.USER_ITEM);
    FeaturesReader.categories(schema.itemAttributes()).stream()
        .limit(TYPES_WITH_FEATURES)
        .forEach(attribute -> addPair(features, Entity.userBy(attribute)));
    features.add(new FeatureDefinition("hour", new Entity.Request(), new Aggregation.HourOfDay()));
    features.add(
        new FeatureDefinition("weekday", new Entity.Request(), new Aggregation.DayOfWeek()));
    return withoutRepeatedNames(features);
  }

  /** An event type may be called like a default feature; the first keeps the name. */
  private static List<FeatureDefinition> withoutRepeatedNames(List<FeatureDefinition> features) {
    Map<String, FeatureDefinition> byName = new LinkedHashMap<>();
    for (FeatureDefinition feature : features) {
      byName.putIfAbsent(feature.qualifiedName(), feature);
    }
    return List.copyOf(byName.values());
  }

  private static void addPair(List<FeatureDefinition> features, Entity pair) {
    addCounts(features, pair, "events", EventFilter.ANY_OUTCOME, 7 * 24, 30 * 24, 90 * 24);
    features.add(
        new FeatureDefinition(
            "since_last", pair, new Aggregation.SinceEvent(EventFilter.ANY_OUTCOME)));
  }

  private static void addCounts(
      List<FeatureDefinition> features,
      Entity entity,
      String name,
      EventFilter filter,
      int... hours) {
    for (int window : hours) {
      Duration duration = Duration.ofHours(window);
      features.add(
          new FeatureDefinition(
              name + "_" + Durations.format(duration),
              entity,
              new Aggregation.Count(filter, Window.of(duration))));
    }
  }

  /**
   * What slates are worth, each event type by slates, who comes back, and how exposure is spread.
   */
  static List<Metric> metrics(Schema schema) {
    List<Metric> metrics = new ArrayList<>();
    Metric.Measure slates = new Metric.Measure.Slates();
    metrics.add(
        usual("worth_per_slate", new Metric.Definition.Ratio(new Metric.Measure.Worth(), slates)));
    schema.events().keySet().stream()
        .limit(TYPES_WITH_FEATURES)
        .forEach(type -> {
          Metric.Measure count = new Metric.Measure.Count(EventFilter.ofType(type));
          metrics.add(usual(type + "_per_slate", new Metric.Definition.Ratio(count, slates)));
        });
    metrics.add(
        usual("slates_per_user", new Metric.Definition.Mean(slates, Double.POSITIVE_INFINITY)));
    metrics.add(
        usual(
            "return_7d", new Metric.Definition.Retention(Duration.ofDays(1), Duration.ofDays(8))));
    metrics.add(usual("gini_item", new Metric.Definition.Gini(null)));
    metrics.add(usual("coverage_item", new Metric.Definition.Coverage(null)));
    Map<String, Metric> byName = new LinkedHashMap<>();
    metrics.forEach(metric -> byName.putIfAbsent(metric.name(), metric));
    return List.copyOf(byName.values());
  }

  private static Metric usual(String name, Metric.Definition definition) {
    return new Metric(name, definition, Metric.Better.usually(definition));
  }

  static String anEvent(Schema schema) {
    return schema.events().keySet().stream().findFirst().orElse("click");
  }
}
