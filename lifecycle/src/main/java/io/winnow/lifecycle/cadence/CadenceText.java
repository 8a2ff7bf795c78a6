package io.winnow.lifecycle.cadence;

import static io.winnow.lifecycle.cadence.CadenceAdvice.number;
import static io.winnow.lifecycle.cadence.CadenceAdvice.percent;

import io.winnow.experiments.report.CurvePage;
import io.winnow.experiments.statistics.Interval;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A cadence report for people: as text, and as a page. */
public final class CadenceText {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final int BAR = 40;

  private CadenceText() {}

  /** The report as text, the curve drawn with characters. */
  public static String text(CadenceReport report) {
    StringBuilder out = new StringBuilder();
    CadenceReport.Setup setup = report.setup();
    out.append(
        "%s: %d windows of %d days, %d trainings, seed %d; NDCG@10 of the whole path%n%n"
            .formatted(
                setup.application(),
                report.windows().size(),
                setup.windowDays(),
                setup.trainings(),
                setup.seed()));
    append(out, windowHeads(setup), windowRows(report));
    out.append('\n');
    append(out, curveHeads(), curveRows(report));
    out.append('\n');
    double most =
        report.curve().stream()
            .mapToDouble(point -> Math.max(point.fitted(), setup.options().maxLoss()))
            .max()
            .orElse(1);
    for (CadenceReport.Point point : report.curve()) {
      int length = (int) Math.round(BAR * point.fitted() / most);
      out.append(
          "%5d d %s %s%n".formatted(point.ageDays(), "#".repeat(length), percent(point.fitted())));
    }
    out.append('\n').append(report.advice().text()).append('\n');
    for (String doubt : report.doubts()) {
      out.append("doubt: ").append(doubt).append('\n');
    }
    return out.toString();
  }

  /** The report as a page of its own, the curve drawn. */
  public static String html(CadenceReport report) {
    CadenceReport.Setup setup = report.setup();
    CadenceReport.Advice advice = report.advice();
    List<CurvePage.Point> points = new ArrayList<>();
    for (CadenceReport.Point point : report.curve()) {
      points.add(
          new CurvePage.Point(
              point.ageDays(),
              point.loss(),
              new Interval(point.low(), point.high()),
              point.fitted()));
    }
    return new CurvePage(
            "Cadence · %d windows of %d days · %d trainings · seed %d"
                .formatted(
                    report.windows().size(), setup.windowDays(), setup.trainings(), setup.seed()),
            "How releases of " + setup.application() + " age",
            advice.cadenceDays() <= 0
                ? "No cadence is short enough"
                : (advice.isBound() ? "Train every %s days, or less often" : "Train every %s days")
                    .formatted(number(advice.cadenceDays())),
            advice.text(),
            new CurvePage.Curve(
                "Loss of NDCG@10 by age, against a release trained on everything up to then",
                "days",
                points,
                setup.options().maxLoss(),
                advice.cadenceDays() > 0 ? advice.cadenceDays() : Double.NaN),
            report.doubts(),
            List.of(
                new CurvePage.Table("The curve", curveHeads(), curveRows(report)),
                new CurvePage.Table("NDCG@10", windowHeads(setup), windowRows(report))))
        .render();
  }

  private static List<String> curveHeads() {
    return List.of("age, days", "loss", "95 %", "fitted", "mean until then");
  }

  private static List<List<String>> curveRows(CadenceReport report) {
    List<List<String>> rows = new ArrayList<>();
    for (CadenceReport.Point point : report.curve()) {
      rows.add(
          List.of(
              Integer.toString(point.ageDays()),
              percent(point.loss()),
              percent(point.low()) + " to " + percent(point.high()),
              percent(point.fitted()),
              percent(point.average())));
    }
    return rows;
  }

  private static List<String> windowHeads(CadenceReport.Setup setup) {
    List<String> heads =
        new ArrayList<>(List.of("window", "choices", "users", "trained on", "fresh"));
    setup.options().lagsDays().forEach(lag -> heads.add(lag + " d"));
    return heads;
  }

  private static List<List<String>> windowRows(CadenceReport report) {
    List<List<String>> rows = new ArrayList<>();
    for (CadenceReport.Window window : report.windows()) {
      List<String> row =
          new ArrayList<>(
              List.of(
                  DAY.format(Instant.ofEpochMilli(window.fromMs())),
                  Integer.toString(window.targets()),
                  Integer.toString(window.users()),
                  Integer.toString(window.trainedOn()),
                  ndcg(window.fresh())));
      window.ndcgByAge().forEach(value -> row.add(ndcg(value)));
      rows.add(row);
    }
    return rows;
  }

  private static String ndcg(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static void append(StringBuilder out, List<String> heads, List<List<String>> rows) {
    int[] widths = new int[heads.size()];
    for (int c = 0; c < widths.length; c++) {
      widths[c] = heads.get(c).length();
      for (List<String> row : rows) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    appendRow(out, heads, widths);
    rows.forEach(row -> appendRow(out, row, widths));
  }

  private static void appendRow(StringBuilder out, List<String> row, int[] widths) {
    for (int c = 0; c < widths.length; c++) {
      out.append(c == 0 ? "" : "  ").append(" ".repeat(widths[c] - row.get(c).length()));
      out.append(row.get(c));
    }
    out.append('\n');
  }
}
