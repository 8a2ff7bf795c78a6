package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.rollout.ClickCurve;
import io.winnow.benchmarks.rollout.RolloutFigures;
import io.winnow.benchmarks.rollout.Trial;
import io.winnow.experiments.report.ReportPage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the rollout benchmark found, part by part.
 *
 * @param bad releases; null where that part did not run, as the others
 * @param cadenceDays of the recovery
 */
record RolloutReport(
    @Nullable List<Trial> bad,
    RolloutReleases.@Nullable Good good,
    RolloutWayBack.@Nullable Result rollback,
    @Nullable Recovery recovery) {
  private static final double RECOVERED = 0.95;
  private static final int BAR = 40;

  /** Both courses. */
  record Recovery(
      RolloutRecovery.Plan plan, RolloutRecovery.Course with, RolloutRecovery.Course without) {}

  /** All figures. */
  Figures figures() {
    Figures.Builder figures = new Figures.Builder("rollout");
    if (bad != null) {
      RolloutFigures.bad(figures, bad);
    }
    if (good != null) {
      RolloutFigures.good(figures, good.wanted(), good.trials(), good.discarded());
    }
    if (rollback != null) {
      figures
          .add("rollback.ms", most(rollback.lastMs()), "ms, order to the last answer", below(1_000))
          .count("rollback.failed", rollback.failed(), "requests", Goal.exactly(0))
          .count("rollback.mixed", rollback.mixed(), "slates", Goal.exactly(0))
          .add("rollback.first_ms", most(rollback.firstMs()), "ms, order to the first answer")
          .add("rollback.order_ms", most(rollback.orderMs()), "ms")
          .count("rollback.times", rollback.lastMs().size(), "rollbacks")
          .count("rollback.requests", rollback.requests(), "requests");
    }
    if (recovery != null) {
      recovery(figures, recovery);
    }
    return figures.build();
  }

  private static void recovery(Figures.Builder figures, Recovery recovery) {
    figures
        .add(
            "recovery.with_retraining",
            recovery.with.recovered(),
            "of the level before",
            Goal.atLeast(RECOVERED))
        .add(
            "recovery.without",
            recovery.without.recovered(),
            "of the level before",
            below(RECOVERED))
        .add("recovery.before", recovery.with.before().clicks(), "clicks per slate")
        .add(
            "recovery.lowest",
            recovery.with.lowest().clicks() / recovery.with.before().clicks(),
            "of the level before, in the first cadence after")
        .count("recovery.promoted", recovery.with.lives().size(), "releases");
  }

  private static Goal below(double bound) {
    return Goal.below(bound);
  }

  private static double most(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  /** What the figures rest on, for the JSON. */
  Map<String, Object> details() {
    Map<String, Object> details = new LinkedHashMap<>();
    List<Trial> trials = new ArrayList<>();
    if (bad != null) {
      trials.addAll(bad);
    }
    if (good != null) {
      trials.addAll(good.trials());
    }
    details.put("trials", trials);
    if (rollback != null) {
      details.put("rollbacks", rollback);
    }
    if (recovery != null) {
      details.put(
          "recovery",
          Map.of(
              "cadence_days", recovery.plan.cadenceDays(),
              "share", recovery.plan.share(),
              "with_retraining", recovery.with.curve().points(),
              "live", recovery.with.lives(),
              "without", recovery.without.curve().points()));
    }
    return details;
  }

  /** Tables and curves as text. */
  String toText() {
    StringBuilder text = new StringBuilder();
    List<Trial> trials = new ArrayList<>(bad == null ? List.of() : bad);
    trials.addAll(good == null ? List.of() : good.trials());
    for (List<String> row : RolloutFigures.rows(trials)) {
      text.append(
          String.format(
              Locale.ROOT, "%-18s %4s  %-16s %-44s %8s users %8s visits%n", row.toArray()));
    }
    if (recovery != null) {
      text.append(String.format("%nday    with retraining, and without: clicks per slate%n"));
      List<ClickCurve.Point> without = recovery.without.curve().points();
      for (ClickCurve.Point point : recovery.with.curve().points()) {
        double other =
            without.stream()
                .filter(at -> at.day() == point.day())
                .mapToDouble(ClickCurve.Point::clicks)
                .findFirst()
                .orElse(0);
        text.append(
            String.format(
                Locale.ROOT,
                "%5.2f  %.3f %s%n       %.3f %s%n",
                point.day(),
                point.clicks(),
                bar(point.clicks(), "█"),
                other,
                bar(other, "░")));
      }
    }
    return text.toString();
  }

  private static String bar(double clicks, String mark) {
    return mark.repeat(Math.clamp(Math.round(clicks / 2 * BAR), 0, 2 * BAR));
  }

  /** The page. */
  String toHtml() {
    ReportPage page = new ReportPage("Rollout");
    if (bad != null) {
      page.text(
          "Bad releases",
          "What each would do to clicks is the world's own truth; nobody looked on while the ladder decided.");
      page.table(RolloutFigures.heads(), RolloutFigures.rows(bad));
    }
    if (good != null) {
      page.text(
          "Good releases",
          "Trained with other seeds; users who live with them are as well off as with the champion.");
      page.table(RolloutFigures.heads(), RolloutFigures.rows(good.trials()));
    }
    if (recovery != null) {
      double cadence = recovery.plan.cadenceDays();
      List<ReportPage.Mark> marks = new ArrayList<>();
      marks.add(new ReportPage.Mark(RolloutRecovery.ONSET * cadence, "tastes move"));
      recovery.with.lives().forEach(day -> marks.add(new ReportPage.Mark(day, "live")));
      page.text(
          "Recovery",
          "Tastes of a share of people move at once. Clicks per slate by day; bands are 95 % intervals of independent slates.");
      page.curves(
          "Clicks per slate",
          List.of(
              new ReportPage.Curve("with retraining", points(recovery.with)),
              new ReportPage.Curve("without", points(recovery.without))),
          marks);
    }
    return page.toHtml();
  }

  private static List<ReportPage.Point> points(RolloutRecovery.Course course) {
    return course.curve().points().stream()
        .map(point -> new ReportPage.Point(point.day(), point.clicks(), point.halfWidth()))
        .toList();
  }
}
