package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureStorePolicy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An application's features, compiled: which states an event changes, and where each is kept.
 * Immutable.
 *
 * @param schema the application's numeric features, in the file's order
 * @param held every feature that is kept: the application's, and those that releases need in other
 *     versions
 * @param typeNames the declared event types in their order, without impressions
 * @param user features of the user
 * @param item features of the item
 * @param pairs features of the user and something of the item: kept with the user
 * @param shared features of all other entities
 * @param itemAttributes the item attributes that serve as keys; {@link Group} has their places
 * @param itemTimes the item attributes whose age is a feature
 * @param userAttributes the user attributes that serve as keys
 * @param hash identifies everything that the stored state depends on
 */
record FeaturePlan(
    FeatureSchema schema,
    HeldFeatures held,
    List<String> typeNames,
    FeatureGroup user,
    FeatureGroup item,
    List<Group> pairs,
    List<Group> shared,
    List<String> itemAttributes,
    List<String> itemTimes,
    List<String> userAttributes,
    long hash) {

  /** The most event types: a history keeps a type as one signed byte. */
  private static final int MAX_TYPES = 127;

  /** The most entities of a kind: a stored key names the group in one byte of a varint. */
  private static final int MAX_GROUPS = 100;

  /** A side of a group's key that is not part of it. */
  static final int NONE = -2;

  /** A side of a group's key that is the id. */
  static final int ID = -1;

  /**
   * The features of an entity with a composed key.
   *
   * @param entity whose they are
   * @param userKey place of the user attribute in the key; {@link #ID} or {@link #NONE}
   * @param itemKey place of the item attribute in the key; {@link #ID} or {@link #NONE}
   * @param maxKeys the most keys; of pairs, for each user
   */
  record Group(Entity entity, int userKey, int itemKey, FeatureGroup features, int maxKeys) {}

  /** Compiles an application's features alone. */
  static FeaturePlan of(ApplicationDefinition application) {
    return of(HeldFeatures.of(application));
  }

  /**
   * Compiles an application's features and those that are held beside them. States have the order
   * of names, so that they do not depend on the order of the file.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} that names every feature whose
   *     aggregation does not fit its entity
   */
  static FeaturePlan of(HeldFeatures held) {
    ApplicationDefinition application = held.application();
    List<String> typeNames = HeldFeatures.typeNames(application);
    List<Problem> problems = check(held.definitions(), typeNames);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    List<String> types = new ArrayList<>(typeNames);
    types.add(Event.IMPRESSION);
    Map<Entity, List<FeatureDefinition>> byEntity = new LinkedHashMap<>();
    byEntity.put(Entity.USER, new ArrayList<>());
    byEntity.put(Entity.ITEM, new ArrayList<>());
    for (FeatureDefinition definition : held.states()) {
      byEntity.computeIfAbsent(definition.entity(), _ -> new ArrayList<>()).add(definition);
    }
    FeatureStorePolicy policy = application.operations().featureStore();
    Map<Entity, FeatureGroup> groups = new LinkedHashMap<>();
    byEntity.forEach((entity, definitions) ->
        groups.put(
            entity,
            new FeatureGroup(definitions, types, policy.view(entity.label()).ttl().toMillis())));
    List<String> itemAttributes = new ArrayList<>();
    List<String> userAttributes = new ArrayList<>();
    List<Group> pairs = new ArrayList<>();
    List<Group> shared = new ArrayList<>();
    groups.forEach((entity, features) -> {
      if (entity instanceof Entity.Keys keys
          && !entity.equals(Entity.USER)
          && !entity.equals(Entity.ITEM)) {
        (keys.ofOneUser() ? pairs : shared)
            .add(
                new Group(
                    entity,
                    place(keys.user(), userAttributes),
                    place(keys.item(), itemAttributes),
                    features,
                    policy.view(entity.label()).maxKeys()));
      }
    });
    return new FeaturePlan(
        FeatureSchema.of(application),
        held,
        typeNames,
        Objects.requireNonNull(groups.get(Entity.USER)),
        Objects.requireNonNull(groups.get(Entity.ITEM)),
        List.copyOf(pairs),
        List.copyOf(shared),
        List.copyOf(itemAttributes),
        held.itemTimes(),
        List.copyOf(userAttributes),
        hash(held, typeNames));
  }

  private static int place(Entity.Key key, List<String> attributes) {
    return switch (key) {
      case Entity.Key.None _ -> NONE;
      case Entity.Key.Id _ -> ID;
      case Entity.Key.Attribute(String name) -> {
        if (!attributes.contains(name)) {
          attributes.add(name);
        }
        yield attributes.indexOf(name);
      }
    };
  }

  /** The number of the type of impressions; declared types have their places in the list. */
  int impression() {
    return typeNames.size();
  }

  /** Whether an impression can change a user's state; where not, users need not be looked up. */
  boolean impressionsChangeUsers() {
    return user.selectsType(impression())
        || pairs.stream().anyMatch(group -> group.features.selectsType(impression()));
  }

  private static List<Problem> check(List<FeatureDefinition> definitions, List<String> typeNames) {
    List<Problem> problems = new ArrayList<>();
    if (typeNames.size() > MAX_TYPES) {
      problems.add(
          new Problem(
              "events", typeNames.size() + " types", "at most " + MAX_TYPES + " event types"));
    }
    long entities = definitions.stream().map(FeatureDefinition::entity).distinct().count();
    if (entities > MAX_GROUPS) {
      problems.add(new Problem("features", entities + " entities", "at most " + MAX_GROUPS));
    }
    for (FeatureDefinition definition : definitions) {
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

  /** FNV-1a (64 bit) over every feature with state, lists too, bounds, and the event types. */
  private static long hash(HeldFeatures held, List<String> typeNames) {
    long h = new FeatureSchema(held.states()).hash();
    String rest = typeNames + " " + held.application().operations().featureStore().views();
    for (byte b : rest.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return h;
  }
}
