package io.winnow.core.application;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an experiment is judged by: a number for each arm, computed from the log.
 *
 * @param name unique in the application
 * @param definition how it is computed
 * @param better which way is good
 */
public record Metric(String name, Definition definition, Better better) {
  /** Which way is good. */
  public enum Better {
    /** More is better. */
    HIGHER,
    /** Less is better. */
    LOWER;

    /** The way that is good where nobody says so: less of what is unequal, more of all else. */
    static Better usually(Definition definition) {
      return definition instanceof Definition.Gini || definition instanceof Definition.Disparity
          ? LOWER
          : HIGHER;
    }
  }

  /**
   * How a metric is computed. Outcomes count from a unit's first exposure on, whenever they reach
   * the log.
   */
  public sealed interface Definition {
    /** {@code ratio(click, slates)}: a sum over units by a sum over units. */
    record Ratio(Measure numerator, Measure denominator) implements Definition {
      @Override
      public String toString() {
        return "ratio(" + numerator + ", " + denominator + ")";
      }
    }

    /**
     * {@code mean(watch.value) cap 3600}: the mean over exposed units.
     *
     * @param cap the most that one unit counts; infinite for no bound
     */
    record Mean(Measure of, double cap) implements Definition {
      @Override
      public String toString() {
        return "mean("
            + of
            + ")"
            + (Double.isInfinite(cap) ? "" : " cap " + DefinitionText.number(cap));
      }
    }

    /**
     * {@code conversion(purchase) within 7d}: the share of units with such an event so soon after
     * their first exposure. Units whose time is not over yet are left out.
     */
    record Conversion(EventFilter to, Duration within) implements Definition {
      @Override
      public String toString() {
        return "conversion(" + DefinitionText.filter(to) + ") within " + Durations.format(within);
      }
    }

    /**
     * {@code retention(7d, 14d)}: the share of units with any event but impressions in {@code
     * [from, to)} after their first exposure. Units whose time is not over yet are left out.
     */
    record Retention(Duration from, Duration to) implements Definition {
      @Override
      public String toString() {
        return "retention(" + Durations.format(from) + ", " + Durations.format(to) + ")";
      }
    }

    /**
     * {@code quantile(0.9, watch.value)}: a quantile of the values of selected events.
     *
     * @param share in (0, 1)
     */
    record Quantile(double share, EventFilter of) implements Definition {
      @Override
      public String toString() {
        return "quantile(%s, %s)"
            .formatted(DefinitionText.number(share), DefinitionText.part(of, "value"));
      }
    }

    /** {@code exposure(category, news)}: the share of impressions that a group of items gets. */
    record ExposureShare(ItemGroup group) implements Definition {
      @Override
      public String toString() {
        return "exposure(" + group + ")";
      }
    }

    /**
     * {@code gini(item)}, {@code gini(creator)}: how unequally impressions are spread; 0 (all
     * alike) to 1.
     *
     * @param attribute of items, or null for the items themselves
     */
    record Gini(@Nullable String attribute) implements Definition {
      @Override
      public String toString() {
        return "gini(" + entity(attribute) + ")";
      }
    }

    /**
     * {@code coverage(item)}: how many different items, or values of an attribute, are shown, at an
     * equal number of impressions, as a share of the catalogue.
     *
     * @param attribute of items, or null for the items themselves
     */
    record Coverage(@Nullable String attribute) implements Definition {
      @Override
      public String toString() {
        return "coverage(" + entity(attribute) + ")";
      }
    }

    /**
     * {@code disparity(creator, merit)}: how far the groups' shares of exposure are from what they
     * should be; 0 to 1.
     *
     * @param attribute whose values are the groups
     * @param against what a group's share should follow
     */
    record Disparity(String attribute, Against against) implements Definition {
      @Override
      public String toString() {
        return "disparity(" + attribute + ", " + against.name().toLowerCase(Locale.ROOT) + ")";
      }
    }

    private static String entity(@Nullable String attribute) {
      return attribute == null ? "item" : attribute;
    }
  }

  /** What a group's share of exposure is compared with. */
  public enum Against {
    /** Its share of the catalogue's items. */
    CATALOGUE,
    /** Its share of what users make of it when it is shown. */
    MERIT
  }

  /** What is added up for a unit. */
  public sealed interface Measure {
    /** {@code click}, {@code watch where value >= 30}, {@code impression}: how many events. */
    record Count(EventFilter filter) implements Measure {
      @Override
      public String toString() {
        return DefinitionText.filter(filter);
      }
    }

    /** {@code watch.value}: the sum of events' values. */
    record Sum(EventFilter filter) implements Measure {
      @Override
      public String toString() {
        return DefinitionText.part(filter, "value");
      }
    }

    /** {@code slates}: how many slates were shown. */
    record Slates() implements Measure {
      @Override
      public String toString() {
        return "slates";
      }
    }

    /** {@code worth}: the sum of outcomes, each as much as its objective weighs. */
    record Worth() implements Measure {
      @Override
      public String toString() {
        return "worth";
      }
    }
  }

  /** A group of items. */
  public sealed interface ItemGroup {
    /** {@code category, news}: items with a value of an attribute. */
    record WithValue(String attribute, String value) implements ItemGroup {
      @Override
      public String toString() {
        return attribute + ", " + value;
      }
    }

    /** {@code new, 7d}: items that are no older when they are shown. */
    record NoOlderThan(Duration age) implements ItemGroup {
      @Override
      public String toString() {
        return "new, " + Durations.format(age);
      }
    }
  }
}
