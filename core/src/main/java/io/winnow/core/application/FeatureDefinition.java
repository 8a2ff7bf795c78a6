package io.winnow.core.application;

import java.time.Duration;

/**
 * A feature, declared once: the same aggregation code computes it online, in replay and in batch.
 *
 * @param name unique within its entity, such as {@code watches_1h}
 * @param entity whose feature it is
 * @param aggregation how it is computed
 */
public record FeatureDefinition(String name, Entity entity, Aggregation aggregation) {
  /**
   * The name that is unique in the application, such as {@code user.watches_1h} or {@code user x
   * category.watches_30d}.
   */
  public String qualifiedName() {
    return entity.label() + "." + name;
  }

  /** Whose feature it is. */
  public sealed interface Entity {
    /** How it is written in the application file. */
    String label();

    /** The user of the request. */
    record User() implements Entity {
      @Override
      public String label() {
        return "user";
      }
    }

    /** The candidate item. */
    record Item() implements Entity {
      @Override
      public String label() {
        return "item";
      }
    }

    /** The pair of the user and the candidate item. */
    record UserItem() implements Entity {
      @Override
      public String label() {
        return "user x item";
      }
    }

    /**
     * The pair of the user and a category of the candidate item; where the item has several, a read
     * averages over them.
     *
     * @param attribute an item attribute of type string or strings
     */
    record UserAttribute(String attribute) implements Entity {
      @Override
      public String label() {
        return "user x " + attribute;
      }
    }

    /** The request itself. */
    record Request() implements Entity {
      @Override
      public String label() {
        return "request";
      }
    }
  }

  /**
   * How a feature is computed. A missing value (nothing seen yet) reads as NaN where no number
   * would be right.
   */
  public sealed interface Aggregation {
    /** {@code count(watch) over 1h}: how many selected events in the window. */
    record Count(EventFilter filter, Duration window) implements Aggregation {}

    /** {@code sum(watch.value) over 7d}: the sum of the values of selected events in the window. */
    record Sum(EventFilter filter, Duration window) implements Aggregation {}

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
        Duration window,
        double prior,
        double priorWeight)
        implements Aggregation {}

    /**
     * {@code last(50, watch.item)}: the last n items of selected events, newest last. A list, not a
     * ranker input.
     */
    record LastItems(EventFilter filter, int n) implements Aggregation {}

    /** {@code last(rating.value)}: the value of the newest selected event; NaN if none. */
    record LastValue(EventFilter filter) implements Aggregation {}

    /** {@code since(watch)}: seconds since the newest selected event; NaN if none. */
    record SinceEvent(EventFilter filter) implements Aggregation {}

    /** {@code since(published)}: seconds since a time attribute of the item; NaN if it has none. */
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
