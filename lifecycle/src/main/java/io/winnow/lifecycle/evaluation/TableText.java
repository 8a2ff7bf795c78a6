package io.winnow.lifecycle.evaluation;

import io.winnow.lifecycle.evaluation.EvaluationTable.Difference;
import io.winnow.lifecycle.evaluation.EvaluationTable.Group;
import io.winnow.lifecycle.evaluation.EvaluationTable.Row;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes an evaluation's table for people. */
final class TableText {
  private static final Set<String> BRIEF =
      new LinkedHashSet<>(
          List.of(RankMetrics.NDCG, "hr@10", "recall@100", "coverage@10", "novelty", "diversity"));

  private final EvaluationTable table;
  private final StringBuilder text = new StringBuilder();

  TableText(EvaluationTable table) {
    this.table = table;
  }

  /** The rows with the most telling columns. */
  String writeBrief() {
    rows(table.rows(), BRIEF);
    slates(columns());
    counts();
    return text.toString();
  }

  String write() {
    Set<String> columns = columns();
    rows(table.rows(), columns);
    slates(columns);
    differences(table.differences());
    for (Group group : table.groups()) {
      text.append(
          "%n%s: %,d targets of %,d users and %,d items%n"
              .formatted(group.name(), group.targets(), group.users(), group.items()));
      rows(group.rows(), group.rows().getFirst().metrics().keySet());
      differences(group.differences());
    }
    text.append(System.lineSeparator());
    counts();
    if (!table.details().seeds().isEmpty()) {
      text.append("means of seeds");
      table.details().seeds().forEach(seed -> text.append(" %d".formatted(seed.seed())));
      text.append("; ± is the standard deviation over them%n".formatted());
    }
    return text.toString();
  }

  private Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    table.rows().stream()
        .filter(row -> row.kind() == EvaluationTable.Kind.SIMPLE)
        .forEach(row -> columns.addAll(row.metrics().keySet()));
    return columns;
  }

  private void slates(Set<String> columns) {
    for (Row row : table.rows()) {
      Map<String, Double> more = new LinkedHashMap<>(row.metrics());
      more.keySet().removeAll(columns);
      if (!more.isEmpty()) {
        text.append("%s on the slates shown behind the cut:".formatted(row.model()));
        more.forEach((metric, value) -> text.append(" %s %.4f".formatted(metric, value)));
        text.append(System.lineSeparator());
      }
    }
  }

  private void counts() {
    text.append(
        "%,d targets of %,d users; %,d could not be recommended; unpublished: 0 of %,d places%n"
            .formatted(
                table.targets(),
                table.details().users(),
                table.details().unreachable(),
                table.details().checkedPlaces()));
  }

  private void rows(List<Row> rows, Set<String> columns) {
    text.append("%-14s %-8s".formatted("model", "kind"));
    columns.forEach(column -> text.append(padded(column, width(column))));
    text.append("   ndcg@10 95 %%     ± seeds  train s%n".formatted());
    for (Row row : rows) {
      text.append("%-14s %-8s".formatted(row.model(), row.kind().label()));
      for (String column : columns) {
        Double value = row.metrics().get(column);
        text.append(padded(value == null ? "-" : "%.4f".formatted(value), width(column)));
      }
      double[] interval = row.intervals().get(RankMetrics.NDCG);
      text.append(
          interval == null
              ? " ".repeat(19)
              : "   [%.4f, %.4f]".formatted(interval[0], interval[1]));
      Double spread = row.spread().get(RankMetrics.NDCG);
      text.append(padded(spread == null ? "-" : "%.4f".formatted(spread), 8));
      text.append(" %8.1f%n".formatted(row.trainSeconds()));
    }
  }

  private void differences(List<Difference> differences) {
    for (Difference difference : differences) {
      text.append("%s minus %-14s".formatted(difference.model(), difference.minus()));
      difference
          .metrics()
          .forEach((metric, value) -> {
            double[] interval = difference.intervals().getOrDefault(metric, new double[2]);
            text.append(
                "  %s %+.4f [%+.4f, %+.4f]".formatted(metric, value, interval[0], interval[1]));
          });
      text.append(System.lineSeparator());
    }
  }

  private static int width(String column) {
    return Math.max(7, column.length()) + 1;
  }

  private static String padded(String text, int width) {
    return " ".repeat(Math.max(1, width - text.length())) + text;
  }
}
