package io.winnow.simulator;

import io.winnow.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The law by which the rows of a {@link ClickLog} are clicked: a function of what the log holds.
 *
 * <p>What is seen is clicked with probability {@code σ(appeal) · fit · freshness}:
 *
 * <ul>
 *   <li><b>appeal</b> = base + {@value #RATING} · rating + what the age group thinks of the genre +
 *       {@value #DRIVE} · tanh(drive) − {@value #FATIGUE} for each of the creator's videos (three
 *       at most) that the user clicked within the day;
 *   <li><b>drive</b> is the history's pull towards the item: the sum over its events of their worth
 *       (a long view {@value #WORTH_LONG}, a click {@value #WORTH_CLICK}, a dismissal −{@value
 *       #WORTH_DISMISSED}) times the closeness {@code exp((cos − 1) / 0.2)} of the two items'
 *       vectors times {@code 2^(−age / 10 days)};
 *   <li><b>fit</b> = exp(−(ln seconds − preferred)² / (2 · tolerance²)): how long a video may be
 *       depends on the device and the part of the day together (a telephone in the morning, a
 *       television at night), and subscribers are more tolerant;
 *   <li><b>freshness</b>: a genre goes stale by its own share and at its own pace, faster in the
 *       morning, when people want news.
 * </ul>
 *
 * <p>What is clicked is watched for long with probability {@code σ(0.3 − 0.8 · (ln seconds − 5) +
 * 0.5 · rating + 1.2 · tanh(drive))}.
 *
 * <p>So a linear model misses fit and tables; products of pairs miss fit and freshness, which hang
 * on three columns each; and whatever averages the history misses which of its events is close to
 * the item. Immutable.
 */
final class ClickTruth {
  static final List<String> AGE_GROUPS = List.of("13-17", "18-24", "25-34", "35-49", "50+");
  static final List<String> DEVICES = List.of("phone", "desktop", "tv");
  static final List<String> DAY_PARTS = List.of("night", "morning", "day", "evening");
  static final List<String> GENRES =
      List.of(
          "news", "sport", "music", "comedy", "games", "film", "food", "travel", "science",
          "crafts", "family", "fashion");

  static final int CLICK = 0;
  static final int LONG_VIEW = 1;
  static final int DISMISS = 2;

  private static final double BASE = 0.2;
  private static final double RATING = 0.6;
  private static final double DRIVE = 2.5;
  private static final double FATIGUE = 0.6;
  private static final double WORTH_CLICK = 0.5;
  private static final double WORTH_LONG = 0.8;
  private static final double WORTH_DISMISSED = 1.2;
  private static final double CLOSENESS = 0.2;
  private static final double HALF_LIFE_SECONDS = 10 * 86_400.0;
  private static final double DAY_SECONDS = 86_400;
  private static final int MAX_FATIGUE = 3;
  private static final double TOLERANCE = 1.1;
  private static final double SUBSCRIBER_TOLERANCE = 1.6;
  private static final int MORNING = 1;

  /** ln of the seconds that suit best, by device and part of the day. */
  private static final double[][] PREFERRED = {
    {5.0, 3.8, 4.6, 5.2}, // phone
    {5.4, 4.6, 4.0, 6.4}, // desktop
    {7.2, 4.8, 6.2, 7.0} // tv
  };

  /** The share of its appeal that a genre loses in the end, and in how many days it loses 63 %. */
  private static final double[][] STALE = {
    {0.85, 1.5},
    {0.7, 3},
    {0.2, 20},
    {0.3, 10},
    {0.4, 15},
    {0.1, 30},
    {0, 1},
    {0.1, 30},
    {0.15, 30},
    {0, 1},
    {0.1, 20},
    {0.5, 7}
  };

  /** Shape (age groups, genres). */
  private final double[][] opinions;

  ClickTruth(Seed seed) {
    RandomGenerator random = seed.generator("opinions");
    opinions = new double[AGE_GROUPS.size()][GENRES.size()];
    for (double[] row : opinions) {
      for (int genre = 0; genre < row.length; genre++) {
        row[genre] = 0.6 * random.nextGaussian();
      }
    }
  }

  /**
   * An item as the truth sees it.
   *
   * @param logSeconds ln of its duration in seconds
   * @param rating about standard normal
   */
  record Facts(int genre, double logSeconds, double rating, double ageDays) {}

  /** Who asks and how. */
  record Asking(int ageGroup, boolean subscriber, int device, int dayPart) {}

  /** The probability that what is seen is clicked. */
  double click(Asking asking, Facts item, double drive, int creatorClicks) {
    double appeal =
        BASE
            + RATING * item.rating()
            + opinions[asking.ageGroup()][item.genre()]
            + DRIVE * StrictMath.tanh(drive)
            - FATIGUE * Math.min(creatorClicks, MAX_FATIGUE);
    return sigmoid(appeal) * fit(asking, item) * freshness(asking, item);
  }

  /** The probability that what is clicked is watched for long. */
  double longView(Facts item, double drive) {
    return sigmoid(
        0.3 - 0.8 * (item.logSeconds() - 5) + 0.5 * item.rating() + 1.2 * StrictMath.tanh(drive));
  }

  /** In (0, 1]. */
  private static double fit(Asking asking, Facts item) {
    double tolerance = asking.subscriber() ? SUBSCRIBER_TOLERANCE : TOLERANCE;
    double distance =
        (item.logSeconds() - PREFERRED[asking.device()][asking.dayPart()]) / tolerance;
    return StrictMath.exp(-distance * distance / 2);
  }

  /** In (0, 1]. */
  private static double freshness(Asking asking, Facts item) {
    double[] stale = STALE[item.genre()];
    double pace = stale[1] / (asking.dayPart() == MORNING ? 3 : 1);
    return 1 - stale[0] * (1 - StrictMath.exp(-item.ageDays() / pace));
  }

  /** What an event adds to the drive towards an item whose vector has this cosine with its own. */
  static double pull(int type, double ageSeconds, double cosine) {
    double worth =
        switch (type) {
          case CLICK -> WORTH_CLICK;
          case LONG_VIEW -> WORTH_LONG;
          default -> -WORTH_DISMISSED;
        };
    return worth
        * StrictMath.exp(
            (cosine - 1) / CLOSENESS - ageSeconds / HALF_LIFE_SECONDS * 0.6931471805599453);
  }

  /** Whether an event on a video of the same creator tires. */
  static boolean tires(int type, double ageSeconds) {
    return type != DISMISS && ageSeconds < DAY_SECONDS;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }
}
