package io.winnow.lifecycle.evaluation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The result of an evaluation: a row for each model, measured on the same targets. Of several
 * seeds, each figure is the mean. docs/evaluation.md defines every figure.
 *
 * @param protocol {@code temporal} or {@code leave-one-out}
 * @param cutMs targets of the temporal protocol happened at or after this time, epoch milliseconds
 * @param targets how many events were predicted
 * @param rows simple models, sources, ranker, pipeline
 * @param differences the pipeline minus each other row
 * @param groups the same over targets of new items, of new users and of users without history;
 *     those without targets are left out
 * @param details what was measured, and the seeds' own rows
 */
public record EvaluationTable(
    String protocol,
    long cutMs,
    long targets,
    List<Row> rows,
    List<Difference> differences,
    List<Group> groups,
    Details details) {
  /** Copies the lists. */
  public EvaluationTable {
    rows = List.copyOf(rows);
    differences = List.copyOf(differences);
    groups = List.copyOf(groups);
  }

  /** What a row stands for. */
  public enum Kind {
    /** A model that any team could use alone. */
    SIMPLE,
    /** A candidate source of the pipeline. */
    SOURCE,
    /** The ranked candidates, before re-ranking. */
    RANKER,
    /** The whole path, as served. */
    PIPELINE;

    /** How it is written. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One model's figures.
   *
   * @param metrics by name, such as {@code ndcg@10}
   * @param intervals 95 % confidence intervals {low, high} by metric
   * @param spread the standard deviation over seeds by metric; empty for one seed
   * @param trainSeconds how long its training took; 0 where there is none
   */
  public record Row(
      String model,
      Kind kind,
      Map<String, Double> metrics,
      Map<String, double[]> intervals,
      Map<String, Double> spread,
      double trainSeconds) {
    /** Copies the maps, keeping their order. */
    public Row {
      metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
      intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
      spread = Collections.unmodifiableMap(new LinkedHashMap<>(spread));
    }
  }

  /**
   * One model's figures minus another's on the same targets.
   *
   * @param metrics by name
   * @param intervals 95 % confidence intervals {low, high} by metric, from draws of users that both
   *     models share
   */
  public record Difference(
      String model, String minus, Map<String, Double> metrics, Map<String, double[]> intervals) {
    /** Copies the maps, keeping their order. */
    public Difference {
      metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
      intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
    }
  }

  /**
   * Part of the targets.
   *
   * @param name {@code new_items}, {@code new_users} or {@code no_history}
   * @param targets how many
   * @param users of how many users
   * @param items of how many items
   * @param rows in the order of the whole table's
   * @param differences the pipeline minus each other row
   */
  public record Group(
      String name,
      long targets,
      int users,
      int items,
      List<Row> rows,
      List<Difference> differences) {
    /** Copies the lists. */
    public Group {
      rows = List.copyOf(rows);
      differences = List.copyOf(differences);
    }

    /** The row of a model. */
    public Row row(String model) {
      return find(rows, model);
    }
  }

  /**
   * What was measured.
   *
   * @param users how many users have a target
   * @param unreachable targets whose item could not be recommended at their time, as it was not
   *     published yet, or not available: every row misses them
   * @param checkedPlaces how many places of all lists were held against what was published; one
   *     unpublished item in any of them fails the evaluation, so their number is 0
   * @param calibrationAttribute whose categories miscalibration compares, or null if items have no
   *     categories
   * @param seeds each seed's rows, if there were several
   */
  public record Details(
      int users,
      long unreachable,
      long checkedPlaces,
      @Nullable String calibrationAttribute,
      List<SeedRows> seeds) {
    /** Copies the list. */
    public Details {
      seeds = List.copyOf(seeds);
    }
  }

  /** The rows of one seed. */
  public record SeedRows(long seed, List<Row> rows) {
    /** Copies the list. */
    public SeedRows {
      rows = List.copyOf(rows);
    }
  }

  /** The row of a model. */
  public Row row(String model) {
    return find(rows, model);
  }

  private static Row find(List<Row> rows, String model) {
    return rows.stream()
        .filter(row -> row.model().equals(model))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("model: " + model + " (expected: a row)"));
  }

  /** The rows over all targets with the most telling columns, for people in a hurry. */
  public String toBriefText() {
    return new TableText(this).writeBrief();
  }

  /** The table for people. */
  public String toText() {
    return new TableText(this).write();
  }
}
