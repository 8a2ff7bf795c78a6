package io.winnow.experiments.report;

import io.winnow.experiments.statistics.Interval;
import java.util.List;

/**
 * A page with one curve: measured points with intervals, a line fitted to them, and a bound. It
 * needs nothing else: no scripts, no fonts, no images from anywhere. All texts are escaped.
 *
 * @param kind what sort of page it is, in small print
 * @param title its heading
 * @param verdict what follows from it, in a few words
 * @param reason the same in a sentence
 * @param curve what is drawn
 * @param doubts what speaks against the verdict
 * @param tables below the curve
 */
public record CurvePage(
    String kind,
    String title,
    String verdict,
    String reason,
    Curve curve,
    List<String> doubts,
    List<Table> tables) {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 320;

  /** Copies the lists. */
  public CurvePage {
    doubts = List.copyOf(doubts);
    tables = List.copyOf(tables);
  }

  /**
   * What is drawn. The vertical axis is in shares of 1, shown as percentages.
   *
   * @param caption of the plot, for those who cannot see it too
   * @param unit of the horizontal axis, such as {@code days}
   * @param points ascending by x, at least one
   * @param bound a horizontal line
   * @param mark a vertical line, or NaN for none
   */
  public record Curve(String caption, String unit, List<Point> points, double bound, double mark) {
    /** Copies the list. */
    public Curve {
      points = List.copyOf(points);
    }
  }

  /**
   * A measured value and the line there.
   *
   * @param x where it is
   * @param y what was measured
   * @param interval around it
   * @param fitted the line's value
   */
  public record Point(double x, double y, Interval interval, double fitted) {}

  /** A table with its heading. */
  public record Table(String title, List<String> heads, List<List<String>> rows) {
    /** Copies the lists. */
    public Table {
      heads = List.copyOf(heads);
      rows = rows.stream().map(List::copyOf).toList();
    }
  }

  /** The page. */
  public String render() {
    Html html =
        new Html()
            .raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .raw("<meta name=\"color-scheme\" content=\"light dark\">")
            .element("title", "", title)
            .raw("<style>" + HtmlReport.style() + "</style></head><body><main>\n")
            .raw("<header>")
            .element("p", "kind", kind)
            .element("h1", "", title);
    html.open("div", "verdict").element("strong", "", verdict).element("p", "", reason);
    html.close("div").raw("</header>\n");
    html.element("h2", "", curve.caption()).raw(plot());
    if (!doubts.isEmpty()) {
      html.element("h2", "", "Doubts").open("ul", "doubts");
      doubts.forEach(doubt -> html.element("li", "", doubt));
      html.close("ul");
    }
    for (Table table : tables) {
      html.element("h2", "", table.title()).table(table.heads(), table.rows());
    }
    return html.raw("</main></body></html>\n").toString();
  }

  private String plot() {
    Svg svg = new Svg(curve.caption(), WIDTH, HEIGHT, 70, 20, 14, 46);
    double low = Math.min(0, curve.bound());
    double high = Math.max(0, curve.bound());
    for (Point point : curve.points()) {
      low = Math.min(low, point.interval().low());
      high = Math.max(high, point.interval().high());
    }
    double room = (high - low) / 20;
    svg.xRange(0, curve.points().getLast().x()).xAxis(CurvePage::days);
    svg.yRange(low - room, high + room).yAxis(Html::tick);
    svg.label("middle", (svg.left() + svg.right()) / 2, svg.bottom() + 36, curve.unit());
    svg.line("zero", svg.left(), svg.y(0), svg.right(), svg.y(0));
    svg.line("margin", svg.left(), svg.y(curve.bound()), svg.right(), svg.y(curve.bound()));
    if (svg.isInside(curve.mark())) {
      double x = svg.x(curve.mark());
      svg.line("margin", x, svg.top(), x, svg.bottom());
    }
    StringBuilder line = new StringBuilder(Svg.point(svg.x(0), svg.y(0)));
    for (Point point : curve.points()) {
      line.append(Svg.point(svg.x(point.x()), svg.y(point.fitted())));
    }
    svg.path("polyline", "line c1", line.toString());
    for (Point point : curve.points()) {
      double x = svg.x(point.x());
      svg.line("bar c2", x, svg.y(point.interval().low()), x, svg.y(point.interval().high()));
      svg.dot(
          "dot c2",
          x,
          svg.y(point.y()),
          5,
          "%s %s: %s, %s to %s"
              .formatted(
                  days(point.x()),
                  curve.unit(),
                  Html.percent(point.y()),
                  Html.percent(point.interval().low()),
                  Html.percent(point.interval().high())));
    }
    return svg.toString();
  }

  private static String days(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
