package io.winnow.experiments.report;

import java.util.List;
import java.util.Locale;

/** Builds HTML; every text is escaped on its way in. Not thread-safe. */
final class Html {
  private final StringBuilder out = new StringBuilder(64 * 1024);

  /** Text with what HTML and its attributes give a meaning to made harmless. */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> escaped.append(c);
      }
    }
    return escaped.toString();
  }

  /** Markup as it is; never with text from outside. */
  Html raw(String markup) {
    out.append(markup);
    return this;
  }

  Html text(String text) {
    out.append(escape(text));
    return this;
  }

  /** An element with text in it. */
  Html element(String name, String classes, String text) {
    open(name, classes);
    return text(text).close(name);
  }

  Html open(String name, String classes) {
    out.append('<').append(name);
    if (!classes.isEmpty()) {
      out.append(" class=\"").append(escape(classes)).append('"');
    }
    out.append('>');
    return this;
  }

  Html close(String name) {
    out.append("</").append(name).append(">\n");
    return this;
  }

  /** A row of a table; cells that begin with a digit or a sign are numbers. */
  Html row(String cell, List<String> texts) {
    raw("<tr>");
    for (String text : texts) {
      element(cell, text.matches("[-+−–<]?[0-9].*") ? "n" : "", text);
    }
    return raw("</tr>\n");
  }

  Html table(List<String> heads, List<List<String>> rows) {
    raw("<div class=\"scroll\"><table><thead>").row("th", heads).raw("</thead><tbody>");
    rows.forEach(row -> row("td", row));
    return raw("</tbody></table></div>\n");
  }

  @Override
  public String toString() {
    return out.toString();
  }

  static String percent(double share) {
    if (!Double.isFinite(share)) {
      return Double.isNaN(share) ? "–" : share < 0 ? "−∞" : "∞";
    }
    // What rounds to nothing has no sign.
    double shown = Math.abs(share) < 5e-5 ? 0 : share;
    return String.format(Locale.ROOT, "%+.2f %%", 100 * shown).replace('-', '−');
  }

  /** A share at an axis: no more digits than it needs. */
  static String tick(double share) {
    double percent = Math.round(100_000 * share) / 1000.0;
    String digits =
        percent == Math.rint(percent)
            ? String.valueOf((long) percent)
            : String.valueOf(percent);
    return (percent > 0 ? "+" : "") + digits.replace('-', '−') + " %";
  }

  static String share(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  static String number(double value) {
    if (!Double.isFinite(value)) {
      return value < 0 ? "−∞" : "∞";
    }
    double size = Math.abs(value);
    String format = size >= 1000 ? "%,.0f" : size >= 100 ? "%.1f" : size >= 1 ? "%.3f" : "%.4f";
    return String.format(Locale.ROOT, format, value).replace('-', '−');
  }

  static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  static String pValue(double p) {
    return p < 0.001 ? "< 0.001" : String.format(Locale.ROOT, "%.3f", p);
  }
}
