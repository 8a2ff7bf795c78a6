package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An application's features, compiled: which group of states an event changes, and where each
 * column of a feature row comes from. Immutable.
 *
 * @param schema the columns
 * @param held every feature with state, of the application and of releases that need other versions
 * @param typeNames the declared event types in their order, without impressions
 * @param user features of the user
 * @param item features of the item
 * @param pairs features of the user and something of the item
 * @param columns where column f comes from, shape (F)
 * @param hash identifies everything that the stored state depends on
 */
record FeaturePlan(
    FeatureSchema schema,
    List<FeatureDefinition> held,
    List<String> typeNames,
    FeatureGroup user,
    FeatureGroup item,
    List<PairGroup> pairs,
    List<Column> columns,
    long hash) {

  /** The most event types: a history keeps a type as one signed byte. */
  private static final int MAX_TYPES = 127;

  /** The most attributes that are crossed with the user: a stored key names the group in a byte. */
  private static final int MAX_PAIR_GROUPS = 64;

  /**
   * Features of a user and a partner: the candidate item, or one category of it.
   *
   * @param attribute the item attribute that holds the categories; empty if the partner is the item
   * @param features their aggregators
   */
  record PairGroup(String attribute, FeatureGroup features) {
    boolean ofItem() {
      return attribute.isEmpty();
    }
  }

  /** Where a column's values come from. */
  sealed interface Column {
    /** A slot of the user's state. */
    record OfUser(int slot) implements Column {}

    /** A slot of the candidate's state. */
    record OfItem(int slot) implements Column {}

    /** A slot of a pair group. */
    record OfPair(int group, int slot) implements Column {}

    /** Seconds since a time attribute of the user. */
    record SinceUserAttribute(String attribute) implements Column {}

    /** Seconds since a time attribute of the candidate. */
    record SinceItemAttribute(String attribute) implements Column {}

    /** The hour of the request's time. */
    record HourOfDay() implements Column {}

    /** The weekday of the request's time. */
    record DayOfWeek() implements Column {}

    /** A field of the request's context. */
    record OfContext(String field) implements Column {}
  }

  /** Compiles an application's features alone. */
  static FeaturePlan of(ApplicationDefinition application) {
    return of(HeldFeatures.of(application));
  }

  /**
   * Compiles an application's features and those that are held beside them. State has the order of
   * names, so that it does not depend on the order of the file.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names every feature whose
   *     aggregation does not fit its entity
   */
  static FeaturePlan of(HeldFeatures features) {
    List<String> typeNames = HeldFeatures.typeNames(features.application());
    List<Problem> problems = check(features, typeNames);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    List<FeatureDefinition> held = features.states();
    List<String> types = new ArrayList<>(typeNames);
    types.add(Event.IMPRESSION);
    Map<Entity, List<FeatureDefinition>> byEntity = new LinkedHashMap<>();
    for (FeatureDefinition definition : held) {
      byEntity.computeIfAbsent(definition.entity(), _ -> new ArrayList<>()).add(definition);
    }
    FeatureGroup user = new FeatureGroup(byEntity.getOrDefault(Entity.USER, List.of()), types);
    FeatureGroup item = new FeatureGroup(byEntity.getOrDefault(Entity.ITEM, List.of()), types);
    List<PairGroup> pairs = new ArrayList<>();
    byEntity.forEach((entity, definitions) -> {
      if (entity instanceof Entity.Keys(Entity.Key.Id _, Entity.Key ofItem)
          && !(ofItem instanceof Entity.Key.None)) {
        String attribute = ofItem instanceof Entity.Key.Attribute(String name) ? name : "";
        pairs.add(new PairGroup(attribute, new FeatureGroup(definitions, types)));
      }
    });
    return new FeaturePlan(
            new FeatureSchema(List.of()),
            held,
            typeNames,
            user,
            item,
            List.copyOf(pairs),
            List.of(),
            hash(held, typeNames))
        .reading(FeatureSchema.of(features.application()));
  }

  /** Whether a column can be read: its state is held, or it has none. */
  boolean holds(FeatureDefinition definition) {
    return !HeldFeatures.hasState(definition) || held.contains(definition);
  }

  /** The same state with other columns, each of which is held. */
  FeaturePlan reading(FeatureSchema wanted) {
    List<Column> wantedColumns = new ArrayList<>();
    for (FeatureDefinition definition : wanted.definitions()) {
      wantedColumns.add(column(definition, user, item, pairs));
    }
    return new FeaturePlan(
        wanted, held, typeNames, user, item, pairs, List.copyOf(wantedColumns), hash);
  }

  /** Whether an impression can change a user's state; where not, users need not be looked up. */
  boolean impressionsChangeUsers() {
    return user.slotsOf(Event.IMPRESSION).length > 0
        || pairs.stream().anyMatch(group -> group.features.slotsOf(Event.IMPRESSION).length > 0);
  }

  private static Column column(
      FeatureDefinition definition, FeatureGroup user, FeatureGroup item, List<PairGroup> pairs) {
    return switch (definition.aggregation()) {
      case Aggregation.HourOfDay _ -> new Column.HourOfDay();
      case Aggregation.DayOfWeek _ -> new Column.DayOfWeek();
      case Aggregation.Context(String field) -> new Column.OfContext(field);
      case Aggregation.SinceAttribute(String attribute) ->
          definition.entity().equals(Entity.USER)
              ? new Column.SinceUserAttribute(attribute)
              : new Column.SinceItemAttribute(attribute);
      case Aggregation.Count _,
          Aggregation.Sum _,
          Aggregation.Mean _,
          Aggregation.Min _,
          Aggregation.Max _,
          Aggregation.Rate _,
          Aggregation.Distinct _,
          Aggregation.Quantile _,
          Aggregation.Decay _,
          Aggregation.LastItems _,
          Aggregation.LastValue _,
          Aggregation.SinceEvent _ ->
          definition.entity().equals(Entity.USER)
              ? new Column.OfUser(user.slotOf(definition))
              : definition.entity().equals(Entity.ITEM)
                  ? new Column.OfItem(item.slotOf(definition))
                  : pairColumn(definition, pairs);
    };
  }

  private static Column pairColumn(FeatureDefinition definition, List<PairGroup> pairs) {
    for (int group = 0; group < pairs.size(); group++) {
      int slot = pairs.get(group).features().slotOf(definition);
      if (slot >= 0) {
        return new Column.OfPair(group, slot);
      }
    }
    throw new IllegalStateException(definition.qualifiedName());
  }

  private static List<Problem> check(HeldFeatures features, List<String> typeNames) {
    List<Problem> problems = new ArrayList<>();
    if (typeNames.size() > MAX_TYPES) {
      problems.add(
          new Problem(
              "events", typeNames.size() + " types", "at most " + MAX_TYPES + " event types"));
    }
    long pairGroups =
        features.definitions().stream()
            .map(FeatureDefinition::entity)
            .filter(
                entity -> entity instanceof Entity.Keys(Entity.Key.Id _, Entity.Key.Attribute _))
            .distinct()
            .count();
    if (pairGroups > MAX_PAIR_GROUPS) {
      problems.add(
          new Problem(
              "features", pairGroups + " user x attribute groups", "at most " + MAX_PAIR_GROUPS));
    }
    for (FeatureDefinition definition : features.definitions()) {
      Entity entity = definition.entity();
      String expectation =
          switch (definition.aggregation()) {
            case Aggregation.HourOfDay _, Aggregation.DayOfWeek _, Aggregation.Context _ ->
                entity instanceof Entity.Request ? "" : "entity 'request'";
            case Aggregation.SinceAttribute _ ->
                entity.equals(Entity.USER) || entity.equals(Entity.ITEM)
                    ? ""
                    : "entity 'user' or 'item'";
            case Aggregation.LastItems(_, int n) ->
                entity.equals(Entity.USER) && n >= 1 && n <= UserHistory.MAX_LENGTH
                    ? ""
                    : "entity 'user' and 1 to " + UserHistory.MAX_LENGTH + " items";
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
                entity instanceof Entity.Request ? "an entity with events, not 'request'" : "";
          };
      if (!expectation.isEmpty()) {
        problems.add(
            new Problem(
                "features." + definition.qualifiedName(),
                definition.aggregation().toString(),
                expectation));
      }
    }
    return problems;
  }

  /** FNV-1a (64 bit) over every feature with state, lists too, and the event types. */
  private static long hash(List<FeatureDefinition> held, List<String> typeNames) {
    long h = new FeatureSchema(held).hash();
    for (byte b : typeNames.toString().getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return h;
  }
}
