package io.winnow.experiments.report;

import io.winnow.experiments.analysis.ExperimentReport.Group;
import io.winnow.experiments.analysis.ExperimentReport.NoveltyResult;
import io.winnow.experiments.analysis.ExperimentReport.TimeComparison;
import io.winnow.experiments.analysis.ExperimentReport.TimePoint;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Interval;
import io.winnow.experiments.statistics.Novelty;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The report's plots. */
final class Plots {
  private static final int WIDTH = 720;
  private static final int COLOURS = 5;
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("d MMM", Locale.ROOT).withZone(ZoneOffset.UTC);

  private Plots() {}

  /**
   * A row of an interval plot.
   *
   * @param label what it is
   * @param group heads the row if it is another than the row before's
   * @param point NaN where it is not known
   * @param interval its ends may be infinite
   * @param colour class of the colour
   * @param margin a mark such as a guardrail's margin, or NaN
   */
  record Row(
      String label, String group, double point, Interval interval, String colour, double margin) {}

  static String colour(int arm) {
    return "c" + arm % COLOURS;
  }

  /** Points with their intervals, one below the other, around a line at zero. */
  static String intervals(String title, List<Row> rows) {
    int lines = rows.size() + (int) rows.stream().map(Row::group).distinct().count();
    Svg svg = new Svg(title, WIDTH, 44 + 24 * lines, 190, 150, 10, 34);
    double[] range = range(rows);
    svg.xRange(range[0], range[1]).xAxis(Html::tick);
    svg.line("zero", svg.x(0), svg.top(), svg.x(0), svg.bottom());
    double y = svg.top() + 12;
    String group = "";
    for (Row row : rows) {
      if (!row.group().equals(group)) {
        group = row.group();
        svg.label("start", 6, y + 4, group);
        y += 24;
      }
      svg.label("start", 20, y + 4, shortened(row.label(), 26));
      if (Double.isFinite(row.margin())) {
        svg.line("margin", svg.x(row.margin()), y - 10, svg.x(row.margin()), y + 10);
      }
      String told = Html.percent(row.point());
      if (Double.isFinite(row.point())) {
        Interval of = row.interval();
        svg.line("bar " + row.colour(), svg.x(of.low()), y, svg.x(of.high()), y);
        end(svg, row, of.low(), y);
        end(svg, row, of.high(), y);
        svg.dot("dot " + row.colour(), svg.x(row.point()), y, 5, row.label() + ": " + told);
        svg.label(
            "start",
            svg.right() + 8,
            y + 4,
            of.isFinite()
                ? "%s to %s".formatted(Html.percent(of.low()), Html.percent(of.high()))
                : told);
      } else {
        svg.label("start", svg.right() + 8, y + 4, "not known yet");
      }
      y += 24;
    }
    return svg.toString();
  }

  /** A whisker, or an arrow head where the interval goes on outside of the plot. */
  private static void end(Svg svg, Row row, double value, double y) {
    double x = svg.x(value);
    if (svg.isInside(value)) {
      svg.line("bar " + row.colour(), x, y - 5, x, y + 5);
    } else {
      double back = value < 0 ? 7 : -7;
      svg.path(
          "polygon",
          "head " + row.colour(),
          Svg.point(x, y) + Svg.point(x + back, y - 5) + Svg.point(x + back, y + 5));
    }
  }

  /** Holds zero, all points, and what is not very far out of the intervals. */
  private static double[] range(List<Row> rows) {
    List<Double> halves =
        rows.stream()
            .filter(row -> row.interval().isFinite())
            .map(row -> row.interval().width() / 2)
            .sorted(Comparator.naturalOrder())
            .toList();
    double typical = halves.isEmpty() ? 0.01 : halves.get(halves.size() / 2);
    double low = -typical;
    double high = typical;
    for (Row row : rows) {
      if (Double.isFinite(row.point())) {
        low = Math.min(low, Math.max(row.interval().low(), row.point() - 4 * typical));
        high = Math.max(high, Math.min(row.interval().high(), row.point() + 4 * typical));
      }
      if (Double.isFinite(row.margin())) {
        low = Math.min(low, row.margin());
        high = Math.max(high, row.margin());
      }
    }
    double room = (high - low) / 20;
    return new double[] {low - room, high + room};
  }

  /** The effect as it stood day by day; the band is as wide as the rule asks at that look. */
  static String course(List<TimePoint> timeline, int treatment, String metric) {
    List<TimePoint> points =
        timeline.stream()
            .filter(point -> !point.comparisons().isEmpty())
            .filter(point ->
                Double.isFinite(point.comparisons().get(treatment).contrast().standardError()))
            .toList();
    if (points.size() < 2) {
      return "";
    }
    Svg svg = new Svg("Effect over time on " + metric, WIDTH, 270, 70, 20, 14, 34);
    double low = 0;
    double high = 0;
    for (TimePoint point : points) {
      double difference = point.comparisons().get(treatment).contrast().difference();
      // Early boundaries are far out; they may leave the picture.
      low = Math.min(low, difference - 4 * last(points, treatment));
      high = Math.max(high, difference + 4 * last(points, treatment));
    }
    svg.yRange(low, high).yAxis(value -> Html.number(value));
    times(svg, points);
    svg.line("zero", svg.left(), svg.y(0), svg.right(), svg.y(0));
    StringBuilder upper = new StringBuilder();
    List<String> lower = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (TimePoint point : points) {
      TimeComparison of = point.comparisons().get(treatment);
      double x = svg.x((double) point.timeMs());
      line.append(Svg.point(x, svg.y(of.contrast().difference())));
      Interval band = of.contrast().differenceInterval(of.critical());
      if (Double.isFinite(of.critical())) {
        upper.append(Svg.point(x, svg.y(band.high())));
        lower.add(Svg.point(x, svg.y(band.low())));
      }
    }
    svg.path("polygon", "band " + colour(treatment + 1), upper + String.join("", lower.reversed()));
    svg.path("polyline", "line " + colour(treatment + 1), line.toString());
    for (TimePoint point : points) {
      TimeComparison of = point.comparisons().get(treatment);
      svg.dot(
          (of.crossed() ? "dot " : "ring ") + colour(treatment + 1),
          svg.x((double) point.timeMs()),
          svg.y(of.contrast().difference()),
          of.crossed() ? 5 : 3.5,
          "%s%s: %s%s"
              .formatted(
                  DAY.format(Instant.ofEpochMilli(point.timeMs())),
                  point.look() > 0 ? ", look " + point.look() : "",
                  Html.number(of.contrast().difference()),
                  of.crossed() ? ", beyond the boundary" : ""));
    }
    return svg.toString();
  }

  private static double last(List<TimePoint> points, int treatment) {
    return points.getLast().comparisons().get(treatment).contrast().standardError();
  }

  private static void times(Svg svg, List<TimePoint> points) {
    svg.xRange((double) points.getFirst().timeMs(), (double) points.getLast().timeMs());
    int every = Math.max(1, Math.ceilDiv(points.size(), 8));
    for (int i = 0; i < points.size(); i += every) {
      double x = svg.x((double) points.get(i).timeMs());
      svg.line("grid", x, svg.top(), x, svg.bottom());
      svg.label(
          "middle",
          x,
          svg.bottom() + 16,
          DAY.format(Instant.ofEpochMilli(points.get(i).timeMs())));
    }
  }

  /** How many units each arm had met by when. */
  static String units(List<TimePoint> points) {
    if (points.size() < 2) {
      return "";
    }
    Svg svg = new Svg("Units by arm over time", WIDTH, 220, 70, 20, 14, 34);
    long most = 1;
    for (TimePoint point : points) {
      most = Math.max(most, point.units().stream().mapToLong(Long::longValue).max().orElse(0));
    }
    svg.yRange(0, most * 1.05).yAxis(value -> Html.count(Math.round(value)));
    times(svg, points);
    for (int arm = 0; arm < points.getFirst().units().size(); arm++) {
      StringBuilder line = new StringBuilder();
      for (TimePoint point : points) {
        line.append(Svg.point(svg.x((double) point.timeMs()), svg.y(point.units().get(arm))));
      }
      svg.path("polyline", "line " + colour(arm), line.toString());
    }
    return svg.toString();
  }

  /** The effect by day after the first exposure, with its own interval each day. */
  static String novelty(NoveltyResult result, int treatment, double alpha) {
    List<Novelty.DailyEffect> days =
        result.days().stream()
            .filter(day -> Double.isFinite(day.contrast().standardError()))
            .toList();
    if (days.size() < 2) {
      return "";
    }
    Svg svg = new Svg("Effect by day after the first exposure", WIDTH, 240, 70, 20, 14, 34);
    double critical = Contrast.critical(alpha);
    double low = 0;
    double high = 0;
    for (Novelty.DailyEffect day : days) {
      Interval interval = day.contrast().differenceInterval(critical);
      low = Math.min(low, interval.low());
      high = Math.max(high, interval.high());
    }
    svg.yRange(low, high).yAxis(value -> Html.number(value));
    svg.xRange(0.5, days.getLast().day() + 0.5);
    svg.line("zero", svg.left(), svg.y(0), svg.right(), svg.y(0));
    int every = Math.max(1, Math.ceilDiv(days.size(), 14));
    for (Novelty.DailyEffect day : days) {
      double x = svg.x(day.day());
      Interval interval = day.contrast().differenceInterval(critical);
      svg.line("bar " + colour(treatment + 1), x, svg.y(interval.low()), x, svg.y(interval.high()));
      svg.dot(
          "dot " + colour(treatment + 1),
          x,
          svg.y(day.contrast().difference()),
          4,
          "day %d: %s".formatted(day.day(), Html.number(day.contrast().difference())));
      if ((day.day() - 1) % every == 0) {
        svg.label("middle", x, svg.bottom() + 16, "day " + day.day());
      }
    }
    return svg.toString();
  }

  /** Shares of exposure by arm beside those of the catalogue and of merit. */
  static String groups(String dimension, List<Group> groups, int arms) {
    int bars = arms + 2;
    int rowHeight = 10 * bars + 12;
    Svg svg =
        new Svg(
            "Exposure by " + dimension, WIDTH, 44 + rowHeight * groups.size(), 170, 60, 6, 34);
    double most =
        groups.stream()
            .mapToDouble(group ->
                Math.max(
                    Math.max(group.catalogue(), group.merit()),
                    group.exposure().stream().max(Double::compare).orElse(0.0)))
            .max()
            .orElse(1);
    svg.xRange(0, most * 1.02).xAxis(Html::share);
    double y = svg.top() + 4;
    for (Group group : groups) {
      svg.label("end", svg.left() - 8, y + 5.0 * bars, shortened(group.name(), 24));
      y = bar(svg, "catalogue", group.catalogue(), y, "catalogue");
      y = bar(svg, "merit", group.merit(), y, "merit");
      for (int arm = 0; arm < arms; arm++) {
        y = bar(svg, "fill " + colour(arm), group.exposure().get(arm), y, "exposure");
      }
      y += 12;
    }
    return svg.toString();
  }

  private static double bar(Svg svg, String classes, double share, double y, String told) {
    svg.rect(classes, svg.left(), y, svg.x(share) - svg.left(), 8);
    svg.dot("hidden", svg.x(share), y + 4, 5, told + ": " + Html.share(share));
    return y + 10;
  }

  /** The shares of traffic of a bandit's periods. */
  static String shares(List<List<Double>> periods) {
    Svg svg = new Svg("Shares of traffic by period", WIDTH, 200, 70, 20, 14, 34);
    svg.yRange(0, 1).yAxis(Html::share);
    svg.xRange(0, periods.size());
    for (int period = 0; period < periods.size(); period++) {
      double from = 0;
      for (int arm = 0; arm < periods.get(period).size(); arm++) {
        double to = from + periods.get(period).get(arm);
        svg.rect(
            "fill " + colour(arm),
            svg.x(period) + 1,
            svg.y(to),
            svg.x(period + 1) - svg.x(period) - 2,
            svg.y(from) - svg.y(to));
        from = to;
      }
      if (period % Math.max(1, Math.ceilDiv(periods.size(), 14)) == 0) {
        svg.label(
            "middle", svg.x(period + 0.5), svg.bottom() + 16, String.valueOf(period + 1));
      }
    }
    return svg.toString();
  }

  private static String shortened(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most - 1) + "…";
  }
}
