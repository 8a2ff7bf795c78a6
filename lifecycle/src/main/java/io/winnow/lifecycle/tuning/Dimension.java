package io.winnow.lifecycle.tuning;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.random.RandomGenerator;

/** One setting that is searched, and where. */
sealed interface Dimension {
  /** The setting, such as {@code encoder.training.learning_rate}. */
  String path();

  /** A value, as {@link io.winnow.lifecycle.TrainerSettings} reads it. */
  String draw(RandomGenerator random);

  /** Values that span the range. */
  List<String> ends();

  /**
   * A number in [low, high].
   *
   * @param logarithmic whether each factor is as likely as each other, not each difference
   */
  record Real(String path, double low, double high, boolean logarithmic) implements Dimension {
    @Override
    public String draw(RandomGenerator random) {
      return text(place(low, high, logarithmic, random.nextDouble()));
    }

    @Override
    public List<String> ends() {
      return List.of(text(low), text(high));
    }

    /** Three digits: more would be noise. */
    private static String text(double value) {
      return new BigDecimal(value)
          .round(new MathContext(3, RoundingMode.HALF_EVEN))
          .stripTrailingZeros()
          .toPlainString();
    }
  }

  /** A whole number in [low, high]. */
  record Whole(String path, int low, int high, boolean logarithmic) implements Dimension {
    @Override
    public String draw(RandomGenerator random) {
      double value = place(low, high + 1.0, logarithmic, random.nextDouble());
      return Integer.toString(Math.min(high, (int) value));
    }

    @Override
    public List<String> ends() {
      return List.of(Integer.toString(low), Integer.toString(high));
    }
  }

  /** One of some values. */
  record Choice(String path, List<String> values) implements Dimension {
    /** Copies the list. */
    public Choice {
      values = List.copyOf(values);
    }

    @Override
    public String draw(RandomGenerator random) {
      return values.get(random.nextInt(values.size()));
    }

    @Override
    public List<String> ends() {
      return values;
    }
  }

  private static double place(double low, double high, boolean logarithmic, double at) {
    return logarithmic ? low * Math.pow(high / low, at) : low + (high - low) * at;
  }
}
