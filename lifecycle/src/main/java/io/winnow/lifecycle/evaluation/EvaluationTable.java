package io.winnow.lifecycle.evaluation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The result of an evaluation: a row for each model, measured on the same targets.
 *
 * @param protocol {@code temporal} or {@code leave-one-out}
 * @param cutMs targets of the temporal protocol happened at or after this time, epoch milliseconds
 * @param targets how many events were predicted
 * @param rows simple models, sources, ranker, pipeline
 */
public record EvaluationTable(String protocol, long cutMs, long targets, List<Row> rows) {
  /** Copies the rows. */
  public EvaluationTable {
    rows = List.copyOf(rows);
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
   * @param trainSeconds how long its training took; 0 where there is none
   */
  public record Row(
      String model,
      Kind kind,
      Map<String, Double> metrics,
      Map<String, double[]> intervals,
      double trainSeconds) {
    /** Copies the maps, keeping their order. */
    public Row {
      metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
      intervals = Collections.unmodifiableMap(new LinkedHashMap<>(intervals));
    }
  }

  /** The row of a model. */
  public Row row(String model) {
    return rows.stream()
        .filter(row -> row.model().equals(model))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("model: " + model + " (expected: a row)"));
  }

  /** The table for people. */
  public String toText() {
    List<String> columns =
        rows.isEmpty() ? List.of() : List.copyOf(rows.getFirst().metrics().keySet());
    StringBuilder text = new StringBuilder();
    text.append("%-14s %-8s".formatted("model", "kind"));
    columns.forEach(column -> text.append(" %11s".formatted(column)));
    text.append("   ndcg@10 95 %%       train s%n".formatted());
    for (Row row : rows) {
      text.append("%-14s %-8s".formatted(row.model(), row.kind().label()));
      for (String column : columns) {
        Double value = row.metrics().get(column);
        text.append(value == null ? " ".repeat(11) + "-" : " %11.4f".formatted(value));
      }
      double[] interval = row.intervals().get("ndcg@10");
      text.append(
          interval == null
              ? " ".repeat(18)
              : "   [%.4f, %.4f]".formatted(interval[0], interval[1]));
      text.append(" %9.1f%n".formatted(row.trainSeconds()));
    }
    for (Row row : rows) {
      Map<String, Double> more = new LinkedHashMap<>(row.metrics());
      more.keySet().removeAll(columns);
      if (!more.isEmpty()) {
        text.append("%s on the slates shown behind the cut:".formatted(row.model()));
        more.forEach((metric, value) -> text.append(" %s %.4f".formatted(metric, value)));
        text.append(System.lineSeparator());
      }
    }
    return text.toString();
  }
}
