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
