package io.winnow.core.application;

import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Aggregation.Distinct.Counted;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code features}: by entity, then by name. */
final class FeaturesReader {
  static final int MAX_FEATURES = 500;

  private final Schema schema;
  private final EntityReader entities;

  /** The path of the declaration that a qualified name comes from. */
  private final Map<String, String> declaredBy = new HashMap<>();

  FeaturesReader(Schema schema) {
    this.schema = schema;
    this.entities = new EntityReader(schema);
  }

  List<FeatureDefinition> read(Section features) {
    List<FeatureDefinition> definitions = new ArrayList<>();
    for (String label : features.keys()) {
      Section group = features.get(label);
      Optional<Entity> entity = entities.read(label);
      if (entity.isEmpty()) {
        group.problem(label, entities.expectation(label));
      }
      for (String name : group.keys()) {
        Section feature = group.get(name);
        SchemaReader.checkName(feature, name);
        List<ExpressionParser.Declared> declared =
            feature.expression(text -> ExpressionParser.features(text, schema)).orElseGet(List::of);
        if (entity.isPresent()) {
          declared.forEach(one ->
              definitions.add(
                  define(
                      feature,
                      new FeatureDefinition(
                          name + one.suffix(), entity.get(), one.aggregation()))));
        }
      }
    }
    if (definitions.size() > MAX_FEATURES) {
      features.problem(definitions.size() + " features", "at most " + MAX_FEATURES);
    }
    return definitions;
  }

  /** Checks a definition against its entity and those before it. */
  private FeatureDefinition define(Section feature, FeatureDefinition definition) {
    String expectation = unfit(definition.entity(), definition.aggregation());
    if (!expectation.isEmpty()) {
      feature.problem(expectation);
    }
    SchemaReader.checkName(feature, definition.name());
    String other = declaredBy.putIfAbsent(definition.qualifiedName(), feature.path());
    if (other != null) {
      feature.problem(
          definition.qualifiedName() + " a second time",
          "each name once: " + other + " declares it; several windows add theirs to the name");
    }
    return definition;
  }

  /** Names of the attributes that hold categories. */
  static List<String> categories(Map<String, AttributeType> attributes) {
    return attributes.entrySet().stream()
        .filter(e -> e.getValue() == AttributeType.STRING || e.getValue() == AttributeType.STRINGS)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** What would fit instead, or nothing if the aggregation can be computed for the entity. */
  private String unfit(Entity entity, Aggregation aggregation) {
    boolean ofRequest = entity instanceof Entity.Request;
    return switch (aggregation) {
      case Aggregation.HourOfDay _, Aggregation.DayOfWeek _, Aggregation.Context _ ->
          ofRequest ? "" : "hour_of_day, day_of_week and context under request";
      case Aggregation.LastItems _ ->
          entity.equals(Entity.USER) ? "" : "last(n, EVENT.item) under user";
      case Aggregation.SinceAttribute(String attribute) -> unfitTime(entity, attribute);
      case Aggregation.Distinct distinct ->
          ofRequest ? withoutEvents() : unfitDistinct(entity, distinct);
      case Aggregation.Count _,
          Aggregation.Sum _,
          Aggregation.Mean _,
          Aggregation.Min _,
          Aggregation.Max _,
          Aggregation.Rate _,
          Aggregation.Quantile _,
          Aggregation.Decay _,
          Aggregation.LastValue _,
          Aggregation.SinceEvent _ ->
          ofRequest ? withoutEvents() : "";
    };
  }

  private static String withoutEvents() {
    return "hour_of_day, day_of_week or context.FIELD under request";
  }

  private String unfitTime(Entity entity, String attribute) {
    if (!entity.equals(Entity.ITEM) && !entity.equals(Entity.USER)) {
      return "since(ATTRIBUTE) under item or user";
    }
    boolean ofItem = entity.equals(Entity.ITEM);
    List<String> times = times(ofItem ? schema.itemAttributes() : schema.userAttributes());
    return times.contains(attribute)
        ? ""
        : "an attribute of type time of "
            + (ofItem ? "items" : "users")
            + ": "
            + NearestName.expectation(attribute, times);
  }

  /** Names of the attributes that hold times. */
  static List<String> times(Map<String, AttributeType> attributes) {
    return attributes.entrySet().stream()
        .filter(e -> e.getValue() == AttributeType.TIME)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** A key that holds an id has one user, or one item, whatever happens. */
  private static String unfitDistinct(Entity entity, Aggregation.Distinct distinct) {
    if (!(entity instanceof Entity.Keys(Entity.Key ofUser, Entity.Key ofItem))) {
      return "";
    }
    if (distinct.counted() == Counted.ITEM && ofItem instanceof Entity.Key.Id) {
      return "distinct(EVENT.user), or an entity without the item's id: under "
          + entity.label()
          + " there is only the one item";
    }
    if (distinct.counted() == Counted.USER && ofUser instanceof Entity.Key.Id) {
      return "distinct(EVENT.item), or an entity without the user's id: under "
          + entity.label()
          + " there is only the one user";
    }
    return "";
  }
}
