package io.winnow.core.application;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A feature, declared once: the same aggregation code computes it online, in replay and in batch.
 *
 * @param name unique within its entity, such as {@code watches_1h}
 * @param entity whose feature it is
 * @param aggregation how it is computed
 */
public record FeatureDefinition(String name, Entity entity, Aggregation aggregation) {
  /** Counts the changes of how aggregations are computed from one text. */
  private static final int REVISION = 1;

  /**
   * The name that is unique in the application, such as {@code user.watches_1h} or {@code user x
   * category.watches_30d}.
   */
  public String qualifiedName() {
    return entity.label() + "." + name;
  }

  /**
   * Identifies what is computed: two definitions of one version give the same values from the same
   * log, under the same bounds of their view. The name is no part of it. Eight hexadecimal digits
   * of FNV-1a (64 bit, folded) over the entity's label and {@link Aggregation#text}.
   */
  public String version() {
    long h = 0xcbf29ce484222325L;
    // An attribute and an event type may have one name, and then one text.
    String kind = aggregation instanceof Aggregation.SinceAttribute ? "attribute " : "";
    String text = REVISION + " " + entity.label() + "=" + kind + aggregation.text();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return "%08x".formatted((int) (h ^ h >>> 32));
  }

  /** Whose feature it is. */
  public sealed interface Entity {
    /** The user of the request. */
    Entity USER = new Keys(Key.ID, Key.NONE);

    /** The candidate item. */
    Entity ITEM = new Keys(Key.NONE, Key.ID);

    /** The pair of the user and the candidate item. */
    Entity USER_ITEM = new Keys(Key.ID, Key.ID);

    /** How it is written in the application file. */
    String label();

    /** The pair of the user and a category of the candidate item. */
    static Entity userBy(String itemAttribute) {
      return new Keys(Key.ID, new Key.Attribute(itemAttribute));
    }

    /**
     * Those who share a key: the user, the item, a value of an attribute of either, or a pair of
     * one of the user's with one of the item's. Where an attribute has several values, an event
     * counts for each, and a read averages over them, leaving out those without a value.
     *
     * @param user what of the user
     * @param item what of the item; not {@link Key#NONE} too
     */
    record Keys(Key user, Key item) implements Entity {
      /** Checks that there is a key. */
      public Keys {
        if (user instanceof Key.None && item instanceof Key.None) {
          throw new IllegalArgumentException("an entity without a key");
        }
      }

      @Override
      public String label() {
        String left =
            switch (user) {
              case Key.None _ -> "";
              case Key.Id _ -> "user";
              case Key.Attribute(String name) -> "user." + name;
            };
        String right =
            switch (item) {
              case Key.None _ -> "";
              case Key.Id _ -> "item";
              case Key.Attribute(String name) -> name;
            };
        return left.isEmpty() ? right : right.isEmpty() ? left : left + " x " + right;
      }

      /** Whether the user's id is part of the key, so that the state is the user's own. */
      public boolean ofOneUser() {
        return user instanceof Key.Id;
      }
    }

    /** The request itself. */
    record Request() implements Entity {
      @Override
      public String label() {
        return "request";
      }
    }

    /** One side of an entity. */
    sealed interface Key {
      /** Nothing of this side: all share it. */
      Key NONE = new None();

      /** The id of this side. */
      Key ID = new Id();

      /** Nothing of this side. */
      record None() implements Key {}

      /** The id. */
      record Id() implements Key {}

      /**
       * A category.
       *
       * @param name an attribute of type string or strings
       */
      record Attribute(String name) implements Key {}
    }
  }

  /**
   * A stretch of time that ends at the request. An event counts for certain until it is as old as
   * the window, and no more when it is older than that and 1/24 of it.
   *
   * @param length how long it is
   * @param lateness how far beyond the length an event may lie behind the newest event of its
   *     entity and still count for certain; what is older is dropped and counted
   */
  public record Window(Duration length, Duration lateness) {
    /** Checks that there is a window. */
    public Window {
      if (length.isNegative() || length.isZero() || lateness.isNegative()) {
        throw new IllegalArgumentException("a window of " + length + ", late " + lateness);
      }
    }

    /** A window with the default lateness, a quarter of its length in whole milliseconds. */
    public static Window of(Duration length) {
      return new Window(length, Duration.ofMillis(length.toMillis() / 4));
    }
  }

  /**
   * How a feature is computed. A missing value (nothing seen yet) reads as NaN where no number
   * would be right.
   */
  public sealed interface Aggregation {
    /**
     * How the application file writes it, in full: with lateness, prior and weight even where they
     * are the default. Reading it gives this aggregation again.
     */
    default String text() {
      return AggregationText.of(this);
    }

    /** {@code count(watch) over 1h}: how many selected events in the window. Exact. */
    record Count(EventFilter filter, Window window) implements Aggregation {}

    /**
     * {@code sum(watch.value) over 7d}: the sum of the values of selected events in the window;
     * those without a value are left out. Exact in multiples of 2⁻²⁰, to which each value is
     * rounded.
     */
    record Sum(EventFilter filter, Window window) implements Aggregation {}

    /** {@code mean(watch.value) over 7d}: {@link Sum} by the number of values; NaN if none. */
    record Mean(EventFilter filter, Window window) implements Aggregation {}

    /** {@code min(price.value) over 7d}: the least value in the window; NaN if none. */
    record Min(EventFilter filter, Window window) implements Aggregation {}

    /** {@code max(price.value) over 7d}: the greatest value in the window; NaN if none. */
    record Max(EventFilter filter, Window window) implements Aggregation {}

    /**
     * {@code rate(click, impression) over 1d}: numerator by denominator, drawn to the prior while
     * there are few.
     *
     * @param prior value without evidence
     * @param priorWeight how many denominator events the prior counts for
     */
    record Rate(
        EventFilter numerator,
        EventFilter denominator,
        Window window,
        double prior,
        double priorWeight)
        implements Aggregation {}

    /**
     * {@code distinct(watch.item) over 7d}: how many different items (or, {@code watch.user},
     * users) the selected events of the window have, estimated by a sketch of 512 hashes: exact up
     * to 512, then with a relative standard error of 1 / √510 = 4.4 %.
     */
    record Distinct(EventFilter filter, Counted counted, Window window) implements Aggregation {
      /** What is told apart. */
      public enum Counted {
        /** Items. */
        ITEM,
        /** Users. */
        USER
      }
    }

    /**
     * {@code quantile(0.9, watch.value) over 7d}: the value below which this share of the window's
     * values lies, estimated by a t-digest (k = 200); NaN if none. No bound is known; the rank
     * error is tested to be at most 0.02.
     *
     * @param share in [0, 1]
     */
    record Quantile(EventFilter filter, double share, Window window) implements Aggregation {
      /** Checks the share. */
      public Quantile {
        if (!(share >= 0 && share <= 1)) {
          throw new IllegalArgumentException("a quantile at " + share);
        }
      }
    }

    /**
     * {@code decay(click) half_life 3d} and {@code decay(watch.value) half_life 3d}: how many
     * selected events, or the sum of their values, each weighing half as much for every half-life
     * of its age. Relative error below 2⁻²⁰ an event; what is older than 32 half-lives is left out.
     *
     * @param ofValues whether values are summed, and not events counted
     */
    record Decay(EventFilter filter, boolean ofValues, Duration halfLife) implements Aggregation {
      /** Checks the half-life. */
      public Decay {
        if (halfLife.isNegative() || halfLife.isZero()) {
          throw new IllegalArgumentException("a half-life of " + halfLife);
        }
      }
    }

    /**
     * {@code last(50, watch.item)}: the last n items of selected events, newest last. A list, not a
     * ranker input.
     */
    record LastItems(EventFilter filter, int n) implements Aggregation {}

    /** {@code last(rating.value)}: the value of the newest selected event; NaN if none. */
    record LastValue(EventFilter filter) implements Aggregation {}

    /** {@code since(watch)}: seconds since the newest selected event; NaN if none. */
    record SinceEvent(EventFilter filter) implements Aggregation {}

    /**
     * {@code since(published)}: seconds since a time attribute of the item, or under {@code user}
     * of the user; NaN if there is none.
     */
    record SinceAttribute(String attribute) implements Aggregation {}

    /** {@code hour_of_day}: 0 to 23, UTC. */
    record HourOfDay() implements Aggregation {}

    /** {@code day_of_week}: 1 (Monday) to 7, UTC. */
    record DayOfWeek() implements Aggregation {}

    /**
     * {@code context.device}: a field of the request's context, as a stable hash in [0, 1); NaN if
     * absent. A number is taken as it is.
     */
    record Context(String field) implements Aggregation {}
  }
}
