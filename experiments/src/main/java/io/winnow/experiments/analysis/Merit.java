package io.winnow.experiments.analysis;

import java.util.Arrays;

/**
 * What users make of each item when it is shown, apart from how often and where it is shown.
 *
 * <p>Exposure should follow merit (Singh, Joachims, Fairness of exposure in rankings, KDD 2018;
 * over many rankings: Biega, Gummadi, Weikum, Equity of attention, SIGIR 2018). But what is shown
 * much also collects many outcomes: merit that counts outcomes is exposure once more. So an item's
 * merit here is a rate: the worth of its outcomes over the worth that an average item would have
 * had at the same places,
 *
 * <pre>merit = (worth + k) / (Σ over its showings of the mean worth at that place + k)</pre>
 *
 * with k = the worth of {@value #PRIOR} average showings. Showing an item twice as often
 * doubles both sums; showing it at the top raises both. An item that was never shown has the merit
 * of an average one, 1. (Observed over expected is indirect standardisation; the pseudo counts are
 * the posterior mean of a Poisson rate under a gamma prior of mean 1: Clayton, Kaldor, Empirical
 * Bayes estimates of age-standardized relative risks, Biometrics 43, 1987.)
 *
 * <p>What remains: places are compared as if users looked at them alike whatever stands there, and
 * an item that is shown only to its friends looks better than it would be to all. Not thread-safe.
 */
final class Merit {
  private static final int FIRST = 1024;
  private static final int PLACES = 16;
  private static final int PRIOR = 100;

  private int[][] showings = new int[FIRST][];
  private double[] worths = new double[FIRST];
  private final double[] worthByPlace = new double[PLACES];
  private final long[] showingsByPlace = new long[PLACES];

  /** An item was shown. */
  void shown(int item, int position) {
    if (item >= worths.length) {
      int length = Math.max(item + 1, worths.length * 2);
      worths = Arrays.copyOf(worths, length);
      showings = Arrays.copyOf(showings, length);
    }
    int place = Math.min(position, PLACES - 1);
    int[] ofItem = showings[item];
    if (ofItem == null) {
      ofItem = new int[PLACES];
      showings[item] = ofItem;
    }
    ofItem[place]++;
    showingsByPlace[place]++;
  }

  /** Something came of a showing. */
  void worth(int item, int position, double worth) {
    worths[item] += worth;
    worthByPlace[Math.min(position, PLACES - 1)] += worth;
  }

  /** Each item's merit, for the first {@code items}; 1 is that of an average item. */
  double[] of(int items) {
    double[] mean = new double[PLACES];
    double worth = 0;
    long shown = 0;
    for (int place = 0; place < PLACES; place++) {
      mean[place] =
          showingsByPlace[place] == 0
              ? 0
              : Math.max(0, worthByPlace[place] / showingsByPlace[place]);
      worth += worthByPlace[place];
      shown += showingsByPlace[place];
    }
    double[] merit = new double[items];
    Arrays.fill(merit, 1);
    if (!(worth > 0)) {
      return merit;
    }
    double prior = PRIOR * worth / shown;
    for (int item = 0; item < Math.min(items, worths.length); item++) {
      int[] ofItem = showings[item];
      if (ofItem == null) {
        continue;
      }
      double expected = prior;
      for (int place = 0; place < PLACES; place++) {
        expected += ofItem[place] * mean[place];
      }
      merit[item] = Math.max(0, worths[item] + prior) / expected;
    }
    return merit;
  }
}
