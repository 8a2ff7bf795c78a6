package io.winnow.experiments.interleaving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TeamDraftTest {
  @Test
  void draft_equalRankings_isTheRankingAndCreditsNobody() {
    List<Integer> ranking = List.of(4, 2, 7, 1, 9);
    Interleaved<Integer> slate = TeamDraft.draft(List.of(ranking, ranking), 5, 1);
    assertEquals(ranking, slate.items());
    for (Place<Integer> place : slate.places()) {
      assertEquals(1, place.propensity());
      assertEquals(Place.NOBODY, place.team());
      assertEquals(List.of(0.0, 0.0), place.credits());
    }
  }

  @Test
  void draft_commonPrefix_earnsNothingUntilTheRankingsPart() {
    List<List<String>> rankings = List.of(List.of("a", "b", "c", "d"), List.of("a", "b", "d", "c"));
    int firstIsC = 0;
    for (int seed = 0; seed < 200; seed++) {
      List<Place<String>> places = TeamDraft.draft(rankings, 4, seed).places();
      assertEquals(1, places.get(0).propensity());
      assertEquals(1, places.get(1).propensity());
      assertEquals(Place.NOBODY, places.get(0).team());
      assertEquals(Place.NOBODY, places.get(1).team());
      assertEquals(0.5, places.get(2).propensity());
      assertEquals(1, places.get(3).propensity());
      int third = places.get(2).item().equals("c") ? 0 : 1;
      assertEquals(third, places.get(2).team());
      assertEquals(1 - third, places.get(3).team());
      firstIsC += 1 - third;
    }
    assertEquals(100, firstIsC, 35);
  }

  @Test
  void draft_hiddenTurn_propensityIsGivenTheItemsAndNotTheCoin() {
    List<List<String>> rankings = List.of(List.of("a", "b"), List.of("a", "c"));
    boolean[] seen = new boolean[2];
    for (int seed = 0; seed < 50; seed++) {
      List<Place<String>> places = TeamDraft.draft(rankings, 2, seed).places();
      assertEquals(0.5, places.get(1).propensity());
      seen[places.get(1).item().equals("b") ? 0 : 1] = true;
      assertEquals(places.get(1).item().equals("b") ? 0 : 1, places.get(1).team());
      assertEquals(Place.NOBODY, places.get(0).team(), "the place after does not tell on this one");
    }
    assertTrue(seen[0] && seen[1]);
  }

  @Test
  void draft_randomRankings_propensitiesEqualFrequencies() {
    int checked = 0;
    for (int round = 0; round < 12; round++) {
      RandomGenerator random = new Seed(round).generator("rankings");
      int teams = 2 + round % 3;
      List<List<Integer>> rankings = rankings(random, teams, 5, 6);
      Map<List<Integer>, Integer> counts = new HashMap<>();
      Map<List<Integer>, Double> propensities = new HashMap<>();
      int drafts = 30_000;
      for (int i = 0; i < drafts; i++) {
        List<Integer> prefix = new ArrayList<>();
        counts.merge(List.of(), 1, Integer::sum);
        for (Place<Integer> place : TeamDraft.draft(rankings, 5, Seed.mix(i)).places()) {
          prefix.add(place.item());
          List<Integer> key = List.copyOf(prefix);
          counts.merge(key, 1, Integer::sum);
          Double before = propensities.put(key, place.propensity());
          assertTrue(before == null || Math.abs(before - place.propensity()) < 1e-12);
        }
      }
      for (Map.Entry<List<Integer>, Double> entry : propensities.entrySet()) {
        List<Integer> key = entry.getKey();
        double trials = counts.getOrDefault(key.subList(0, key.size() - 1), 0);
        double p = entry.getValue();
        assertEquals(
            trials * p, counts.getOrDefault(key, 0), 5 * Math.sqrt(trials * p * (1 - p)) + 1e-6);
        checked++;
      }
    }
    assertTrue(checked > 300, "prefixes " + checked);
  }

  @Test
  void draft_whoeverClicksPlaces_favoursNobody() {
    for (int teams = 2; teams <= 4; teams++) {
      RandomGenerator random = new Seed(teams).generator("rankings");
      List<List<Integer>> rankings = rankings(random, teams, 9, 12);
      double[][] sums = new double[teams][5];
      double[] drafted = new double[teams];
      int drafts = 40_000;
      for (int i = 0; i < drafts; i++) {
        for (Place<Integer> place : TeamDraft.draft(rankings, 5, Seed.mix(i)).places()) {
          drafted[place.drafter()]++;
          for (int t = 0; t < teams; t++) {
            sums[t][place.position()] += place.credits().get(t);
          }
        }
      }
      for (int t = 0; t < teams; t++) {
        assertEquals(5.0 / teams, drafted[t] / drafts, 0.03);
        for (int place = 0; place < 5; place++) {
          assertEquals(sums[0][place] / drafts, sums[t][place] / drafts, 0.02);
        }
      }
      assertTrue(Arrays.stream(sums[0]).sum() / drafts > 0.2, "credit is given at all");
    }
  }

  @Test
  void draft_rankingUsedUp_othersFillAndNobodyEarns() {
    List<Place<Integer>> places =
        TeamDraft.draft(List.of(List.of(1), List.of(2, 3, 4)), 9, 5).places();
    assertEquals(4, places.size());
    assertEquals(List.of(3, 4), places.stream().skip(2).map(Place::item).toList());
    for (Place<Integer> place : places.subList(2, 4)) {
      assertEquals(1, place.drafter());
      assertEquals(Place.NOBODY, place.team());
      assertEquals(1, place.propensity());
    }
    assertEquals(List.of(), TeamDraft.draft(List.of(List.of(), List.of()), 3, 1).places());
  }

  @Test
  void draft_anyRankings_isASlateOfDifferentItemsFromTheTops() {
    int shared = 0;
    for (int round = 0; round < 500; round++) {
      RandomGenerator random = new Seed(round).generator("rankings");
      int teams = 2 + random.nextInt(7);
      List<List<Integer>> rankings = rankings(random, teams, 8, 12);
      Interleaved<Integer> slate = TeamDraft.draft(rankings, 8, round);
      assertEquals(8, new HashSet<>(slate.items()).size());
      assertEquals(slate, TeamDraft.draft(rankings, 8, round));
      for (Place<Integer> place : slate.places()) {
        int rank = rankings.get(place.drafter()).indexOf(place.item());
        assertTrue(rank >= 0 && rank <= place.position());
        shared += place.team() == Place.NOBODY ? 1 : 0;
      }
    }
    assertTrue(shared > 100, "places without a team " + shared);
  }

  @Test
  void draft_badInput_namesField() {
    assertEquals("rankings", field(() -> TeamDraft.draft(List.of(List.of(1)), 1, 1)));
    assertEquals(
        "rankings", field(() -> TeamDraft.draft(Collections.nCopies(9, List.of(1)), 1, 1)));
    assertEquals("n", field(() -> TeamDraft.draft(List.of(List.of(1), List.of(1)), 0, 1)));
    assertEquals(
        "rankings[1]", field(() -> TeamDraft.draft(List.of(List.of(1), List.of(2, 2)), 1, 1)));
  }

  private static String field(Runnable call) {
    return assertThrows(WinnowException.class, call::run).problems().getFirst().field();
  }

  /** Different lists of so many items, each a few swaps away from a common order. */
  private static List<List<Integer>> rankings(
      RandomGenerator random, int teams, int length, int items) {
    List<List<Integer>> rankings = new ArrayList<>();
    for (int t = 0; t < teams; t++) {
      List<Integer> order = new ArrayList<>(IntStream.range(0, items).boxed().toList());
      for (int swap = 0; swap < 6; swap++) {
        Collections.swap(order, random.nextInt(items), random.nextInt(items));
      }
      rankings.add(List.copyOf(order.subList(0, length)));
    }
    return rankings;
  }
}
