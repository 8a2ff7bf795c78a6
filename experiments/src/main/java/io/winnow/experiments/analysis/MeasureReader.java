package io.winnow.experiments.analysis;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Metric;

/** How much one event adds to a measure. Immutable but for the catalogue that it reads. */
sealed interface MeasureReader {
  /** Whether events of a type can add anything. */
  boolean selects(String type);

  /**
   * What an event adds; 0 for one that is not selected.
   *
   * @param item its index in the catalogue, or -1
   */
  double of(Event event, int item);

  /** Whether it is outcomes' worth, which no single event tells. */
  default boolean isWorth() {
    return false;
  }

  static MeasureReader of(Metric.Measure measure) {
    return switch (measure) {
      case Metric.Measure.Count count -> new Count(count.filter());
      case Metric.Measure.Sum sum -> new Values(sum.filter());
      case Metric.Measure.Slates _ -> new Slates();
      case Metric.Measure.Worth _ -> new Worth();
    };
  }

  /** Impressions of a group's items. */
  static MeasureReader ofGroup(Metric.ItemGroup group, Catalogue catalogue) {
    return new Group(group, catalogue);
  }

  /** All impressions. */
  static MeasureReader impressions() {
    return new Count(EventFilter.ofType(Event.IMPRESSION));
  }

  /** 1 for each selected event. */
  record Count(EventFilter filter) implements MeasureReader {
    @Override
    public boolean selects(String type) {
      return filter.selectsType(type);
    }

    @Override
    public double of(Event event, int item) {
      return filter.test(event) ? 1 : 0;
    }
  }

  /** The values of selected events; an event without one adds nothing. */
  record Values(EventFilter filter) implements MeasureReader {
    @Override
    public boolean selects(String type) {
      return filter.selectsType(type);
    }

    @Override
    public double of(Event event, int item) {
      return event.hasValue() && filter.test(event) ? event.value() : 0;
    }
  }

  /** 1 for the first place of each slate: every slate has one, and only one. */
  record Slates() implements MeasureReader {
    @Override
    public boolean selects(String type) {
      return type.equals(Event.IMPRESSION);
    }

    @Override
    public double of(Event event, int item) {
      Impression impression = event.impression();
      return impression != null && impression.position() == 0 ? 1 : 0;
    }
  }

  /** Comes by {@link UnitTally#worth}. */
  record Worth() implements MeasureReader {
    @Override
    public boolean selects(String type) {
      return false;
    }

    @Override
    public double of(Event event, int item) {
      return 0;
    }

    @Override
    public boolean isWorth() {
      return true;
    }
  }

  /** 1 for each impression of an item of the group, as the item was when it was shown. */
  record Group(Metric.ItemGroup group, Catalogue catalogue) implements MeasureReader {
    @Override
    public boolean selects(String type) {
      return type.equals(Event.IMPRESSION);
    }

    @Override
    public double of(Event event, int item) {
      if (event.impression() == null) {
        return 0;
      }
      return switch (group) {
        case Metric.ItemGroup.WithValue with -> {
          int attribute = catalogue.attribute(with.attribute());
          int code = catalogue.code(attribute, with.value());
          for (int other : catalogue.groups(attribute, item)) {
            if (other == code) {
              yield 1;
            }
          }
          yield 0;
        }
        case Metric.ItemGroup.NoOlderThan young ->
            catalogue.ageMs(item, event.timeMs()) <= young.age().toMillis() ? 1 : 0;
      };
    }
  }
}
