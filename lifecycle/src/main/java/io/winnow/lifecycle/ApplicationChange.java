package io.winnow.lifecycle;

import io.winnow.core.Problem;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.Schema;
import io.winnow.features.FeatureSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What another application file does to the features.
 *
 * @param added features of new names
 * @param changed features of a name that there was, with another definition
 * @param removed features whose names are gone
 */
public record ApplicationChange(
    List<FeatureDefinition> added, List<Changed> changed, List<FeatureDefinition> removed) {
  /** Copies the lists. */
  public ApplicationChange {
    added = List.copyOf(added);
    changed = List.copyOf(changed);
    removed = List.copyOf(removed);
  }

  /** A feature in two versions. */
  public record Changed(FeatureDefinition before, FeatureDefinition after) {}

  /** Compares two applications' features by their qualified names. */
  public static ApplicationChange between(
      ApplicationDefinition before, ApplicationDefinition after) {
    Map<String, FeatureDefinition> gone = new LinkedHashMap<>();
    before.features().forEach(feature -> gone.put(feature.qualifiedName(), feature));
    List<FeatureDefinition> added = new ArrayList<>();
    List<Changed> changed = new ArrayList<>();
    for (FeatureDefinition feature : after.features()) {
      FeatureDefinition was = gone.remove(feature.qualifiedName());
      if (was == null) {
        added.add(feature);
      } else if (!was.equals(feature)) {
        changed.add(new Changed(was, feature));
      }
    }
    return new ApplicationChange(added, changed, List.copyOf(gone.values()));
  }

  /**
   * What keeps an application from taking the place of another while that is in use: it must go on
   * to be the same application, take every event and attribute that was taken before, and leave
   * what a release reads. Of experiments see {@link ExperimentChange}.
   *
   * @param needed the features of releases in use
   * @return empty if nothing does
   */
  public static List<Problem> problems(
      ApplicationDefinition before, ApplicationDefinition after, List<FeatureSchema> needed) {
    List<Problem> problems = new ArrayList<>();
    if (!before.name().equals(after.name())) {
      problems.add(
          new Problem("application", after.name(), before.name() + ", the one that is here"));
    }
    if (!before.operations().engines().equals(after.operations().engines())) {
      problems.add(
          new Problem(
              "engines",
              after.operations().engines().toString(),
              "those that it runs on; another log or store takes a restart"));
    }
    events(before.schema(), after.schema(), problems);
    attributes(
        "items", before.schema().itemAttributes(), after.schema().itemAttributes(), problems);
    attributes(
        "users", before.schema().userAttributes(), after.schema().userAttributes(), problems);
    for (FeatureSchema schema : needed) {
      for (FeatureDefinition feature : schema.definitions()) {
        inputs(feature, before.schema(), after.schema(), problems);
      }
    }
    return problems.stream().distinct().toList();
  }

  private static void events(Schema before, Schema after, List<Problem> problems) {
    before
        .events()
        .forEach((name, type) -> {
          Schema.EventType next = after.events().get(name);
          String field = "events." + name;
          if (next == null) {
            problems.add(new Problem(field, "removed", "kept: events of this type may be logged"));
          } else if (type.hasValue() && !next.hasValue()) {
            problems.add(
                new Problem(
                    field, "no value", "value: " + type.unit() + ", as logged events have"));
          } else if (next.required() && !type.required()) {
            problems.add(
                new Problem(
                    field, "a required value", "required: false: logged events may have no value"));
          }
        });
  }

  /** An attribute may go where nothing reads it, but not become something else. */
  private static void attributes(
      String entity,
      Map<String, AttributeType> before,
      Map<String, AttributeType> after,
      List<Problem> problems) {
    before.forEach((name, type) -> {
      AttributeType next = after.get(name);
      if (next != null && next != type) {
        problems.add(
            new Problem(entity + ".attributes." + name, next.toString(), type + ", as logged"));
      }
    });
  }

  private static void inputs(
      FeatureDefinition feature, Schema before, Schema after, List<Problem> problems) {
    List<String> item = new ArrayList<>();
    List<String> user = new ArrayList<>();
    if (feature.entity() instanceof Entity.Keys keys) {
      if (keys.item() instanceof Entity.Key.Attribute(String name)) {
        item.add(name);
      }
      if (keys.user() instanceof Entity.Key.Attribute(String name)) {
        user.add(name);
      }
    }
    if (feature.aggregation() instanceof Aggregation.SinceAttribute(String name)) {
      (feature.entity().equals(Entity.USER) ? user : item).add(name);
    }
    missing("items", item, feature, before.itemAttributes(), after.itemAttributes(), problems);
    missing("users", user, feature, before.userAttributes(), after.userAttributes(), problems);
  }

  private static void missing(
      String entity,
      List<String> names,
      FeatureDefinition feature,
      Map<String, AttributeType> before,
      Map<String, AttributeType> after,
      List<Problem> problems) {
    for (String name : names) {
      if (before.containsKey(name) && !after.containsKey(name)) {
        problems.add(
            new Problem(
                entity + ".attributes." + name,
                "removed",
                "kept: a release in use reads " + feature.qualifiedName()));
      }
    }
  }
}
