package io.winnow.core.application;

import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code features}: by entity, then by name. */
final class FeaturesReader {
  static final int MAX_FEATURES = 500;

  private final Schema schema;

  FeaturesReader(Schema schema) {
    this.schema = schema;
  }

  List<FeatureDefinition> read(Section features) {
    List<FeatureDefinition> definitions = new ArrayList<>();
    for (String label : features.keys()) {
      Section group = features.get(label);
      Optional<Entity> entity = entity(group, label);
      for (String name : group.keys()) {
        Section feature = group.get(name);
        SchemaReader.checkName(feature, name);
        Optional<Aggregation> aggregation =
            feature.expression(text -> ExpressionParser.feature(text, schema));
        if (entity.isPresent() && aggregation.isPresent()) {
          String expectation = unfit(entity.get(), aggregation.get());
          if (!expectation.isEmpty()) {
            feature.problem(expectation);
          }
          definitions.add(new FeatureDefinition(name, entity.get(), aggregation.get()));
        }
      }
    }
    if (definitions.size() > MAX_FEATURES) {
      features.problem(definitions.size() + " features", "at most " + MAX_FEATURES);
    }
    return definitions;
  }

  private Optional<Entity> entity(Section group, String label) {
    List<String> words = List.of(label.strip().split("\\s+"));
    if (words.size() == 3 && words.get(0).equals("user") && words.get(1).equals("x")) {
      String attribute = words.get(2);
      if (attribute.equals("item")) {
        return Optional.of(Entity.USER_ITEM);
      }
      AttributeType type = schema.itemAttributes().get(attribute);
      if (type == AttributeType.STRING || type == AttributeType.STRINGS) {
        return Optional.of(Entity.userBy(attribute));
      }
    }
    return switch (label.strip()) {
      case "user" -> Optional.of(Entity.USER);
      case "item" -> Optional.of(Entity.ITEM);
      case "request" -> Optional.of(new Entity.Request());
      default -> {
        List<String> known = new ArrayList<>(List.of("user", "item", "user x item", "request"));
        for (String name : categories(schema.itemAttributes())) {
          known.add("user x " + name);
        }
        group.problem(label, NearestName.expectation(label, known));
        yield Optional.empty();
      }
    };
  }

  /** Names of the attributes that hold categories. */
  static List<String> categories(Map<String, AttributeType> attributes) {
    return attributes.entrySet().stream()
        .filter(e -> e.getValue() == AttributeType.STRING || e.getValue() == AttributeType.STRINGS)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** What would fit instead, or nothing if the aggregation can be computed for the entity. */
  private static String unfit(Entity entity, Aggregation aggregation) {
    boolean ofRequest = entity instanceof Entity.Request;
    return switch (aggregation) {
      case Aggregation.HourOfDay _, Aggregation.DayOfWeek _, Aggregation.Context _ ->
          ofRequest ? "" : "hour_of_day, day_of_week and context under request";
      case Aggregation.LastItems _ ->
          entity.equals(Entity.USER) ? "" : "last(n, EVENT.item) under user";
      case Aggregation.SinceAttribute _ ->
          entity.equals(Entity.ITEM) ? "" : "since(ATTRIBUTE) under item";
      case Aggregation.Count _,
          Aggregation.Sum _,
          Aggregation.Mean _,
          Aggregation.Min _,
          Aggregation.Max _,
          Aggregation.Rate _,
          Aggregation.Distinct _,
          Aggregation.Quantile _,
          Aggregation.Decay _,
          Aggregation.LastValue _,
          Aggregation.SinceEvent _ ->
          ofRequest ? "hour_of_day, day_of_week or context.FIELD under request" : "";
    };
  }
}
