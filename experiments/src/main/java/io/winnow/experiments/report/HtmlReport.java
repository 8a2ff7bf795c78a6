package io.winnow.experiments.report;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport;
import io.winnow.experiments.analysis.ExperimentReport.ArmSummary;
import io.winnow.experiments.analysis.ExperimentReport.BanditResult;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.CreditResult;
import io.winnow.experiments.analysis.ExperimentReport.ExposureResult;
import io.winnow.experiments.analysis.ExperimentReport.Finding;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.NoveltyResult;
import io.winnow.experiments.analysis.ExperimentReport.Role;
import io.winnow.experiments.analysis.ExperimentReport.SegmentResult;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.bandit.Period;
import io.winnow.experiments.interleaving.Preference;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Interval;
import io.winnow.experiments.statistics.Segments;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * A report as one page that needs nothing else: no scripts, no fonts, no images from anywhere. It
 * follows light and dark, and narrow screens. All texts from the log and the application file are
 * escaped.
 */
public final class HtmlReport {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMM yyyy HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final ExperimentReport report;
  private final Experiment experiment;
  private final Html html = new Html();

  /** The page. */
  public static String render(ExperimentReport report) {
    return new HtmlReport(report).page();
  }

  private HtmlReport(ExperimentReport report) {
    this.report = report;
    this.experiment = report.about().experiment();
  }

  private String page() {
    html.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">")
        .element("title", "", "Experiment " + experiment.name())
        .raw("<style>" + style() + "</style></head><body><main>\n");
    head();
    arms();
    metrics();
    interleaving();
    bandit();
    course();
    novelty();
    segments();
    exposure();
    foot();
    return html.raw("</main></body></html>\n").toString();
  }

  /** The style of every page. */
  static String style() {
    try (InputStream input = HtmlReport.class.getResourceAsStream("report.css")) {
      if (input == null) {
        throw new IllegalStateException("resource report.css is missing in the jar");
      }
      return new String(input.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void head() {
    ExperimentReport.About about = report.about();
    html.raw("<header>")
        .element("p", "kind", "Experiment · run " + experiment.run() + " · " + design())
        .element("h1", "", experiment.name());
    html.open("div", "verdict " + report.verdict().code())
        .element("strong", "", report.verdict().label())
        .element("p", "", report.verdict().reason())
        .close("div");
    html.element(
        "p",
        "quiet",
        "%s since %s, planned until %s. As of %s: log up to offset %s. %s."
            .formatted(
                switch (about.status()) {
                  case WAITING -> "Waits";
                  case RUNNING -> "Runs";
                  case ENDED -> "Ended; ran";
                },
                time(about.startMs()),
                time(about.endMs()),
                time(about.nowMs()),
                Html.count(about.toOffset()),
                about.looks() == 0
                    ? "One may look at any time"
                    : "Look %d of %d has come".formatted(about.looksDue(), about.looks())));
    html.element("h2", "", "What could be wrong").raw("<ul class=\"doubts\">");
    report.doubts().forEach(doubt -> html.element("li", "", doubt));
    html.raw("</ul></header>\n");
  }

  private String design() {
    return JsonReport.design(experiment.design())
        + " by "
        + experiment.population().unit().name().toLowerCase(Locale.ROOT);
  }

  private static String time(long epochMs) {
    return TIME.format(Instant.ofEpochMilli(epochMs));
  }

  private void arms() {
    html.element("h2", "", "Arms");
    List<List<String>> rows = new ArrayList<>();
    for (ArmSummary arm : report.arms()) {
      rows.add(
          List.of(
              arm.name(),
              arm.changes().isEmpty() ? "nothing" : arm.changes(),
              Html.count(arm.units()),
              Html.share(arm.expected())));
    }
    html.table(List.of("Arm", "Changes", "Units", "Planned share"), rows);
    ExperimentReport.Health health = report.health();
    html.element(
        "p",
        "quiet",
        health.ratio() == null
            ? "%s units met it.".formatted(Html.count(health.units()))
            : "Shares as planned: p = %s (%s however often one looks). %s units met several arms."
                .formatted(
                    Html.pValue(health.ratio().pValue()),
                    Html.pValue(health.alwaysValidP()),
                    Html.count(health.mixed())));
    String plot = Plots.units(report.timeline());
    if (!plot.isEmpty()) {
      html.element("h3", "", "Units by arm");
      legend(report.arms().stream().map(ArmSummary::name).toList(), 0, List.of());
      html.raw(plot);
    }
    offline();
  }

  private void legend(List<String> names, int first, List<String> others) {
    html.raw("<p class=\"legend\">");
    for (String other : others) {
      html.raw("<span><i class=\"" + other + "\"></i>").text(other).raw("</span>");
    }
    for (int i = 0; i < names.size(); i++) {
      html.raw("<span><i class=\"" + Plots.colour(first + i) + "\"></i>")
          .text(names.get(i))
          .raw("</span>");
    }
    html.raw("</p>\n");
  }

  /** Offline and online gain side by side, where an arm serves a release of its own. */
  private void offline() {
    if (report.arms().stream().allMatch(arm -> arm.release().isEmpty())) {
      return;
    }
    html.element("h3", "", "Offline and online")
        .element(
            "p",
            "quiet",
            "What each release promised when it was trained, and what it brought. Offline figures of"
                + " releases that were trained on other days are of other data.");
    Set<String> names = new LinkedHashSet<>();
    report.arms().forEach(arm -> names.addAll(arm.offline().keySet()));
    List<String> heads = new ArrayList<>(List.of("Figure"));
    List<String> releases = new ArrayList<>(List.of("release"));
    for (ArmSummary arm : report.arms()) {
      heads.add(arm.name());
      releases.add(arm.release().isEmpty() ? "the active one" : arm.release());
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(releases);
    for (String name : names) {
      List<String> row = new ArrayList<>(List.of("offline " + name));
      report
          .arms()
          .forEach(arm ->
              row.add(
                  arm.offline().containsKey(name) ? Html.number(arm.offline().get(name)) : "–"));
      rows.add(row);
    }
    for (MetricResult metric : report.metrics()) {
      if (metric.role() != Role.GUARDRAIL) {
        List<String> row = new ArrayList<>(List.of("online " + metric.metric().name(), "–"));
        metric.comparisons().forEach(comparison -> row.add(lift(comparison)));
        rows.add(row);
      }
    }
    html.table(heads, rows);
  }

  private static String lift(Comparison comparison) {
    return comparison.contrast().lift().isPresent()
        ? Html.percent(comparison.contrast().lift().getAsDouble())
        : "–";
  }

  private void metrics() {
    if (report.metrics().isEmpty()) {
      return;
    }
    html.element("h2", "", "Metrics");
    List<Plots.Row> plot = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (MetricResult metric : report.metrics()) {
      for (int t = 0; t < metric.comparisons().size(); t++) {
        Comparison of = metric.comparisons().get(t);
        plot.add(
            new Plots.Row(
                metric.metric().name() + (metric.comparisons().size() > 1 ? ", " + of.arm() : ""),
                title(metric.role()),
                of.contrast().lift().isPresent() ? of.contrast().lift().getAsDouble() : Double.NaN,
                of.lift(),
                Plots.colour(t + 1),
                margin(metric)));
        rows.add(row(metric, t, of));
      }
    }
    html.element(
        "p",
        "quiet",
        "Relative difference from %s with its interval. Those of the primary metric and the guardrails"
                .formatted(experiment.control().name())
            + " are as wide as repeated looking asks, those of secondary metrics hold for one look. A"
            + " dashed mark is a guardrail's margin."
            + (report.metrics().stream().anyMatch(metric -> metric.varianceReduction() > 0)
                ? " Arms' values are as they were; lifts and p are adjusted for behaviour before."
                : "")
            + (report.bandit() == null
                ? ""
                : " These are plain means, as if the traffic had not followed the results: naive, and"
                    + " no ground for a decision. The adaptive estimates under Traffic are."));
    if (report.arms().size() > 2) {
      legend(report.arms().stream().skip(1).map(ArmSummary::name).toList(), 1, List.of());
    }
    html.raw(Plots.intervals("Relative differences with intervals", plot));
    html.table(
        List.of(
            "Metric", "Role", "Arm", "Control", "Treatment", "Lift", "p", "Adjusted p", "Finding"),
        rows);
    html.raw("<dl>");
    Map<String, MetricResult> definitions = new LinkedHashMap<>();
    report.metrics().forEach(metric -> definitions.putIfAbsent(metric.metric().name(), metric));
    definitions.forEach((name, metric) -> {
      html.element("dt", "", name);
      html.element(
          "dd",
          "",
          "%s; %s is better%s"
              .formatted(
                  metric.metric().definition(),
                  metric.metric().better() == Metric.Better.HIGHER ? "more" : "less",
                  metric.varianceReduction() > 0
                      ? "; behaviour before takes %s of the variance away"
                          .formatted(Html.share(metric.varianceReduction()))
                      : ""));
    });
    html.raw("</dl>\n");
  }

  private List<String> row(MetricResult metric, int treatment, Comparison of) {
    return List.of(
        metric.metric().name(),
        title(metric.role()),
        of.arm(),
        value(metric.arms().getFirst()),
        value(metric.arms().get(treatment + 1)),
        lift(of),
        Html.pValue(of.p()),
        Html.pValue(of.adjustedP()),
        title(of.finding()));
  }

  private static double margin(MetricResult metric) {
    if (metric.role() != Role.GUARDRAIL) {
      return Double.NaN;
    }
    return metric.metric().better() == Metric.Better.HIGHER ? -metric.margin() : metric.margin();
  }

  private static String value(Estimate estimate) {
    return estimate.isDefined() ? Html.number(estimate.value()) : "–";
  }

  private static String title(Role role) {
    return switch (role) {
      case PRIMARY -> "Primary";
      case SECONDARY -> "Secondary";
      case GUARDRAIL -> "Guardrail";
    };
  }

  private static String title(Finding finding) {
    return switch (finding) {
      case BETTER -> "better";
      case WORSE -> "worse";
      case UNCLEAR -> "not shown";
      case SAFE -> "safe";
      case HARMED -> "harmed";
      case NOT_YET -> "not yet safe";
    };
  }

  private void interleaving() {
    if (report.preferences().isEmpty()) {
      return;
    }
    html.element("h2", "", "Preference")
        .element(
            "p",
            "quiet",
            "Both arms drafted each slate in turns; outcomes are credited to the arm that gave the item."
                + " Above zero, users prefer the treatment.");
    List<Plots.Row> plot = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (CreditResult result : report.preferences()) {
      Preference of = result.preference();
      plot.add(
          new Plots.Row(
              result.metric().name(),
              result.second(),
              -of.estimate(),
              new Interval(-of.high(), -of.low()),
              Plots.colour(1),
              Double.NaN));
      rows.add(
          List.of(
              result.metric().name(),
              result.second(),
              Html.percent(-of.estimate()),
              Html.count(of.secondWins()),
              Html.count(of.firstWins()),
              Html.count(of.ties()),
              Html.pValue(of.p()),
              Html.pValue(of.signP())));
    }
    html.raw(Plots.intervals("Preference", plot));
    html.table(
        List.of(
            "Metric", "Arm", "More credit", "Prefer it", "Prefer control", "Ties", "p", "Sign p"),
        rows);
  }

  private void bandit() {
    BanditResult bandit = report.bandit();
    if (bandit == null || bandit.periods().isEmpty()) {
      return;
    }
    html.element("h2", "", "Traffic")
        .element("p", "quiet", "The share of each arm, by period, as units were drawn.");
    legend(report.arms().stream().map(ArmSummary::name).toList(), 0, List.of());
    html.raw(Plots.shares(bandit.periods().stream().map(Period::shares).toList()));
    List<List<String>> rows = new ArrayList<>();
    for (int arm = 0; arm < bandit.means().size(); arm++) {
      Adaptive mean = bandit.means().get(arm);
      List<String> row =
          new ArrayList<>(
              List.of(
                  report.arms().get(arm).name(),
                  "%s (%s to %s)"
                      .formatted(
                          Html.number(mean.estimate()),
                          Html.number(mean.low()),
                          Html.number(mean.high()))));
      if (arm == 0) {
        row.addAll(List.of("–", "–"));
      } else {
        Adaptive of = bandit.differences().get(arm - 1);
        row.add(
            "%s (%s to %s)"
                .formatted(
                    Html.number(of.estimate()), Html.number(of.low()), Html.number(of.high())));
        row.add(Html.pValue(of.p()));
      }
      rows.add(row);
    }
    html.table(List.of("Arm", "Mean, unbiased", "From the control", "p"), rows);
  }

  private void course() {
    if (report.metrics().isEmpty()) {
      return;
    }
    String metric = report.metrics().getFirst().metric().name();
    for (int t = 0; t < report.arms().size() - 1; t++) {
      String plot = Plots.course(report.timeline(), t, metric);
      if (!plot.isEmpty()) {
        html.element("h2", "", "Effect over time: " + report.arms().get(t + 1).name())
            .element(
                "p",
                "quiet",
                "Difference in %s as it stood then, with late outcomes not yet among it. The band is the"
                        .formatted(metric)
                    + " sequential boundary around it: the effect is called real when the band leaves zero"
                    + " (a filled point).")
            .raw(plot);
      }
    }
  }

  private void novelty() {
    boolean higher =
        !report.metrics().isEmpty()
            && report.metrics().getFirst().metric().better() == Metric.Better.HIGHER;
    for (int t = 0; t < report.novelty().size(); t++) {
      NoveltyResult result = report.novelty().get(t);
      String plot = Plots.novelty(result, t, experiment.plan().alpha());
      if (!plot.isEmpty()) {
        html.element("h2", "", "Effect by day: " + result.arm())
            .element(
                "p",
                "quiet",
                "By day after a unit's first exposure, over the units whose day is over. "
                    + result.novelty().explanation(higher))
            .raw(plot);
      }
    }
  }

  private void segments() {
    if (report.segments().isEmpty()) {
      return;
    }
    html.element("h2", "", "Segments");
    List<Plots.Row> plot = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (SegmentResult result : report.segments()) {
      String group = result.field() + (report.arms().size() > 2 ? ", " + result.arm() : "");
      int colour =
          1 + report.arms().stream().skip(1).map(ArmSummary::name).toList().indexOf(result.arm());
      for (Segments.Segment of : result.segments().segments()) {
        plot.add(
            new Plots.Row(
                of.name(),
                group,
                of.contrast().lift().isPresent() ? of.contrast().lift().getAsDouble() : Double.NaN,
                of.contrast().liftInterval(Contrast.critical(experiment.plan().alpha())),
                Plots.colour(colour),
                Double.NaN));
        rows.add(
            List.of(
                group,
                of.name(),
                Html.count(of.contrast().control().units() + of.contrast().treatment().units()),
                value(of.contrast().control()),
                value(of.contrast().treatment()),
                Html.pValue(of.pValue()),
                Html.pValue(of.adjustedPValue())));
      }
      html.element(
          "p",
          "quiet",
          "%s: do its values differ at all? p = %s.%s"
              .formatted(
                  group,
                  Html.pValue(result.segments().heterogeneityPValue()),
                  result.left() > 0
                      ? " %d smaller values are not shown.".formatted(result.left())
                      : ""));
    }
    html.raw(Plots.intervals("Relative differences by segment", plot));
    html.table(List.of("Field", "Value", "Units", "Control", "Treatment", "p", "Adjusted p"), rows);
  }

  private void exposure() {
    if (report.exposure().isEmpty()) {
      return;
    }
    html.element("h2", "", "Who is shown")
        .element(
            "p",
            "quiet",
            "Each group's share of the impressions beside its share of the catalogue and of merit: what"
                + " users make of its items when they are shown, compared with an average item at the same"
                + " places, so that being shown more does not count as merit. Gini is 0 where all are shown"
                + " alike; coverage is taken at an equal number of impressions.");
    List<String> names = report.arms().stream().map(ArmSummary::name).toList();
    List<List<String>> rows = new ArrayList<>();
    for (ExposureResult result : report.exposure()) {
      for (int arm = 0; arm < names.size(); arm++) {
        if (!result.gini().isEmpty()) {
          rows.add(
              List.of(
                  result.dimension(),
                  names.get(arm),
                  value(result.gini().get(arm)),
                  result.coverage().get(arm).isDefined()
                      ? Html.share(result.coverage().get(arm).value())
                      : "–",
                  result.againstCatalogue().isEmpty()
                      ? "–"
                      : value(result.againstCatalogue().get(arm)),
                  result.againstMerit().isEmpty() ? "–" : value(result.againstMerit().get(arm))));
        }
      }
    }
    html.table(
        List.of("By", "Arm", "Gini", "Coverage", "Away from catalogue", "Away from merit"), rows);
    for (ExposureResult result : report.exposure()) {
      if (!result.groups().isEmpty()) {
        html.element("h3", "", "By " + result.dimension());
        legend(names, 0, List.of("catalogue", "merit"));
        html.raw(Plots.groups(result.dimension(), result.groups(), names.size()));
      }
    }
  }

  private void foot() {
    html.raw("<footer>").element("h2", "", "How this was made").raw("<ul>");
    report.notes().forEach(note -> html.element("li", "", note));
    html.element(
            "li",
            "",
            "%s records were read, log up to offset %s."
                .formatted(
                    Html.count(report.about().records()), Html.count(report.about().toOffset())))
        .element(
            "li",
            "",
            "Plan: alpha %s, power %s, smallest effect that matters %s."
                .formatted(
                    Html.number(experiment.plan().alpha()),
                    Html.number(experiment.plan().power()),
                    Html.percent(experiment.plan().minimumEffect())))
        .raw("</ul></footer>\n");
  }
}
