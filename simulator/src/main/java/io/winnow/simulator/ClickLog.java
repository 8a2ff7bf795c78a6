package io.winnow.simulator;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/**
 * An impression log whose true probabilities are known functions of what the log itself holds: no
 * model can do better than they do, and a model that is good enough can do as well. (The {@link
 * World} has moods that nobody logs, so its best predictor is not known.)
 *
 * <p>Slates are in the order of time. What comes of an impression follows the position-based model
 * (Richardson et al. 2007; Craswell et al. 2008): a place is seen with a probability that only the
 * place decides ({@link #seen}); what is seen is clicked with a probability that user, context,
 * item and the user's history decide; what is clicked is watched for long with another. {@link
 * ClickTruth} says which. Clicks, long views and dismissals enter the user's history, newest last,
 * so later slates depend on earlier ones.
 *
 * <p>An older system fills and orders the slates by a noisy score, so good items stand further up.
 * A share of the slates is shuffled before it is shown, as teams do to measure their position bias:
 * only there does the place say nothing of the item.
 *
 * <p>The same configuration gives the same log, byte for byte. Owns its arrays; immutable by
 * agreement. About 200 bytes a row.
 *
 * @param rows what was shown, and what came of it
 * @param slates what each slate's rows share
 * @param items the catalogue
 */
public record ClickLog(Rows rows, Slates slates, Items items) {
  /** How many events of a user the truth looks back at. */
  public static final int HISTORY = 30;

  /** What happens to a row, in the order of the columns of {@link Rows#outcomes}. */
  public static final List<String> OUTCOMES = List.of("click", "long_view");

  /** The types of events in a history: indices into this list. */
  public static final List<String> EVENT_TYPES = List.of("click", "long_view", "dismiss");

  /** Names of the columns of {@link Rows#features}. */
  public static final List<String> FEATURES = featureNames();

  private static final double[] SEEN = seenByPlace();

  /**
   * What to make.
   *
   * @param slates how many
   * @param slateSize items on a slate, 2 to 30
   * @param users how many; each comes about {@code slates / users} times, some much more often
   * @param items catalogue size
   * @param shuffledShare share of slates in random order, 0 to 1
   */
  public record Config(
      int slates, int slateSize, int users, int items, double shuffledShare, Seed seed) {
    /** Checks the ranges. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      check(problems, "slates", slates, 1, 10_000_000);
      check(problems, "slateSize", slateSize, 2, SEEN.length);
      check(problems, "users", users, 1, 10_000_000);
      check(problems, "items", items, 10 * slateSize, 1_000_000);
      check(problems, "shuffledShare", shuffledShare, 0, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }

    /** Slates of ten, 15 for each user, a quarter of them shuffled. */
    public static Config defaults(int slates, Seed seed) {
      return new Config(slates, 10, Math.max(1, slates / 15), 5_000, 0.25, seed);
    }

    private static void check(
        List<Problem> problems, String field, double value, double low, double high) {
      if (!(value >= low && value <= high)) {
        problems.add(new Problem(field, Double.toString(value), low + " to " + high));
      }
    }
  }

  /**
   * What was shown: R rows, slate after slate.
   *
   * @param items index into the catalogue, shape (R)
   * @param places from 0, the top; shape (R)
   * @param features what a ranker may know of user, context and item, shape (R, F) with the columns
   *     {@link ClickLog#FEATURES}
   * @param outcomes 0 or 1, shape (R, 2) with the columns {@link ClickLog#OUTCOMES}
   * @param clickIfSeen the true probability of a click on what is seen, shape (R)
   * @param longIfClicked the true probability of a long view of what is clicked, shape (R)
   */
  public record Rows(
      int[] items,
      int[] places,
      float[] features,
      float[] outcomes,
      float[] clickIfSeen,
      float[] longIfClicked) {}

  /**
   * What a slate's rows share: S slates.
   *
   * @param offsets slate s has the rows {@code offsets[s] … offsets[s+1]-1}, shape (S + 1)
   * @param users index of the user, shape (S)
   * @param timesMs since the log's beginning, shape (S)
   * @param shuffled whether the order was random, shape (S)
   * @param history what the users did before
   */
  public record Slates(
      int[] offsets, int[] users, long[] timesMs, boolean[] shuffled, Histories history) {
    /** How many there are. */
    public int size() {
      return users.length;
    }
  }

  /**
   * What the user of each slate did before it: the newest {@value #HISTORY} events, oldest first.
   *
   * @param offsets slate s has the events {@code offsets[s] … offsets[s+1]-1}, shape (S + 1)
   * @param items index into the catalogue, shape (events)
   * @param types index into {@link ClickLog#EVENT_TYPES}, shape (events)
   * @param ageSeconds how long before the slate, shape (events)
   */
  public record Histories(int[] offsets, int[] items, byte[] types, float[] ageSeconds) {}

  /**
   * The catalogue: N items.
   *
   * @param width E
   * @param vectors what each is about, of length 1, shape (N, E)
   * @param genres shape (N)
   * @param creators shape (N)
   */
  public record Items(int width, float[] vectors, int[] genres, int[] creators) {
    /** N. */
    public int size() {
      return genres.length;
    }
  }

  /** Makes a log. */
  public static ClickLog generate(Config config) {
    return new ClickLogWriter(config).write();
  }

  /** The true probability that a place is seen: 1 at the top, falling as 1/√place. */
  public static double seen(int place) {
    return SEEN[place];
  }

  private static double[] seenByPlace() {
    double[] seen = new double[30];
    for (int place = 0; place < seen.length; place++) {
      seen[place] = 1 / StrictMath.sqrt(place + 1.0);
    }
    return seen;
  }

  private static List<String> featureNames() {
    List<String> names = new ArrayList<>();
    ClickTruth.AGE_GROUPS.forEach(name -> names.add("user.age_group=" + name));
    names.add("user.subscriber");
    ClickTruth.DEVICES.forEach(name -> names.add("request.device=" + name));
    ClickTruth.DAY_PARTS.forEach(name -> names.add("request.day_part=" + name));
    ClickTruth.GENRES.forEach(name -> names.add("item.genre=" + name));
    names.add("item.seconds");
    names.add("item.rating");
    names.add("item.age_days");
    return List.copyOf(names);
  }
}
