package io.winnow.simulator;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/**
 * The size of a world.
 *
 * @param people who visits
 * @param catalogue what there is to see
 * @param historyDays days before now that {@link World#history()} covers, 1 to 365
 * @param slate items in each slate of the history, 1 to 100
 * @param seed decides everything else
 * @param drift how tastes move
 */
public record WorldConfig(
    People people, Catalogue catalogue, int historyDays, int slate, long seed, Drift drift) {
  /**
   * Who visits.
   *
   * @param users at the beginning of the history, 1 to a million
   * @param newUsersPerDay who sign up later, 0 to a million
   * @param sessionsPerUserDay the mean over users; the most active have many times that
   */
  public record People(int users, int newUsersPerDay, double sessionsPerUserDay) {}

  /**
   * What there is to see.
   *
   * @param items at the beginning of the history, 10 to a million
   * @param newItemsPerDay published later, 0 to a million
   * @param creators who publish, 10 to 400
   */
  public record Catalogue(int items, int newItemsPerDay, int creators) {}

  /**
   * A move of tastes. What is left to know of people and videos is about as much as before, and it
   * can be learned anew.
   *
   * @param afterDays after the end of the history it begins, 0 to 365
   * @param overDays people change one by one within so many days, 0 (all at once) to 365
   * @param share of people who are touched, 0 (nobody) to 1
   * @param kind how they change
   */
  public record Drift(double afterDays, double overDays, double share, Kind kind) {
    /** Everybody keeps the taste they have. */
    public static final Drift NONE = new Drift(0, 0, 0);

    /** An exchange. */
    public Drift(double afterDays, double overDays, double share) {
      this(afterDays, overDays, share, Kind.EXCHANGE);
    }

    /** How people change. */
    public enum Kind {
      /**
       * They come to like as one category what is another, the same for all of them. What they do
       * then shows it, so that whoever looks at their last clicks follows without learning anew.
       */
      EXCHANGE,
      /**
       * They want variety: a category appeals the less, the more of all that they have ever clicked
       * is of it, beyond an even share; the rest they all like. Whoever shows people more of what
       * they chose is wrong, and remains so until it is learned that choices mean something else.
       */
      VARIETY
    }
  }

  private static final int MILLION = 1_000_000;

  /** A world whose tastes stay. */
  public WorldConfig(People people, Catalogue catalogue, int historyDays, int slate, long seed) {
    this(people, catalogue, historyDays, slate, seed, Drift.NONE);
  }

  /** Checks every field. */
  public WorldConfig {
    List<Problem> problems = new ArrayList<>();
    check(problems, "people.users", people.users(), 1, MILLION);
    check(problems, "people.newUsersPerDay", people.newUsersPerDay(), 0, MILLION);
    check(problems, "people.sessionsPerUserDay", people.sessionsPerUserDay(), 0.001, 100);
    check(problems, "catalogue.items", catalogue.items(), 10, MILLION);
    check(problems, "catalogue.newItemsPerDay", catalogue.newItemsPerDay(), 0, MILLION);
    check(problems, "catalogue.creators", catalogue.creators(), 10, Names.MAX_CREATORS);
    check(problems, "historyDays", historyDays, 1, 365);
    check(problems, "slate", slate, 1, 100);
    check(problems, "drift.afterDays", drift.afterDays(), 0, 365);
    check(problems, "drift.overDays", drift.overDays(), 0, 365);
    check(problems, "drift.share", drift.share(), 0, 1);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  /** The demo's: some 200,000 events in 16 days. */
  public static WorldConfig demo(long seed) {
    return new WorldConfig(
        new People(1_000, 10, 0.42), new Catalogue(1_000, 25, 150), 16, 10, seed);
  }

  /** A fiftieth of the demo's work, for tests. */
  public static WorldConfig small(long seed) {
    return new WorldConfig(new People(120, 2, 0.3), new Catalogue(300, 10, 40), 4, 10, seed);
  }

  /** The same world, whose tastes move. */
  public WorldConfig withDrift(Drift next) {
    return new WorldConfig(people, catalogue, historyDays, slate, seed, next);
  }

  private static void check(
      List<Problem> problems, String field, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      problems.add(new Problem(field, String.valueOf(value), low + " to " + high));
    }
  }
}
