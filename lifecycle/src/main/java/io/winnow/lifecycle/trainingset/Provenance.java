package io.winnow.lifecycle.trainingset;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.DefinitionText;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.Objectives;
import io.winnow.features.FeatureSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a training set was made of. Stands as JSON in the metadata of every file (key {@code
 * winnow.provenance}) and, with counts, in {@code _provenance.json}.
 *
 * @param format version of the columns and of this text, now 1
 * @param source the program and the application
 * @param selection which rows
 * @param features the columns' features, in order
 * @param objectives the labels, in order
 * @param outcomeWindowMs how long after a row's time an outcome counted, milliseconds
 */
public record Provenance(
    int format,
    Source source,
    Selection selection,
    List<Feature> features,
    List<Label> objectives,
    long outcomeWindowMs) {
  /** The format that this code writes. */
  static final int FORMAT = 1;

  /** Copies the lists. */
  public Provenance {
    features = List.copyOf(features);
    objectives = List.copyOf(objectives);
  }

  /** What the rows of a set are. */
  public enum Rows {
    /** Logged impressions. */
    IMPRESSIONS,
    /** Every event that is no impression. */
    EVENTS;

    /** As it is written: lower case. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What made the set.
   *
   * @param application its name
   * @param applicationSha256 of the application file's text, lower-case hexadecimal
   * @param codeVersion Winnow's version
   * @param createdMs epoch milliseconds, by the exporter's clock
   */
  public record Source(
      String application, String applicationSha256, String codeVersion, long createdMs) {}

  /**
   * Which rows.
   *
   * @param rows impressions or events
   * @param fromOffset first offset of the log that was read, for state and for rows
   * @param toOffset offset behind the last one that was read; labels know nothing behind it
   * @param fromMs rows at this time or later, epoch milliseconds; null for all
   * @param toMs rows before this time; null for all
   */
  public record Selection(
      Rows rows, long fromOffset, long toOffset, @Nullable Long fromMs, @Nullable Long toMs) {}

  /**
   * A feature's column.
   *
   * @param name qualified name, also the column's
   * @param version see {@link FeatureDefinition#version()}
   * @param definition as people read it
   */
  public record Feature(String name, String version, String definition) {
    static Feature of(FeatureDefinition definition) {
      return new Feature(
          definition.qualifiedName(),
          definition.version(),
          DefinitionText.of(definition.aggregation()));
    }
  }

  /**
   * An objective; its column is {@code label_NAME}.
   *
   * @param when the outcome, such as {@code watch.value >= 30.0}
   */
  public record Label(String name, String when) {
    static List<Label> of(Objectives objectives) {
      return objectives.list().stream()
          .map(objective -> new Label(objective.name(), objective.when().toString()))
          .toList();
    }
  }

  /**
   * In what an application differs from the one that the set was made for: what a model trained on
   * the set would meet in serving. Features that the set leaves out count, since whoever serves the
   * model has to leave them out too.
   *
   * @return one line for each difference that names the field, what the set has and what the
   *     application has; empty if there is none
   */
  public List<String> differences(ApplicationDefinition application) {
    List<String> differences = new ArrayList<>();
    compare(differences, "application", source.application(), application.name());
    Map<String, String> inSet = new LinkedHashMap<>();
    features.forEach(feature -> inSet.put(feature.name(), text(feature)));
    Map<String, String> declared = new LinkedHashMap<>();
    FeatureSchema.of(application)
        .definitions()
        .forEach(
            definition -> declared.put(definition.qualifiedName(), text(Feature.of(definition))));
    compareAll(differences, "feature", inSet, declared);
    Map<String, String> labels = new LinkedHashMap<>();
    objectives.forEach(label -> labels.put(label.name(), label.when()));
    Map<String, String> wanted = new LinkedHashMap<>();
    Label.of(application.objectives()).forEach(label -> wanted.put(label.name(), label.when()));
    compareAll(differences, "objective", labels, wanted);
    compare(
        differences,
        "outcome_window",
        outcomeWindowMs + " ms",
        application.objectives().within().toMillis() + " ms");
    return differences;
  }

  private static String text(Feature feature) {
    return feature.definition() + " (version " + feature.version() + ")";
  }

  private static void compareAll(
      List<String> differences,
      String kind,
      Map<String, String> inSet,
      Map<String, String> declared) {
    inSet.forEach((name, text) ->
        compare(differences, kind + " " + name, text, declared.getOrDefault(name, "absent")));
    declared.forEach((name, text) -> {
      if (!inSet.containsKey(name)) {
        compare(differences, kind + " " + name, "absent", text);
      }
    });
  }

  private static void compare(
      List<String> differences, String field, String inSet, String declared) {
    if (!inSet.equals(declared)) {
      differences.add(field + ": " + inSet + " in the set, " + declared + " in the application");
    }
  }
}
