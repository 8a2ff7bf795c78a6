package io.winnow.app.demo;

import io.winnow.lifecycle.evaluation.EvaluationTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a demo did so far; what has not happened yet is null or empty. Printed as text and, as JSON,
 * what the page at {@code /} is made of.
 *
 * @param setting the world and where things are
 * @param steps in the order they were taken
 * @param firstSlate the first answer of the trained release
 * @param evaluation the table of sources and models
 * @param live what live users did
 * @param people a few users, their histories and slates
 */
public record DemoReport(
    Setting setting,
    List<Step> steps,
    @Nullable FirstSlate firstSlate,
    @Nullable Evaluation evaluation,
    LiveUsers.@Nullable Summary live,
    List<Showcase.Person> people) {
  /** Copies the lists. */
  public DemoReport {
    steps = List.copyOf(steps);
    people = List.copyOf(people);
  }

  /** Degraded in at least this share of answers, a stage does not work. */
  private static final double DEAD = 0.5;

  /**
   * What did not do its work, in words; empty if all did. A late answer now and then on a busy
   * machine is not meant.
   */
  public List<String> deadStages() {
    List<String> dead = new ArrayList<>();
    if (firstSlate != null && firstSlate.items().isEmpty()) {
      dead.add("serving: an empty first slate");
    }
    if (evaluation != null) {
      for (String model : List.of("two_tower", "candidates", "ranker", "pipeline")) {
        if (evaluation.rows().stream()
            .noneMatch(row ->
                row.model().equals(model) && row.metrics().getOrDefault("recall@100", 0.0) > 0)) {
          dead.add(model + ": no hit among the first 100 items of any target");
        }
      }
    }
    if (live != null && live.winnow().slates() > 0) {
      live.degradedStages()
          .forEach((stage, times) -> {
            if (times >= DEAD * live.winnow().slates()) {
              dead.add("%s: in %d of %d answers".formatted(stage, times, live.winnow().slates()));
            }
          });
      if (live.sources().getOrDefault("two_tower", 0L) == 0) {
        dead.add("two_tower: not one item in any slate");
      }
    }
    return dead;
  }

  /**
   * The world and where things are.
   *
   * @param url of the server; empty before it listens
   * @param release the active one; empty before there is one
   * @param records in the log
   * @param nowMs the world's time
   */
  public record Setting(
      long seed, String url, String data, String release, long items, long records, long nowMs) {}

  /** A step that was taken, and how long it took in real time. */
  public record Step(String name, String detail, double seconds) {}

  /**
   * The first answer.
   *
   * @param secondsAfterStart since the process started
   */
  public record FirstSlate(String user, double secondsAfterStart, List<ApiClient.Line> items) {}

  /** An evaluation table. */
  public record Evaluation(long targets, List<Model> rows) {
    /** The figures of a table. */
    public static Evaluation of(EvaluationTable table) {
      List<Model> rows = new ArrayList<>();
      for (EvaluationTable.Row row : table.rows()) {
        rows.add(
            new Model(
                row.model(),
                row.kind().label(),
                row.metrics(),
                row.intervals(),
                row.trainSeconds()));
      }
      return new Evaluation(table.targets(), rows);
    }
  }

  /**
   * A row.
   *
   * @param ci 95 % confidence intervals {low, high} by metric
   */
  public record Model(
      String model,
      String kind,
      Map<String, Double> metrics,
      Map<String, double[]> ci,
      double trainSeconds) {}
}
