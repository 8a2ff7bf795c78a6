package io.winnow.simulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class WorldTest {
  private static final long NOW_MS = 1_700_000_000_000L;
  private static final long DAY_MS = 86_400_000L;

  @Test
  void world_sameSeed_sameRecords() {
    assertEquals(lifeOf(7), lifeOf(7));
    assertNotEquals(lifeOf(7), lifeOf(8));
  }

  @Test
  void history_isInTimeOrder_withUniqueIdsAndKnownNames() {
    World world = new World(WorldConfig.small(1), NOW_MS);
    Set<String> ids = new HashSet<>();
    Set<ItemId> items = new HashSet<>();
    Set<UserId> users = new HashSet<>();
    long[] lastMs = {Long.MIN_VALUE};
    world
        .history()
        .forEach(message -> {
          assertTrue(message.timeMs() >= lastMs[0], message.toString());
          lastMs[0] = message.timeMs();
          switch (message) {
            case LogRecord.ItemPut put -> assertTrue(items.add(put.item()));
            case LogRecord.UserPut put -> assertTrue(users.add(put.user()));
            case LogRecord.Happened(Event event) -> {
              assertTrue(ids.add(event.id()), event.id());
              assertTrue(items.contains(event.item()) && users.contains(event.user()));
              assertTrue(event.timeMs() >= NOW_MS - 4 * DAY_MS);
            }
            case LogRecord.ItemRemoved removed -> throw new AssertionError(removed);
            case LogRecord.Exposed exposed -> throw new AssertionError(exposed);
          }
        });
    assertTrue(lastMs[0] <= NOW_MS);
    assertTrue(lastMs[0] > NOW_MS - DAY_MS);
    assertTrue(ids.size() > 2_000, "events " + ids.size());
    assertTrue(items.size() > 310, "items " + items.size());
    assertTrue(users.size() > 120, "users " + users.size());
  }

  @Test
  void history_attributes_areThoseOfThePreset() {
    World world = new World(WorldConfig.small(1), NOW_MS);
    int[] puts = new int[2];
    Set<String> categories = new HashSet<>();
    world
        .history()
        .forEach(message -> {
          if (message instanceof LogRecord.ItemPut put) {
            Map<String, AttributeValue> a = put.attributes();
            assertEquals(
                Set.of("category", "creator", "duration", "published", "title"), a.keySet());
            assertTrue(a.get("creator") instanceof AttributeValue.Text);
            assertTrue(a.get("title") instanceof AttributeValue.Text);
            assertTrue(
                a.get("duration") instanceof AttributeValue.Numeric(double seconds)
                    && seconds >= 15
                    && seconds <= 1_200);
            assertEquals(new AttributeValue.Time(put.timeMs()), a.get("published"));
            AttributeValue category = a.get("category");
            assertNotNull(category);
            categories.addAll(category.categories());
            puts[0]++;
          } else if (message instanceof LogRecord.UserPut put) {
            assertEquals(Set.of("age_group", "country"), put.attributes().keySet());
            puts[1]++;
          }
        });
    assertEquals(10, categories.size());
    assertTrue(puts[0] > 300 && puts[1] > 120);
  }

  @Test
  void history_outcomes_followTheirImpressions() {
    Map<String, Event> impressions = new HashMap<>();
    Map<String, Event> clicks = new HashMap<>();
    int[] outcomes = new int[1];
    new World(WorldConfig.small(2), NOW_MS)
        .history()
        .forEach(message -> {
          if (!(message instanceof LogRecord.Happened(Event event))) {
            return;
          }
          String pair = event.requestId() + " " + event.item();
          switch (event.type()) {
            case Event.IMPRESSION -> impressions.put(pair, event);
            case "click" -> {
              Event impression = impressions.get(pair);
              assertNotNull(impression);
              assertEquals(impression.user(), event.user());
              assertFalse(event.hasValue());
              clicks.put(pair, event);
              outcomes[0]++;
            }
            case "watch" -> {
              Event click = clicks.get(pair);
              assertNotNull(click);
              assertTrue(event.value() >= 1 && event.value() <= 1_200);
              assertEquals(click.timeMs() + 1_000 * (long) event.value(), event.timeMs());
            }
            case "like" -> assertNotNull(clicks.get(pair));
            default -> throw new AssertionError(event.type());
          }
        });
    assertTrue(outcomes[0] > 150, "clicks " + outcomes[0]);
  }

  @Test
  void history_propensities_equalFrequencies() {
    // Every candidate's probability at position 0 is logged only for the one drawn, so check the
    // estimator that rests on them: weighting by 1 / propensity must count the candidates.
    double weighted = 0;
    double expected = 0;
    int requests = 0;
    int items = 0;
    Set<String> clicked = new HashSet<>();
    Map<UserId, Integer> had = new HashMap<>();
    for (LogRecord message : new World(WorldConfig.demo(3), NOW_MS).history().toList()) {
      if (message instanceof LogRecord.ItemPut) {
        items++;
      } else if (message instanceof LogRecord.Happened(Event event)) {
        Impression impression = event.impression();
        if (impression != null && impression.position() == 0) {
          weighted += 1 / impression.propensity();
          expected += items - had.getOrDefault(event.user(), 0);
          requests++;
        } else if (event.type().equals("click") && clicked.add(event.user() + " " + event.item())) {
          had.merge(event.user(), 1, Integer::sum);
        }
      }
    }
    assertTrue(requests > 10_000, "requests " + requests);
    assertEquals(1, weighted / expected, 0.05);
  }

  @Test
  void history_clicks_fallWithPosition() {
    int[] clicks = new int[10];
    for (LogRecord message : new World(WorldConfig.demo(4), NOW_MS).history().toList()) {
      if (message instanceof LogRecord.Happened(Event event) && event.type().equals("click")) {
        clicks[Integer.parseInt(event.id().split("-", -1)[2])]++;
      }
    }
    assertTrue(clicks[0] > 1.2 * clicks[3], clicks[0] + " " + clicks[3]);
    assertTrue(clicks[3] > 1.2 * clicks[8], clicks[3] + " " + clicks[8]);
  }

  @Test
  void history_visits_followTheHoursAndAreHeavyTailed() {
    int[] hours = new int[24];
    Map<UserId, Integer> visits = new HashMap<>();
    for (LogRecord message : new World(WorldConfig.demo(5), NOW_MS).history().toList()) {
      if (message instanceof LogRecord.Happened(Event event)) {
        Impression impression = event.impression();
        if (impression != null && impression.position() == 0) {
          hours[(int) (event.timeMs() / 3_600_000 % 24)]++;
          visits.merge(event.user(), 1, Integer::sum);
        }
      }
    }
    assertTrue(hours[20] > 3 * hours[3], hours[20] + " " + hours[3]);
    int[] sorted = visits.values().stream().mapToInt(v -> v).sorted().toArray();
    int tenth = sorted.length / 10;
    int top = 0;
    for (int i = sorted.length - tenth; i < sorted.length; i++) {
      top += sorted[i];
    }
    int all = visits.values().stream().mapToInt(v -> v).sum();
    assertTrue(top > 0.3 * all, "the busiest tenth makes " + top + " of " + all);
  }

  @Test
  void history_demo_hasTheSizeItPromises() {
    long events =
        new World(WorldConfig.demo(1), NOW_MS)
            .history()
            .filter(LogRecord.Happened.class::isInstance)
            .count();
    assertTrue(events > 140_000 && events < 260_000, "events " + events);
  }

  @Test
  void nextVisit_afterHistory_bringsNewsInTime() {
    World world = livedThrough(WorldConfig.small(6));
    long lastMs = NOW_MS;
    long lastNewsMs = 0;
    int published = 0;
    int signedUp = 0;
    int visits = 0;
    Set<UserId> visitors = new HashSet<>();
    while (lastMs < NOW_MS + 3 * DAY_MS) {
      Visit visit = world.nextVisit();
      assertTrue(visit.timeMs() >= lastMs);
      lastMs = visit.timeMs();
      for (LogRecord news : visit.news()) {
        assertTrue(news.timeMs() <= visit.timeMs() && news.timeMs() >= lastNewsMs);
        lastNewsMs = news.timeMs();
        published += news instanceof LogRecord.ItemPut ? 1 : 0;
        signedUp += news instanceof LogRecord.UserPut ? 1 : 0;
      }
      world.respond(
          visit.user(), world.oracleSlate(visit.user(), 10, lastMs), lastMs, "r" + visits);
      visitors.add(visit.user());
      visits++;
    }
    assertTrue(published > 10, "published " + published);
    assertTrue(signedUp > 0, "signed up " + signedUp);
    assertTrue(visits > 100 && visitors.size() > 40, visits + " visits, " + visitors.size());
  }

  @Test
  void respond_oneUsersVisits_doNotOverlap() {
    World world = livedThrough(WorldConfig.small(6));
    Map<UserId, Long> busyUntil = new HashMap<>();
    int compared = 0;
    for (int v = 0; v < 500; v++) {
      Visit visit = world.nextVisit();
      Long until = busyUntil.get(visit.user());
      if (until != null) {
        assertTrue(visit.timeMs() > until);
        compared++;
      }
      List<Event> events =
          world.respond(
              visit.user(),
              world.oracleSlate(visit.user(), 10, visit.timeMs()),
              visit.timeMs(),
              "r" + v);
      busyUntil.put(visit.user(), events.isEmpty() ? visit.timeMs() : events.getLast().timeMs());
    }
    assertTrue(compared > 200, "compared " + compared);
  }

  @Test
  void respond_sameQuestionInTwinWorlds_sameAnswer() {
    World one = livedThrough(WorldConfig.small(9));
    World other = livedThrough(WorldConfig.small(9));
    Visit visit = one.nextVisit();
    List<ItemId> slate = one.oracleSlate(visit.user(), 10, visit.timeMs());
    assertEquals(
        one.respond(visit.user(), slate, visit.timeMs(), "r"),
        other.respond(visit.user(), slate, visit.timeMs(), "r"));
  }

  @Test
  void clickProbability_matchesClicks() {
    World world = livedThrough(WorldConfig.demo(10));
    double expected = 0;
    double variance = 0;
    int clicks = 0;
    for (int v = 0; v < 1_500; v++) {
      Visit visit = world.nextVisit();
      // One item a slate, so that no earlier click changes the probability.
      ItemId item = world.oracleSlate(visit.user(), 1, visit.timeMs()).getFirst();
      double p = world.clickProbability(visit.user(), item, visit.timeMs(), 0);
      expected += p;
      variance += p * (1 - p);
      clicks +=
          (int)
              world.respond(visit.user(), List.of(item), visit.timeMs(), "r" + v).stream()
                  .filter(e -> e.type().equals("click"))
                  .count();
    }
    assertEquals(expected, clicks, 5 * Math.sqrt(variance));
  }

  @Test
  void clickProbability_positionsAndRepetition_lower() {
    World world = livedThrough(WorldConfig.small(11));
    int clicked = 0;
    for (int v = 0; v < 50; v++) {
      Visit visit = world.nextVisit();
      List<ItemId> slate = world.oracleSlate(visit.user(), 5, visit.timeMs());
      double first = world.clickProbability(visit.user(), slate.getFirst(), visit.timeMs(), 0);
      double fifth = world.clickProbability(visit.user(), slate.getFirst(), visit.timeMs(), 4);
      assertTrue(fifth < first && first < 1 && fifth > 0);
      List<Event> events = world.respond(visit.user(), slate, visit.timeMs(), "r" + v);
      if (!events.isEmpty() && events.getFirst().item().equals(slate.getFirst())) {
        double again =
            world.clickProbability(visit.user(), slate.getFirst(), visit.timeMs() + 1, 0);
        assertTrue(again < 0.3 * first, again + " after " + first);
        clicked++;
      }
    }
    assertTrue(clicked > 10, "clicked " + clicked);
  }

  @Test
  void oracleSlate_isSortedByTrueProbability() {
    World world = livedThrough(WorldConfig.small(12));
    Visit visit = world.nextVisit();
    List<ItemId> all = world.oracleSlate(visit.user(), 10_000, visit.timeMs());
    double[] probabilities =
        all.stream()
            .mapToDouble(i -> -world.clickProbability(visit.user(), i, visit.timeMs(), 0))
            .toArray();
    double[] sorted = probabilities.clone();
    Arrays.sort(sorted);
    assertArrayEquals(sorted, probabilities);
    assertEquals(all.size(), new HashSet<>(all).size());
    assertEquals(all.subList(0, 10), world.oracleSlate(visit.user(), 10, visit.timeMs()));
  }

  @Test
  void clicksPerSlate_rewardsKnowingPeople() {
    Map<ClicksPerSlate.Policy, Double> clicks =
        ClicksPerSlate.measure(WorldConfig.demo(1), NOW_MS, 2_000);
    double random = clicks.getOrDefault(ClicksPerSlate.Policy.RANDOM, 0.0);
    double popularity = clicks.getOrDefault(ClicksPerSlate.Policy.POPULARITY, 0.0);
    double affinity = clicks.getOrDefault(ClicksPerSlate.Policy.AFFINITY, 0.0);
    double oracle = clicks.getOrDefault(ClicksPerSlate.Policy.ORACLE, 0.0);
    assertTrue(random > 0.2, clicks.toString());
    assertTrue(popularity > 1.5 * random, clicks.toString());
    assertTrue(affinity > 1.1 * popularity, clicks.toString());
    assertTrue(oracle > 2 * popularity && oracle > 1.5 * affinity, clicks.toString());
  }

  @Test
  void world_misuse_isRefused() {
    World world = new World(WorldConfig.small(1), NOW_MS);
    assertThrows(IllegalStateException.class, world::nextVisit);
    assertTrue(world.history().count() > 1_000);
    assertThrows(IllegalStateException.class, world::history);
    Visit visit = world.nextVisit();
    assertEquals(
        List.of("item"),
        problems(() ->
            world.respond(visit.user(), List.of(new ItemId("nothing")), visit.timeMs(), "r")));
    assertEquals(
        List.of("user"),
        problems(() -> world.respond(new UserId("nobody"), List.of(), visit.timeMs(), "r")));
    assertEquals(
        List.of("people.users", "catalogue.creators", "historyDays", "slate"),
        problems(() ->
            new WorldConfig(
                new WorldConfig.People(0, 0, 1), new WorldConfig.Catalogue(10, 0, 401), 0, 0, 1)));
  }

  @Test
  void drift_beforeItsOnset_changesNothing() {
    WorldConfig still = WorldConfig.small(5);
    WorldConfig.Drift late = new WorldConfig.Drift(30, 0, 1);
    assertEquals(lifeOf(still), lifeOf(still.withDrift(late)));
    assertNotEquals(lifeOf(still), lifeOf(still.withDrift(new WorldConfig.Drift(0, 0, 1))));
  }

  @Test
  void drift_afterItsOnset_takesAwayWhatWasLikedAndLeavesAsMuchToFind() {
    double[] still = knownAndBest(WorldConfig.Drift.NONE);
    double[] moved = knownAndBest(new WorldConfig.Drift(0, 0, 1));
    double[] half = knownAndBest(new WorldConfig.Drift(0, 0, 0.5));
    double[] slow = knownAndBest(new WorldConfig.Drift(0, 365, 1));
    assertTrue(moved[0] < 0.6 * still[0], moved[0] + " of " + still[0]);
    assertTrue(half[0] < 0.85 * still[0] && half[0] > moved[0], half[0] + " of " + still[0]);
    assertTrue(slow[0] > 0.9 * still[0], slow[0] + " of " + still[0]);
    assertTrue(Math.abs(moved[1] / still[1] - 1) < 0.1, moved[1] + " of " + still[1]);
  }

  @Test
  void drift_towardsVariety_takesAwayWhatWasLikedAndLeavesAsMuchToFind() {
    double[] still = knownAndBest(WorldConfig.Drift.NONE);
    double[] moved = knownAndBest(new WorldConfig.Drift(0, 0, 1, WorldConfig.Drift.Kind.VARIETY));
    assertTrue(moved[0] < 0.7 * still[0], moved[0] + " of " + still[0]);
    assertTrue(Math.abs(moved[1] / still[1] - 1) < 0.1, moved[1] + " of " + still[1]);
  }

  @Test
  void drift_impossibleNumbers_areRefused() {
    assertEquals(
        List.of("drift.afterDays", "drift.overDays", "drift.share"),
        problems(() -> WorldConfig.small(1).withDrift(new WorldConfig.Drift(-1, 366, 1.5))));
  }

  /**
   * What people would click, in a world where tastes drift, of the slates that were best for them
   * without, and of those that are best now.
   */
  private static double[] knownAndBest(WorldConfig.Drift drift) {
    World still = livedThrough(WorldConfig.small(5));
    World world = livedThrough(WorldConfig.small(5).withDrift(drift));
    double known = 0;
    double best = 0;
    for (int v = 0; v < 150; v++) {
      Visit visit = still.nextVisit();
      assertEquals(visit.user(), world.nextVisit().user());
      known += expected(world, visit, still.oracleSlate(visit.user(), 10, visit.timeMs()));
      best += expected(world, visit, world.oracleSlate(visit.user(), 10, visit.timeMs()));
    }
    return new double[] {known, best};
  }

  private static double expected(World world, Visit visit, List<ItemId> slate) {
    double sum = 0;
    for (int position = 0; position < slate.size(); position++) {
      sum += world.clickProbability(visit.user(), slate.get(position), visit.timeMs(), position);
    }
    return sum;
  }

  private static List<String> problems(Executable call) {
    return assertThrows(WinnowException.class, call).problems().stream()
        .map(p -> p.field())
        .toList();
  }

  private static World livedThrough(WorldConfig config) {
    World world = new World(config, NOW_MS);
    assertTrue(world.history().count() > 1_000);
    return world;
  }

  /** History and 200 live slates, as text; an impression's empty features aside. */
  private static List<String> lifeOf(long seed) {
    return lifeOf(WorldConfig.small(seed));
  }

  private static List<String> lifeOf(WorldConfig config) {
    World world = new World(config, NOW_MS);
    List<String> life = new ArrayList<>();
    world.history().forEach(message -> life.add(text(message)));
    for (int v = 0; v < 200; v++) {
      Visit visit = world.nextVisit();
      life.add(visit.user() + " " + visit.timeMs() + " " + visit.context());
      visit.news().forEach(message -> life.add(text(message)));
      List<ItemId> slate = world.oracleSlate(visit.user(), 10, visit.timeMs());
      life.add(world.respond(visit.user(), slate, visit.timeMs(), "r" + v).toString());
    }
    return life;
  }

  private static String text(LogRecord message) {
    if (message instanceof LogRecord.Happened(Event event)) {
      Impression impression = event.impression();
      if (impression != null) {
        return event.id() + event.user() + event.item() + event.timeMs() + impression.propensity();
      }
    }
    return message.toString();
  }
}
