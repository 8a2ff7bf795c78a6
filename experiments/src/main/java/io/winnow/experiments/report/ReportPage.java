package io.winnow.experiments.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A page with curves and their intervals, and tables: one file that needs nothing else. Not
 * thread-safe.
 */
public final class ReportPage {
  private static final int WIDTH = 720;
  private static final int HEIGHT = 300;

  private final Html html = new Html();
  private final String title;

  /** An empty page. */
  public ReportPage(String title) {
    this.title = title;
    html.element("h1", "", title);
  }

  /**
   * A curve.
   *
   * @param name in the legend
   * @param points in order of x
   */
  public record Curve(String name, List<Point> points) {
    /** Copies the list. */
    public Curve {
      points = List.copyOf(points);
    }
  }

  /** A point with the half width of its interval. */
  public record Point(double x, double y, double halfWidth) {}

  /** A vertical line that says what happened then. */
  public record Mark(double x, String text) {}

  /** A heading with a paragraph below it. */
  public ReportPage text(String heading, String paragraph) {
    html.element("h2", "", heading);
    html.element("p", "", paragraph);
    return this;
  }

  /** A table; cells that begin with a digit or a sign are numbers. */
  public ReportPage table(List<String> heads, List<List<String>> rows) {
    html.table(heads, rows);
    return this;
  }

  /** Curves over one axis, with bands that are their intervals. */
  public ReportPage curves(String what, List<Curve> curves, List<Mark> marks) {
    List<Point> all = curves.stream().flatMap(curve -> curve.points().stream()).toList();
    if (all.isEmpty()) {
      return this;
    }
    Svg svg = new Svg(what, WIDTH, HEIGHT, 60, 20, 24, 34);
    double most = all.stream().mapToDouble(point -> point.y() + point.halfWidth()).max().orElse(1);
    svg.xRange(
        all.stream().mapToDouble(Point::x).min().orElse(0),
        all.stream().mapToDouble(Point::x).max().orElse(1));
    svg.yRange(0, most * 1.05).yAxis(value -> Html.number(value)).xAxis(Html::number);
    for (Mark mark : marks) {
      svg.line("margin", svg.x(mark.x()), svg.top(), svg.x(mark.x()), svg.bottom());
      svg.label("start", svg.x(mark.x()) + 4, svg.top() - 8, mark.text());
    }
    for (int i = 0; i < curves.size(); i++) {
      curve(svg, curves.get(i), Plots.colour(i));
    }
    html.raw(svg.toString());
    html.open("p", "");
    for (int i = 0; i < curves.size(); i++) {
      html.element("span", "legend " + Plots.colour(i), "● " + curves.get(i).name() + "  ");
    }
    html.close("p");
    return this;
  }

  private static void curve(Svg svg, Curve curve, String colour) {
    StringBuilder line = new StringBuilder();
    StringBuilder upper = new StringBuilder();
    List<String> lower = new ArrayList<>();
    for (Point point : curve.points()) {
      line.append(Svg.point(svg.x(point.x()), svg.y(point.y())));
      upper.append(Svg.point(svg.x(point.x()), svg.y(point.y() + point.halfWidth())));
      lower.add(Svg.point(svg.x(point.x()), svg.y(point.y() - point.halfWidth())));
    }
    svg.path("polygon", "band " + colour, upper + String.join("", lower.reversed()));
    svg.path("polyline", "line " + colour, line.toString());
    for (Point point : curve.points()) {
      svg.dot(
          "dot " + colour,
          svg.x(point.x()),
          svg.y(point.y()),
          3,
          "%s, %s: %s ± %s"
              .formatted(
                  curve.name(),
                  Html.number(point.x()),
                  Html.number(point.y()),
                  Html.number(point.halfWidth())));
    }
  }

  /** The page. */
  public String toHtml() {
    return new Html()
        .raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .element("title", "", title)
        .raw("<style>" + HtmlReport.style() + "</style></head><body><main>\n")
        .raw(html.toString())
        .raw("</main></body></html>\n")
        .toString();
  }
}
