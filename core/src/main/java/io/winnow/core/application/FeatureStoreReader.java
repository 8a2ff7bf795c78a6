package io.winnow.core.application;

import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.FeatureStorePolicy.Audit;
import io.winnow.core.application.FeatureStorePolicy.View;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads {@code feature_store}: the bounds of views and the audit. A view that is not declared, or
 * without {@code ttl}, lives as long as the default, and longer where its windows need it.
 */
final class FeatureStoreReader {
  static final List<String> KEYS = List.of("views", "audit");
  static final List<String> VIEW_KEYS = List.of("ttl", "max_keys");
  static final List<String> AUDIT_KEYS = List.of("sample", "max_mismatches");
  static final Duration TTL_MIN = ExpressionParser.WINDOW_MIN;
  static final Duration TTL_MAX = Duration.ofDays(3650);
  static final int MAX_KEYS = 1_000_000;

  private final EntityReader entities;

  /** The feature that looks back furthest, by the label of its view; empty if none has a window. */
  private final Map<String, Optional<Reach>> views = new LinkedHashMap<>();

  /** How far back a feature looks. */
  private record Reach(FeatureDefinition feature, Window window) {
    Duration length() {
      return window.length().plus(window.lateness());
    }
  }

  /**
   * @param schema what entities can be made of
   * @param features what is declared
   */
  FeatureStoreReader(Schema schema, List<FeatureDefinition> features) {
    entities = new EntityReader(schema);
    for (FeatureDefinition feature : features) {
      if (feature.entity() instanceof Entity.Keys) {
        views.merge(
            feature.entity().label(),
            window(feature.aggregation()).map(window -> new Reach(feature, window)),
            FeatureStoreReader::further);
      }
    }
  }

  private static Optional<Reach> further(Optional<Reach> a, Optional<Reach> b) {
    return b.isEmpty() || (a.isPresent() && a.get().length().compareTo(b.get().length()) >= 0)
        ? a
        : b;
  }

  FeatureStorePolicy read(Section section) {
    section.onlyKeys(KEYS);
    Map<String, View> declared = new LinkedHashMap<>();
    Section list = section.get("views");
    for (String written : list.keys()) {
      Section view = list.get(written);
      String label = entities.read(written).map(Entity::label).orElse(written);
      if (!views.containsKey(label)) {
        view.problem(
            written,
            "the entity of declared features of events: "
                + NearestName.expectation(written, views.keySet()));
      } else if (declared.put(label, view(view, label)) != null) {
        view.problem(written + " a second time", "each view once");
      }
    }
    views.forEach((label, reach) -> {
      Duration ttl = leastTtl(reach);
      if (ttl.compareTo(View.DEFAULT.ttl()) > 0) {
        declared.putIfAbsent(label, new View(ttl, View.DEFAULT.maxKeys()));
      }
    });
    return new FeatureStorePolicy(declared, audit(section.get("audit")));
  }

  private View view(Section section, String label) {
    section.onlyKeys(VIEW_KEYS);
    Optional<Reach> reach = views.getOrDefault(label, Optional.empty());
    Duration least = leastTtl(reach);
    Duration fallback = least.compareTo(View.DEFAULT.ttl()) > 0 ? least : View.DEFAULT.ttl();
    Section ttl = section.get("ttl");
    Duration declared = ttl.duration(fallback, TTL_MIN, TTL_MAX);
    if (declared.compareTo(least) < 0) {
      reach.ifPresent(r ->
          ttl.problem(
              "at least "
                  + Durations.format(least)
                  + ": the window of "
                  + r.feature().qualifiedName()
                  + " ("
                  + Durations.format(r.window().length())
                  + ") and its lateness ("
                  + Durations.format(r.window().lateness())
                  + ")"));
    }
    Section maxKeys = section.get("max_keys");
    if (maxKeys.isPresent() && isBoundedElsewhere(label)) {
      maxKeys.problem(
          "no max_keys here: there is one state for each "
              + label
              + ", which the "
              + (label.equals(Entity.USER.label()) ? "store" : "catalogue")
              + " bounds; max_keys is for views of attributes and crosses");
      return new View(declared, View.DEFAULT.maxKeys());
    }
    return new View(declared, maxKeys.integer(View.DEFAULT.maxKeys(), 1, MAX_KEYS));
  }

  private static boolean isBoundedElsewhere(String label) {
    return label.equals(Entity.USER.label()) || label.equals(Entity.ITEM.label());
  }

  private static Duration leastTtl(Optional<Reach> reach) {
    return reach.map(Reach::length).orElse(Duration.ZERO);
  }

  private static Audit audit(Section section) {
    section.onlyKeys(AUDIT_KEYS);
    return new Audit(
        section.get("sample").number(Audit.DEFAULT.sample(), 0, 1),
        section.get("max_mismatches").number(Audit.DEFAULT.maxMismatches(), 0, 1));
  }

  private static Optional<Window> window(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.Count a -> Optional.of(a.window());
      case Aggregation.Sum a -> Optional.of(a.window());
      case Aggregation.Mean a -> Optional.of(a.window());
      case Aggregation.Min a -> Optional.of(a.window());
      case Aggregation.Max a -> Optional.of(a.window());
      case Aggregation.Rate a -> Optional.of(a.window());
      case Aggregation.Distinct a -> Optional.of(a.window());
      case Aggregation.Quantile a -> Optional.of(a.window());
      case Aggregation.Decay _,
          Aggregation.LastItems _,
          Aggregation.LastValue _,
          Aggregation.SinceEvent _,
          Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          Optional.empty();
    };
  }
}
