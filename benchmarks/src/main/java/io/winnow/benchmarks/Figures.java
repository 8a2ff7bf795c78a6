package io.winnow.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a benchmark found: figures by name, such as {@code parity.mismatches}, in the order in which
 * they were measured, and the machine that they hold for.
 *
 * @param bench the benchmark's name
 * @param machine see {@link Machine#describe()}
 * @param figures by name
 */
public record Figures(String bench, String machine, Map<String, Figure> figures) {
  /** Copies the figures. */
  public Figures {
    figures = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  /**
   * One measured number.
   *
   * @param value finite
   * @param unit what is counted or measured, such as {@code events} or {@code ms}
   * @param goal what it should be, or null
   * @param peer what something else reached in the same run, or null
   */
  public record Figure(double value, String unit, @Nullable Goal goal, @Nullable Peer peer) {
    /** Checks the value. */
    public Figure {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("value: " + value + " (expected: a finite number)");
      }
    }

    /** Whether the goal is reached; true without one. */
    public boolean holds() {
      return goal == null || goal.isReachedBy(value);
    }
  }

  /**
   * What a figure should be.
   *
   * @param bound the bound, or the lower one of two
   * @param upper the upper bound of {@link Comparison#BETWEEN}; otherwise the bound
   */
  public record Goal(Comparison comparison, double bound, double upper) {
    /** How the figure compares with the bound. */
    public enum Comparison {
      /** Less than the bound. */
      BELOW("<"),
      /** The bound or more. */
      AT_LEAST(">="),
      /** The bound itself. */
      EXACTLY("="),
      /** From one bound to another, both included. */
      BETWEEN("between");

      private final String symbol;

      Comparison(String symbol) {
        this.symbol = symbol;
      }
    }

    /** {@code < bound}. */
    public static Goal below(double bound) {
      return new Goal(Comparison.BELOW, bound, bound);
    }

    /** {@code >= bound}. */
    public static Goal atLeast(double bound) {
      return new Goal(Comparison.AT_LEAST, bound, bound);
    }

    /** {@code = bound}. */
    public static Goal exactly(double bound) {
      return new Goal(Comparison.EXACTLY, bound, bound);
    }

    /** {@code between low and high}. */
    public static Goal between(double low, double high) {
      return new Goal(Comparison.BETWEEN, low, high);
    }

    boolean isReachedBy(double value) {
      return switch (comparison) {
        case BELOW -> value < bound;
        case AT_LEAST -> value >= bound;
        case EXACTLY -> value == bound;
        case BETWEEN -> value >= bound && value <= upper;
      };
    }

    @Override
    public String toString() {
      String first = comparison.symbol + " " + text(bound);
      return comparison == Comparison.BETWEEN ? first + " and " + text(upper) : first;
    }
  }

  /**
   * Something else that did the same work in the same run.
   *
   * @param name what it is
   * @param value in the figure's unit
   */
  public record Peer(String name, double value) {}

  /** Whether every goal is reached. */
  public boolean hold() {
    return figures.values().stream().allMatch(Figure::holds);
  }

  /**
   * The machine-readable form: {@code {"bench", "machine", "figures": {name: {"value", "unit",
   * "goal", "holds", "peer"}}}}. A goal is text such as {@code < 50}; {@code goal}, {@code holds}
   * and {@code peer} are null where there is none; a peer is {@code {"name", "value"}}.
   */
  public Map<String, Object> toMap() {
    Map<String, @Nullable Object> byName = new LinkedHashMap<>();
    figures.forEach((name, figure) -> {
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      Goal goal = figure.goal();
      Peer peer = figure.peer();
      fields.put("value", number(figure.value()));
      fields.put("unit", figure.unit());
      fields.put("goal", goal == null ? null : goal.toString());
      fields.put("holds", goal == null ? null : figure.holds());
      fields.put(
          "peer", peer == null ? null : Map.of("name", peer.name(), "value", number(peer.value())));
      byName.put(name, fields);
    });
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("bench", bench);
    all.put("machine", machine);
    all.put("figures", byName);
    return all;
  }

  /** A table for people; a missed goal is marked. */
  public String toText() {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"figure", "value", "unit", "goal", "peer"});
    figures.forEach((name, figure) -> {
      Goal goal = figure.goal();
      Peer peer = figure.peer();
      rows.add(
          new String[] {
            name,
            text(figure.value()),
            figure.unit(),
            goal == null ? "" : goal + (figure.holds() ? "" : "  MISSED"),
            peer == null ? "" : peer.name() + " " + text(peer.value())
          });
    });
    int[] widths = new int[5];
    for (String[] row : rows) {
      for (int column = 0; column < row.length; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    StringBuilder table = new StringBuilder(bench).append(" on ").append(machine).append('\n');
    for (String[] row : rows) {
      String line =
          "%s  %s  %s  %s  %s"
              .formatted(
                  left(row[0], widths[0]),
                  right(row[1], widths[1]),
                  left(row[2], widths[2]),
                  left(row[3], widths[3]),
                  row[4]);
      table.append(line.stripTrailing()).append('\n');
    }
    return table.toString().stripTrailing();
  }

  private static String left(String text, int width) {
    return text + " ".repeat(width - text.length());
  }

  private static String right(String text, int width) {
    return " ".repeat(width - text.length()) + text;
  }

  /** Whole numbers without a fraction. */
  private static Number number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return (long) value;
    }
    return value;
  }

  /** Four significant digits, whole numbers in full. */
  static String text(double value) {
    if (value == Math.rint(value) || Math.abs(value) >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    int digits = (int) Math.clamp(3 - Math.floor(Math.log10(Math.abs(value))), 0, 6);
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  /** Collects figures. One thread. */
  public static final class Builder {
    private final String bench;
    private final Map<String, Figure> figures = new LinkedHashMap<>();

    /** For a benchmark of this name. */
    public Builder(String bench) {
      this.bench = bench;
    }

    /** A number. */
    public Builder add(String name, double value, String unit) {
      return put(name, new Figure(value, unit, null, null));
    }

    /** A number that should reach a goal. */
    public Builder add(String name, double value, String unit, Goal goal) {
      return put(name, new Figure(value, unit, goal, null));
    }

    /** A number beside that of a peer. */
    public Builder add(String name, double value, String unit, Peer peer) {
      return put(name, new Figure(value, unit, null, peer));
    }

    /** A number with both. */
    public Builder add(String name, double value, String unit, Goal goal, Peer peer) {
      return put(name, new Figure(value, unit, goal, peer));
    }

    /** How many. */
    public Builder count(String name, long value, String unit) {
      return add(name, (double) value, unit);
    }

    /** How many, which should reach a goal. */
    public Builder count(String name, long value, String unit, Goal goal) {
      return add(name, (double) value, unit, goal);
    }

    private Builder put(String name, Figure figure) {
      if (figures.put(name, figure) != null) {
        throw new IllegalStateException("figure " + name + " is there already");
      }
      return this;
    }

    /** What was collected. */
    public Figures build() {
      return new Figures(bench, Machine.describe(), figures);
    }
  }
}
