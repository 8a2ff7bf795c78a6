package io.winnow.app;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.simulator.Visit;
import io.winnow.simulator.World;
import io.winnow.simulator.WorldConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * A log of a world half as large as the demo's, under a recommender that knows its users: each
 * slate is drawn from what its user would most probably click at that moment. So the log tells
 * tastes as they are from day to day, whether they drift or not, and there is something to learn
 * and to forget.
 */
final class SimulatedLog {
  /** Where history ends: noon of a fixed day, so that the same seed gives the same log. */
  private static final long BEGIN_MS = 1_767_268_800_000L;

  private static final long DAY_MS = 86_400_000;
  private static final int HISTORY_DAYS = 2;
  private static final int DRAWN_FROM = 40;
  private static final int SLATE = 10;

  private SimulatedLog() {}

  /**
   * The records.
   *
   * @param days how many, 1 to 365
   * @param drift the share of people whose tastes move, one by one over all these days, 0 to 1
   */
  static List<LogRecord> records(int days, double drift, long seed) {
    WorldConfig config =
        new WorldConfig(
            new WorldConfig.People(400, 4, 0.42),
            new WorldConfig.Catalogue(500, 5, 60),
            HISTORY_DAYS,
            SLATE,
            seed,
            new WorldConfig.Drift(0, days, drift));
    World world = new World(config, BEGIN_MS);
    List<LogRecord> records = new ArrayList<>();
    world.history().forEach(records::add);
    RandomGenerator random = new Seed(seed).generator("simulated log");
    long endMs = BEGIN_MS + days * DAY_MS;
    int requests = 0;
    for (Visit visit = world.nextVisit(); visit.timeMs() < endMs; visit = world.nextVisit()) {
      records.addAll(visit.news());
      List<ItemId> best =
          new ArrayList<>(world.oracleSlate(visit.user(), DRAWN_FROM, visit.timeMs()));
      Collections.shuffle(best, Random.from(random));
      List<ItemId> slate = best.subList(0, Math.min(SLATE, best.size()));
      for (Event event : world.respond(visit.user(), slate, visit.timeMs(), "r" + requests++)) {
        records.add(new LogRecord.Happened(event));
      }
    }
    return records;
  }
}
