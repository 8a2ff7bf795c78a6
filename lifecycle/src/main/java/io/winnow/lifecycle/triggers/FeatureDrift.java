package io.winnow.lifecycle.triggers;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.application.Retraining.Trigger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How far the populations of logged features moved: the {@linkplain PopulationStability population
 * stability index} of the newest days against the first, less what it would be by chance.
 *
 * <p>Both windows are whole days, counted from the champion's first slate, as many as hold {@value
 * SlateRows#SLATES} slates: what people do in the morning is not what they do in the evening. A
 * busier day is sampled evenly.
 *
 * <p>A feature of a user is taken once a slate, one of an item or of a user and an item once for
 * each of a slate's first {@value SlateRows#ITEMS} items. Values of one user (of one item, for an
 * item's features) are much alike, so what counts for chance is not how many values there are but
 * how many users: (Σ c)² / Σ c² with c the values of each (Kish: Survey sampling, 1965).
 *
 * <p>Left out are features of the request, such as the hour, which differ by construction, and
 * those that all of a category share, of which there are too few to be a population.
 *
 * <p>Not thread-safe.
 */
final class FeatureDrift {
  private static final long DAY_MS = Duration.ofDays(1).toMillis();

  private final List<String> names;
  private final List<SlateRows> first = new ArrayList<>();
  private final ArrayDeque<SlateRows> newest = new ArrayDeque<>();
  private SlateRows today = new SlateRows();
  private long beganMs = -1;
  private long day;
  private @Nullable Moved moved;

  /** The feature that moved most; beyond is above 0 only if it is more than chance. */
  private record Moved(String feature, double index, double beyond) {}

  private enum Of {
    USER,
    ITEM,
    USER_AND_ITEM,
    NOBODY
  }

  /** Values of a column, and how many of them are independent. */
  private record Column(float[] values, double independent) {}

  /**
   * @param names the qualified names of the logged columns, in order
   */
  FeatureDrift(List<String> names) {
    this.names = List.copyOf(names);
  }

  /** Takes in what was shown. */
  void shown(Event event, Impression impression) {
    if (impression.features().length != names.size()) {
      return;
    }
    if (beganMs < 0) {
      beganMs = event.timeMs();
    }
    long of = Math.floorDiv(event.timeMs() - beganMs, DAY_MS);
    if (of > day) {
      closeDay();
      day = of;
    }
    today.add(event, impression);
  }

  private void closeDay() {
    if (slates(first) < SlateRows.SLATES) {
      first.add(today);
    } else {
      newest.add(today);
      while (slates(newest) - newest.getFirst().size() >= SlateRows.SLATES) {
        newest.removeFirst();
      }
      if (slates(newest) >= SlateRows.SLATES) {
        moved = compare();
      }
    }
    today = new SlateRows();
  }

  private static int slates(Collection<SlateRows> days) {
    return days.stream().mapToInt(SlateRows::size).sum();
  }

  private Moved compare() {
    Moved worst = new Moved("", Double.NaN, Double.NEGATIVE_INFINITY);
    for (int column = 0; column < names.size(); column++) {
      Of of = of(names.get(column));
      if (of != Of.NOBODY) {
        Column before = column(first, of, column);
        Column now = column(newest, of, column);
        double index = PopulationStability.of(before.values, now.values);
        double beyond = index - PopulationStability.chance(before.independent, now.independent);
        if (beyond > worst.beyond) {
          worst = new Moved(names.get(column), index, beyond);
        }
      }
    }
    return worst;
  }

  /** Whose values a column holds, by the entity that its name begins with. */
  private static Of of(String name) {
    String entity = name.substring(0, Math.max(0, name.lastIndexOf('.')));
    if (entity.equals("user")) {
      return Of.USER;
    }
    if (entity.equals("item")) {
      return Of.ITEM;
    }
    return entity.startsWith("user x ") ? Of.USER_AND_ITEM : Of.NOBODY;
  }

  private static Column column(Collection<SlateRows> days, Of of, int column) {
    List<Float> values = new ArrayList<>();
    Map<Object, Integer> counts = new HashMap<>();
    for (SlateRows rows : days) {
      for (SlateRows.Row row : rows.rows()) {
        for (SlateRows.Shown shown : of == Of.USER ? row.shown().subList(0, 1) : row.shown()) {
          values.add(shown.features()[column]);
          counts.merge(of == Of.ITEM ? shown.item() : row.user(), 1, Integer::sum);
        }
      }
    }
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    double squares = counts.values().stream().mapToDouble(count -> (double) count * count).sum();
    return new Column(array, (double) array.length * array.length / squares);
  }

  TriggerReading reading(String champion) {
    Moved worst = moved;
    if (worst == null || worst.feature.isEmpty()) {
      return new TriggerReading(
          Trigger.DATA_DRIFT,
          Double.NaN,
          PopulationStability.MOVED,
          champion,
          String.format(
              Locale.ROOT,
              "%,d slates of whole days are there; a comparison needs days with %,d before and as"
                  + " many now.",
              slates(first) + slates(newest),
              SlateRows.SLATES));
    }
    return new TriggerReading(
        Trigger.DATA_DRIFT,
        Math.max(0, worst.beyond),
        PopulationStability.MOVED,
        champion,
        String.format(
            Locale.ROOT,
            "The population stability index of %s is %.3f, %.3f beyond what chance explains; %s is"
                + " another population.",
            worst.feature,
            worst.index,
            Math.max(0, worst.beyond),
            PopulationStability.MOVED));
  }
}
