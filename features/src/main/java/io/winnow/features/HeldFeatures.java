package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Problem;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a store computes: the features of an application, and beside them those that releases in use
 * need in another version. So a feature that was changed lives in two versions until no release
 * needs the old one.
 *
 * @param application decides the event types, and what {@link FeatureReader#schema} is
 * @param needed features with state that releases read and the application does not declare (any
 *     more, or in another version); without those of event types that it does not declare, which
 *     nothing can count
 */
public record HeldFeatures(ApplicationDefinition application, List<FeatureDefinition> needed) {
  /** Keeps of the needed features what is not the application's and can be computed. */
  public HeldFeatures {
    Set<FeatureDefinition> own = Set.copyOf(application.features());
    Set<String> types = Set.copyOf(typeNames(application));
    Set<FeatureDefinition> more = new LinkedHashSet<>();
    for (FeatureDefinition definition : needed) {
      if (hasState(definition)
          && !(definition.aggregation() instanceof Aggregation.LastItems)
          && !own.contains(definition)
          && types.containsAll(eventTypes(definition.aggregation()))) {
        more.add(definition);
      }
    }
    needed = more.stream().sorted(ORDER).toList();
  }

  /** By name, then version: the order of state, whatever the file's order. */
  static final Comparator<FeatureDefinition> ORDER =
      Comparator.comparing(FeatureDefinition::qualifiedName)
          .thenComparing(FeatureDefinition::version);

  /** An application's features alone. */
  public static HeldFeatures of(ApplicationDefinition application) {
    return new HeldFeatures(application, List.of());
  }

  /** An application's features and all that the schemas name. */
  public static HeldFeatures of(
      ApplicationDefinition application, Collection<FeatureSchema> schemas) {
    return new HeldFeatures(
        application,
        schemas.stream().flatMap(schema -> schema.definitions().stream()).distinct().toList());
  }

  /** Every feature with state, in the order of their state. */
  List<FeatureDefinition> states() {
    return Stream.concat(application.features().stream(), needed.stream())
        .filter(HeldFeatures::hasState)
        .distinct()
        .sorted(ORDER)
        .toList();
  }

  /** The application's features, then the others that are held. */
  public List<FeatureDefinition> definitions() {
    return Stream.concat(application.features().stream(), needed.stream()).distinct().toList();
  }

  /**
   * Identifies what stored state depends on; applications that differ only in the order of their
   * features, in features without state or outside features and events have the same.
   *
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} that names features which
   *     do not fit
   */
  public long hash() {
    return FeaturePlan.of(this).hash();
  }

  /** Whether a store that holds these can stand in for one that holds the others. */
  public boolean covers(HeldFeatures other) {
    return typeNames(application).equals(typeNames(other.application))
        && views(application).equals(views(other.application))
        && other.definitions().stream().allMatch(this::holds);
  }

  private static Object views(ApplicationDefinition application) {
    return application.operations().featureStore().views();
  }

  /** Whether a store that holds these can read a feature. */
  public boolean holds(FeatureDefinition feature) {
    if (hasState(feature)) {
      return application.features().contains(feature) || needed.contains(feature);
    }
    return !(feature.entity().equals(Entity.ITEM)
            && feature.aggregation() instanceof Aggregation.SinceAttribute(String attribute))
        || itemTimes().contains(attribute);
  }

  /** What keeps a store that holds these from reading a schema; empty if it can. */
  public List<Problem> missing(FeatureSchema wanted) {
    return new FeatureSchema(
            wanted.definitions().stream().filter(feature -> !holds(feature)).toList())
        .missingFrom(definitions());
  }

  /** The item attributes whose age can be read: features need no state for it. */
  List<String> itemTimes() {
    Set<String> names = new LinkedHashSet<>();
    for (FeatureDefinition feature : application.features()) {
      if (feature.entity().equals(Entity.ITEM)
          && feature.aggregation() instanceof Aggregation.SinceAttribute(String name)) {
        names.add(name);
      }
    }
    application
        .schema()
        .itemAttributes()
        .forEach((name, type) -> {
          if (type == AttributeType.TIME) {
            names.add(name);
          }
        });
    return List.copyOf(names);
  }

  /** Whether a feature is computed from what events left behind, and not from the request alone. */
  static boolean hasState(FeatureDefinition definition) {
    return FeatureGroup.keepsState(definition.aggregation());
  }

  /** The declared event types in their order, without impressions. */
  static List<String> typeNames(ApplicationDefinition application) {
    return application.schema().events().keySet().stream()
        .filter(type -> !type.equals(Event.IMPRESSION))
        .toList();
  }

  /** The declared event types that an aggregation names. */
  public static List<String> eventTypes(Aggregation aggregation) {
    List<EventFilter> filters =
        switch (aggregation) {
          case Aggregation.Count a -> List.of(a.filter());
          case Aggregation.Sum a -> List.of(a.filter());
          case Aggregation.Mean a -> List.of(a.filter());
          case Aggregation.Min a -> List.of(a.filter());
          case Aggregation.Max a -> List.of(a.filter());
          case Aggregation.Rate a -> List.of(a.numerator(), a.denominator());
          case Aggregation.Distinct a -> List.of(a.filter());
          case Aggregation.Quantile a -> List.of(a.filter());
          case Aggregation.Decay a -> List.of(a.filter());
          case Aggregation.LastItems a -> List.of(a.filter());
          case Aggregation.LastValue a -> List.of(a.filter());
          case Aggregation.SinceEvent a -> List.of(a.filter());
          case Aggregation.SinceAttribute _,
              Aggregation.HourOfDay _,
              Aggregation.DayOfWeek _,
              Aggregation.Context _ ->
              List.of();
        };
    List<String> types = new ArrayList<>();
    for (EventFilter filter : filters) {
      if (!filter.type().equals("*") && !filter.type().equals(Event.IMPRESSION)) {
        types.add(filter.type());
      }
    }
    return types;
  }
}
