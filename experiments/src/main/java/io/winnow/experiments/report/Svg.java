package io.winnow.experiments.report;

import java.util.Locale;

/**
 * Draws into an inline SVG with axes; colours come from the page's style, so that it follows light
 * and dark. Not thread-safe.
 */
final class Svg {
  private final StringBuilder out = new StringBuilder();
  private final int width;
  private final int height;
  private final double left;
  private final double right;
  private final double top;
  private final double bottom;
  private double xLow;
  private double xHigh = 1;
  private double yLow;
  private double yHigh = 1;

  /** A drawing whose plot area leaves room at each side, in pixels. */
  Svg(String title, int width, int height, int left, int right, int top, int bottom) {
    this.width = width;
    this.height = height;
    this.left = left;
    this.right = width - right;
    this.top = top;
    this.bottom = height - bottom;
    out.append(
        "<div class=\"scroll\"><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">"
            .formatted(width, height, Html.escape(title)));
  }

  /** What the horizontal axis shows. */
  Svg xRange(double low, double high) {
    xLow = low;
    xHigh = high > low ? high : low + 1;
    return this;
  }

  /** What the vertical axis shows. */
  Svg yRange(double low, double high) {
    yLow = low;
    yHigh = high > low ? high : low + 1;
    return this;
  }

  double x(double value) {
    return left + (right - left) * (Math.clamp(value, xLow, xHigh) - xLow) / (xHigh - xLow);
  }

  double y(double value) {
    return bottom - (bottom - top) * (Math.clamp(value, yLow, yHigh) - yLow) / (yHigh - yLow);
  }

  double top() {
    return top;
  }

  double bottom() {
    return bottom;
  }

  double left() {
    return left;
  }

  double right() {
    return right;
  }

  boolean isInside(double x) {
    return x >= xLow && x <= xHigh;
  }

  Svg line(String classes, double x1, double y1, double x2, double y2) {
    return add(
        String.format(
            Locale.ROOT,
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
        classes, x1, y1, x2, y2));
  }

  Svg rect(String classes, double x, double y, double w, double h) {
    return add(
        String.format(
            Locale.ROOT,
        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
        classes, x, y, Math.max(0, w), Math.max(0, h)));
  }

  /** A dot that tells its value when the pointer rests on it. */
  Svg dot(String classes, double x, double y, double radius, String told) {
    return add(
        String.format(
            Locale.ROOT,
        "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%s</title></circle>",
        classes, x, y, radius, Html.escape(told)));
  }

  /** A line or area along points given as {@code x,y x,y …}. */
  Svg path(String element, String classes, String points) {
    return add(
        String.format(
            Locale.ROOT, "<%s class=\"%s\" points=\"%s\"/>", element, classes, points));
  }

  /**
   * Text at a point.
   *
   * @param anchor {@code start}, {@code middle} or {@code end}
   */
  Svg label(String anchor, double x, double y, String text) {
    return add(
        String.format(
            Locale.ROOT,
        "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
        anchor, x, y, Html.escape(text)));
  }

  private Svg add(String shape) {
    out.append(shape);
    return this;
  }

  static String point(double x, double y) {
    return String.format(Locale.ROOT, "%.1f,%.1f ", x, y);
  }

  /** How values are written at an axis. */
  @FunctionalInterface
  interface Format {
    String of(double value);
  }

  /** Lines and labels of the vertical axis. */
  Svg yAxis(Format format) {
    double step = step(yHigh - yLow, 5);
    for (double v = Math.ceil(yLow / step) * step; v <= yHigh + step * 1e-9; v += step) {
      line("grid", left, y(v), right, y(v));
      label("end", left - 6, y(v) + 4, format.of(clean(v, step)));
    }
    return this;
  }

  /** Lines and labels of the horizontal axis. */
  Svg xAxis(Format format) {
    double step = step(xHigh - xLow, 6);
    for (double v = Math.ceil(xLow / step) * step; v <= xHigh + step * 1e-9; v += step) {
      line("grid", x(v), top, x(v), bottom);
      label("middle", x(v), bottom + 16, format.of(clean(v, step)));
    }
    return this;
  }

  private static double clean(double value, double step) {
    return Math.abs(value) < step / 1e6 ? 0 : value;
  }

  /** A round step that gives about so many ticks. */
  static double step(double range, int ticks) {
    double raw = range / ticks;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double mantissa = raw / power;
    return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
  }

  @Override
  public String toString() {
    return out + "</svg></div>\n";
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }
}
