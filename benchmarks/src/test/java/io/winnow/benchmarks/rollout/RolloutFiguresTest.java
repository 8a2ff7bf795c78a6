package io.winnow.benchmarks.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.Figures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class RolloutFiguresTest {
  private static Trial trial(String kind, String outcome, String stage, int users) {
    return new Trial(
        "r-1",
        kind,
        Map.of("lift", -0.2),
        new Trial.End(outcome, stage, "why"),
        500,
        new Trial.Harm(users, users * 2L),
        1);
  }

  private static double value(Figures figures, String name) {
    return figures.figures().get(name).value();
  }

  @Test
  void bad_oneGotThrough_missesItsGoal() {
    Figures.Builder figures = new Figures.Builder("rollout");
    RolloutFigures.bad(
        figures,
        List.of(
            trial("unusable", "rejected", "gate", 0),
            trial("biased_ranker", "rolled_back", "canary", 30),
            trial("biased_ranker", "done", "live", 900)));
    Figures built = figures.build();
    assertEquals(3, value(built, "bad.released"));
    assertEquals(2, value(built, "bad.caught"));
    assertFalse(built.figures().get("bad.caught").holds());
    assertEquals(1, value(built, "bad.caught_by.gate"));
    assertEquals(1, value(built, "bad.caught_by.canary"));
    assertEquals(0, value(built, "bad.caught_by.live"));
    assertEquals(930, value(built, "bad.users_harmed"));
    assertEquals(1, value(built, "bad.biased_ranker.caught"));
  }

  @Test
  void bad_stillOpenAtTheEnd_isNotCaught() {
    Figures.Builder figures = new Figures.Builder("rollout");
    RolloutFigures.bad(figures, List.of(trial("slow_ranker", "canary", "canary", 5)));
    assertEquals(0, value(figures.build(), "bad.caught"));
  }

  @Test
  void good_nineOfTen_isEnough() {
    Figures.Builder figures = new Figures.Builder("rollout");
    List<Trial> trials =
        java.util.stream.IntStream.range(0, 10)
            .mapToObj(i -> trial("good", i == 0 ? "cancelled" : "done", "live", 10))
            .toList();
    RolloutFigures.good(figures, 10, trials, 2);
    assertTrue(figures.build().figures().get("good.promoted").holds());
    figures = new Figures.Builder("rollout");
    RolloutFigures.good(
        figures,
        2,
        List.of(trial("good", "done", "live", 1), trial("good", "rejected", "gate", 0)),
        0);
    assertFalse(figures.build().figures().get("good.promoted").holds());
  }

  @Test
  void good_fewerThanWanted_isNotEnough() {
    Figures.Builder figures = new Figures.Builder("rollout");
    RolloutFigures.good(figures, 2, List.of(trial("good", "done", "live", 1)), 60);
    assertFalse(figures.build().figures().get("good.promoted").holds());
  }

  @Test
  void rows_oneAKind_tellWhereItEnded() {
    List<List<String>> rows =
        RolloutFigures.rows(
            List.of(
                trial("unusable", "rejected", "gate", 0),
                trial("unusable", "rejected", "gate", 0),
                trial("slow_ranker", "rejected", "shadow", 0)));
    assertEquals(2, rows.size());
    assertEquals("2 rejected at gate", rows.getFirst().get(3));
    assertEquals(RolloutFigures.heads().size(), rows.getFirst().size());
  }
}
