package io.winnow.lifecycle.evaluation;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.AttributeType;
import io.winnow.features.Catalog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Measures of a list that do not ask whether it hit: novelty, diversity, calibration.
 *
 * <ul>
 *   <li>Novelty is the mean self-information of the items in bits, {@code -log2 p(i)}, where p is
 *       the item's share of the events before the cut, each item with one event more (Zhou et al.:
 *       Solving the apparent diversity-accuracy dilemma of recommender systems, PNAS 2010; Castells
 *       et al.: Novelty and diversity in recommender systems, Recommender Systems Handbook 2015).
 *   <li>Diversity is 1 minus the mean similarity of two items of the list (Ziegler et al.:
 *       Improving recommendation lists through topic diversification, WWW 2005), where similarity
 *       is the Jaccard index of their categories over all attributes of type string and strings.
 *   <li>Miscalibration is {@code KL(p || q')} in nats, where p is the distribution of the
 *       categories in the user's history, q that in the list, and {@code q' = (1 - α) q + α p} with
 *       α = 0.01; an item with n categories adds 1/n to each (Steck: Calibrated recommendations,
 *       RecSys 2018, equations 2 to 5, with equal weights). The categories are those of the first
 *       declared attribute of type string or strings. 0 is perfect.
 * </ul>
 *
 * <p>A measure that is not defined, as diversity of items without categories, is NaN. Not
 * thread-safe; an item's categories are read again when they were put anew.
 */
final class ListMeasures {
  private static final double SMOOTHING = 0.01;
  private static final int[] NO_CATEGORIES = {};

  private final Catalog catalog;
  private final double[] surprise;
  private final double surpriseOfNew;
  private final List<String> attributes;
  private final Map<String, Integer> idOf = new HashMap<>();
  private final List<@Nullable Categories> categories = new ArrayList<>();
  private double[] historyShare = new double[64];
  private double[] listShare = new double[64];
  private int[] historyIds = new int[16];
  private int historyIdCount;

  /**
   * An item's categories.
   *
   * @param source the attributes that they were read from
   * @param all ascending
   * @param calibrated those of the attribute that calibration is measured by
   */
  private record Categories(Map<String, AttributeValue> source, int[] all, int[] calibrated) {}

  /**
   * The measures by target; NaN where they are not defined. Owns its arrays.
   *
   * @param novelty bits
   * @param diversity in [0, 1]
   * @param miscalibration nats, at least 0
   */
  record Values(float[] novelty, float[] diversity, float[] miscalibration) {
    /** Undefined measures of some targets. */
    static Values of(int targets) {
      Values values = new Values(new float[targets], new float[targets], new float[targets]);
      Arrays.fill(values.novelty, Float.NaN);
      Arrays.fill(values.diversity, Float.NaN);
      Arrays.fill(values.miscalibration, Float.NaN);
      return values;
    }

    void copy(int target, Values from, int at) {
      novelty[target] = from.novelty[at];
      diversity[target] = from.diversity[at];
      miscalibration[target] = from.miscalibration[at];
    }
  }

  /**
   * @param counts events before the cut by catalogue index; items beyond it had none
   * @param declared the declared item attributes
   */
  ListMeasures(Catalog catalog, float[] counts, Map<String, AttributeType> declared) {
    this.catalog = catalog;
    this.attributes =
        declared.entrySet().stream()
            .filter(entry -> isCategorical(entry.getValue()))
            .map(Map.Entry::getKey)
            .toList();
    double total = counts.length;
    for (float count : counts) {
      total += count;
    }
    this.surprise = new double[counts.length];
    for (int item = 0; item < counts.length; item++) {
      surprise[item] = Math.log(total / (counts[item] + 1)) / Math.log(2);
    }
    this.surpriseOfNew = Math.log(Math.max(1, total)) / Math.log(2);
  }

  private static boolean isCategorical(AttributeType type) {
    return type == AttributeType.STRING || type == AttributeType.STRINGS;
  }

  /** The attribute that calibration is measured by, if the application has one. */
  static Optional<String> calibrationAttribute(Map<String, AttributeType> declared) {
    return declared.entrySet().stream()
        .filter(entry -> isCategorical(entry.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Begins a target: lists are compared with these choices of its user. */
  void begin(int[] history) {
    for (int k = 0; k < historyIdCount; k++) {
      historyShare[historyIds[k]] = 0;
    }
    historyIdCount = 0;
    int counted = 0;
    for (int item : history) {
      int[] of = categories(item).calibrated();
      counted += of.length > 0 ? 1 : 0;
      for (int id : of) {
        if (historyShare[id] == 0) {
          if (historyIdCount == historyIds.length) {
            historyIds = Arrays.copyOf(historyIds, 2 * historyIdCount);
          }
          historyIds[historyIdCount++] = id;
        }
        historyShare[id] += 1.0 / of.length;
      }
    }
    for (int k = 0; k < historyIdCount; k++) {
      historyShare[historyIds[k]] /= counted;
    }
  }

  /**
   * Measures a list.
   *
   * @param n how many of its items, from the first
   */
  void measure(int[] list, int n, Values into, int target) {
    if (n == 0) {
      return;
    }
    double bits = 0;
    for (int i = 0; i < n; i++) {
      bits += list[i] < surprise.length ? surprise[list[i]] : surpriseOfNew;
    }
    into.novelty[target] = (float) (bits / n);
    if (!attributes.isEmpty()) {
      into.diversity[target] = (float) diversity(list, n);
      into.miscalibration[target] = (float) miscalibration(list, n);
    }
  }

  private double diversity(int[] list, int n) {
    if (n < 2) {
      return Double.NaN;
    }
    double similar = 0;
    int pairs = 0;
    for (int i = 0; i < n; i++) {
      int[] one = categories(list[i]).all();
      for (int j = 0; j < i; j++) {
        int[] other = categories(list[j]).all();
        if (one.length > 0 && other.length > 0) {
          similar += jaccard(one, other);
          pairs++;
        }
      }
    }
    return pairs == 0 ? Double.NaN : 1 - similar / pairs;
  }

  private static double jaccard(int[] a, int[] b) {
    int common = 0;
    int j = 0;
    for (int id : a) {
      while (j < b.length && b[j] < id) {
        j++;
      }
      common += j < b.length && b[j] == id ? 1 : 0;
    }
    return common == 0 ? 0 : common / (double) (a.length + b.length - common);
  }

  private double miscalibration(int[] list, int n) {
    if (historyIdCount == 0) {
      return Double.NaN;
    }
    int counted = 0;
    for (int i = 0; i < n; i++) {
      int[] of = categories(list[i]).calibrated();
      counted += of.length > 0 ? 1 : 0;
      for (int id : of) {
        listShare[id] += 1.0 / of.length;
      }
    }
    double divergence = counted == 0 ? Double.NaN : 0;
    for (int k = 0; k < historyIdCount && counted > 0; k++) {
      double p = historyShare[historyIds[k]];
      double q = listShare[historyIds[k]] / counted;
      divergence += p * Math.log(p / ((1 - SMOOTHING) * q + SMOOTHING * p));
    }
    for (int i = 0; i < n; i++) {
      for (int id : categories(list[i]).calibrated()) {
        listShare[id] = 0;
      }
    }
    return divergence;
  }

  private Categories categories(int item) {
    while (categories.size() <= item) {
      categories.add(null);
    }
    Map<String, AttributeValue> now = catalog.attributes(item);
    Categories known = categories.get(item);
    // The same object until the item is put again.
    if (known == null || !known.source().equals(now)) {
      known = read(now);
      categories.set(item, known);
    }
    return known;
  }

  private Categories read(Map<String, AttributeValue> values) {
    int[] all = NO_CATEGORIES;
    int[] calibrated = NO_CATEGORIES;
    for (String attribute : attributes) {
      AttributeValue value = values.get(attribute);
      if (value != null) {
        int[] ids =
            value.categories().stream().mapToInt(category -> id(attribute, category)).toArray();
        int from = all.length;
        all = Arrays.copyOf(all, from + ids.length);
        System.arraycopy(ids, 0, all, from, ids.length);
        if (attribute.equals(attributes.getFirst())) {
          calibrated = ids;
        }
      }
    }
    Arrays.sort(all);
    return new Categories(values, all, calibrated);
  }

  private int id(String attribute, String category) {
    int id = idOf.computeIfAbsent(attribute + "=" + category, _ -> idOf.size());
    if (id >= historyShare.length) {
      historyShare = Arrays.copyOf(historyShare, 2 * id);
      listShare = Arrays.copyOf(listShare, 2 * id);
    }
    return id;
  }
}
