package io.winnow.experiments.assignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Exposure;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision.Why;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.junit.jupiter.api.Test;

class AssignerTest {
  private static final long NOW_MS = Instant.parse("2026-12-05T12:00:00Z").toEpochMilli();
  private static final int UNITS = 100_000;

  /** Chance of a false alarm of each test below, were the units not fixed. */
  private static final double ALPHA = 1e-4;

  private static Experiments experiments(String yaml) {
    return ApplicationFile.parse(
            """
            application: clips
            items: { attributes: { category: string } }
            users: { attributes: { country: string, tags: strings } }
            events: [click]
            """
                + yaml.stripIndent(),
            "winnow.yaml",
            Map.of())
        .definition()
        .operations()
        .experiments();
  }

  private static Assigner assigner(String yaml) {
    return Assigner.of(experiments(yaml));
  }

  private static Subject user(int number) {
    return new Subject(new UserId("u" + number), "home", Map.of(), Map.of(), NOW_MS);
  }

  private static Subject at(Subject subject, long timeMs) {
    return new Subject(
        subject.user(), subject.surface(), subject.context(), subject.attributes(), timeMs);
  }

  private static Subject with(String surface, Map<String, String> context) {
    return new Subject(new UserId("u1"), surface, context, Map.of(), NOW_MS);
  }

  private static String arm(Assigner assigner, String experiment, Subject subject) {
    return switch (assigner.decide(experiment, subject).orElseThrow()) {
      case Decision.In(Assignment assignment) -> assignment.armName();
      case Decision.Out(Why why) -> why.name();
    };
  }

  private static void assertFits(double[] expected, long[] observed) {
    double chiSquare = 0;
    for (int i = 0; i < expected.length; i++) {
      assertTrue(expected[i] > 5, "enough units in each cell");
      chiSquare += Math.pow(observed[i] - expected[i], 2) / expected[i];
    }
    double p = ChiSquaredDistribution.of(expected.length - 1).survivalProbability(chiSquare);
    assertTrue(p > ALPHA, "chi-square " + chiSquare + ", p " + p);
  }

  /** Ids as applications have them: numbers in a row, and such as differ in their last bits. */
  private static List<String> ids(String prefix) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < UNITS; i++) {
      ids.add(prefix + i);
    }
    return ids;
  }

  @Test
  void draw_ofNeighbouringIds_isUniform() {
    for (String prefix : List.of("", "u", "0000-0000-0000-", "user@example.com/")) {
      for (String name : List.of("a", "b", "new_ranker", "new_rankes")) {
        UnitHash.Draw draw = UnitHash.draw(UnitHash.Purpose.ARM, name, 1);
        long[] cells = new long[1000];
        for (String id : ids(prefix)) {
          cells[(int) (draw.of(UnitHash.of(id)) * cells.length)]++;
        }
        double[] expected = new double[cells.length];
        java.util.Arrays.fill(expected, (double) UNITS / cells.length);
        assertFits(expected, cells);
      }
    }
  }

  /** Every pair of purpose, name, run and period that a request can meet. */
  @Test
  void draws_ofTwoKinds_areIndependent() {
    List<UnitHash.Draw> draws = new ArrayList<>();
    for (UnitHash.Purpose purpose : UnitHash.Purpose.values()) {
      for (String name : List.of("ranking", "rankinh", "holdout")) {
        draws.add(UnitHash.draw(purpose, name, 1));
        draws.add(UnitHash.draw(purpose, name, 2));
        draws.add(UnitHash.draw(purpose, name, 1).inPeriod(20_000));
        draws.add(UnitHash.draw(purpose, name, 1).inPeriod(20_001));
      }
    }
    long[] hashes = ids("u").stream().mapToLong(UnitHash::of).toArray();
    int pairs = 0;
    for (int i = 0; i < draws.size(); i++) {
      for (int j = 0; j < i; j++) {
        assertNotEquals(draws.get(i), draws.get(j));
        long[] cells = new long[100];
        for (long hash : hashes) {
          int row = (int) (draws.get(i).of(hash) * 10);
          cells[row * 10 + (int) (draws.get(j).of(hash) * 10)]++;
        }
        double[] expected = new double[cells.length];
        java.util.Arrays.fill(expected, (double) UNITS / cells.length);
        assertFits(expected, cells);
        pairs++;
      }
    }
    assertEquals(48 * 47 / 2, pairs);
  }

  @Test
  void assign_byWeights_sharesAreTheWeights() {
    Assigner assigner =
        assigner(
            "experiments: { x: { arms: { a: { weight: 1 }, b: { weight: 2 }, c: { weight: 5 } } } }");
    Map<String, Long> units = new HashMap<>();
    for (int i = 0; i < UNITS; i++) {
      Assignment one = assigner.assign(user(i)).list().getFirst();
      units.merge(one.armName(), 1L, Long::sum);
      double weight =
          switch (one.armName()) {
            case "a" -> 1;
            case "b" -> 2;
            default -> 5;
          };
      assertEquals(weight / 8, one.probability(), 1e-15);
      assertTrue(one.counts());
    }
    assertFits(
        new double[] {UNITS / 8.0, UNITS / 4.0, UNITS * 5 / 8.0},
        new long[] {units.get("a"), units.get("b"), units.get("c")});
  }

  @Test
  void assign_exclusiveExperiments_shareTheLayerAndNoUnit() {
    Assigner assigner =
        assigner(
            """
            experiments:
              x: { layer: ranking, share: [0, 0.3], arms: { a: {}, b: {} } }
              y: { layer: ranking, share: [0.3, 0.5], arms: { a: {}, b: {} } }
            """);
    long[] cells = new long[3];
    for (int i = 0; i < UNITS; i++) {
      List<Assignment> list = assigner.assign(user(i)).list();
      assertTrue(list.size() <= 1);
      cells[list.isEmpty() ? 2 : list.getFirst().experiment().name().equals("x") ? 0 : 1]++;
    }
    assertFits(new double[] {UNITS * 0.3, UNITS * 0.2, UNITS * 0.5}, cells);
  }

  @Test
  void assign_overlappingExperiments_areIndependent() {
    Assigner assigner =
        assigner("experiments: { x: { arms: { a: {}, b: {} } }, y: { arms: { a: {}, b: {} } } }");
    long[] cells = new long[4];
    for (int i = 0; i < UNITS; i++) {
      List<Assignment> list = assigner.assign(user(i)).list();
      assertEquals(2, list.size());
      cells[
          (list.getFirst().armName().equals("a") ? 0 : 2)
              + (list.getLast().armName().equals("a") ? 0 : 1)]++;
    }
    assertFits(new double[] {25_000, 25_000, 25_000, 25_000}, cells);
  }

  @Test
  void assign_trafficRaised_addsUnitsAndMovesNone() {
    Map<String, String> before = Map.of();
    for (double traffic : new double[] {0.01, 0.05, 0.2, 0.5, 1}) {
      Assigner assigner =
          assigner(
              "experiments: { x: { traffic: %s, arms: { a: {}, b: {} } } }".formatted(traffic));
      Map<String, String> now = new HashMap<>();
      for (int i = 0; i < UNITS; i++) {
        for (Assignment assignment : assigner.assign(user(i)).list()) {
          now.put(assignment.unit(), assignment.armName());
        }
      }
      before.forEach((unit, arm) -> assertEquals(arm, now.get(unit), unit));
      assertEquals(UNITS * traffic, now.size(), 5 * Math.sqrt(UNITS * traffic));
      long a = now.values().stream().filter("a"::equals).count();
      assertFits(new double[] {now.size() / 2.0, now.size() / 2.0}, new long[] {a, now.size() - a});
      before = now;
    }
  }

  @Test
  void assign_anotherRun_drawsAnew() {
    Assigner one = assigner("experiments: { x: { run: 1, arms: { a: {}, b: {} } } }");
    Assigner two = assigner("experiments: { x: { run: 2, arms: { a: {}, b: {} } } }");
    long[] cells = new long[2];
    for (int i = 0; i < UNITS; i++) {
      cells[arm(one, "x", user(i)).equals(arm(two, "x", user(i))) ? 0 : 1]++;
    }
    assertFits(new double[] {UNITS / 2.0, UNITS / 2.0}, cells);
  }

  @Test
  void assign_heldOutUsers_areInNoExperimentAndAreExposed() {
    Assigner assigner =
        assigner(
            """
            holdout: 0.1
            experiments:
              x: { traffic: 0.5, when: { surface: home }, arms: { a: {}, b: {} } }
              y: { unit: session, when: { surface: home }, arms: { a: {}, b: {} } }
            """);
    long held = 0;
    for (int i = 0; i < UNITS; i++) {
      Subject subject =
          new Subject(
              new UserId("u" + i), "home", Map.of("session", "s" + i % 7), Map.of(), NOW_MS);
      Assignments assignments = assigner.assign(subject);
      if (assignments.holdout() == Holdout.HELD_OUT) {
        held++;
        assertEquals(List.of(), assignments.list());
      } else {
        assertEquals(Holdout.OPEN, assignments.holdout(), "also where no traffic met it");
        assertFalse(assignments.list().isEmpty());
      }
      Subject elsewhere = new Subject(subject.user(), "cart", Map.of(), Map.of(), NOW_MS);
      assertEquals(Holdout.NOT_CONCERNED, assigner.assign(elsewhere).holdout());
    }
    assertFits(new double[] {UNITS * 0.1, UNITS * 0.9}, new long[] {held, UNITS - held});
  }

  @Test
  void assign_targeting_looksAtSurfaceContextAndUser() {
    Assigner assigner =
        assigner(
            """
            experiments:
              s: { when: { surface: [home, cart] }, arms: { a: {}, b: {} } }
              c: { unless: { context.device: tv }, arms: { a: {}, b: {} } }
              u: { when: { user.country: [de, at], user.tags: new }, arms: { a: {}, b: {} } }
              n: { unless: { user.country: de }, arms: { a: {}, b: {} } }
            """);
    assertEquals(Set.of("device"), assigner.contextFields());
    assertEquals(Set.of("s", "c", "n"), in(assigner, with("cart", Map.of())));
    assertEquals(Set.of("n"), in(assigner, with("mail", Map.of("device", "tv"))));
    assertEquals(Set.of("c", "n"), in(assigner, with("", Map.of("device", "phone"))));
    Map<String, AttributeValue> austrian =
        Map.of(
            "country",
            new AttributeValue.Text("at"),
            "tags",
            new AttributeValue.Tokens(List.of("old", "new")));
    Subject subject = new Subject(new UserId("u1"), "home", Map.of(), austrian, NOW_MS);
    assertEquals(Set.of("s", "c", "u", "n"), in(assigner, subject));
    Subject unread = new Subject(new UserId("u1"), "home", Map.of(), null, NOW_MS);
    assertEquals(Set.of("s", "c"), in(assigner, unread), "what cannot be read is never a match");
    assertEquals("NO_ATTRIBUTES", arm(assigner, "u", unread));
    assertEquals("NO_ATTRIBUTES", arm(assigner, "n", unread));
    assertEquals("NOT_TARGETED", arm(assigner, "u", user(1)));
    assertEquals(Set.of("s", "c", "n"), in(assigner, user(1)), "none was put: not one of them");
  }

  @Test
  void needsAttributes_onlyWhereNothingElseSaysNo() {
    Set<String> needed = Set.of("now", "unless");
    for (Map.Entry<String, String> experiment :
        Map.of(
                "now", "when: { user.country: de }",
                "unless", "unless: { user.country: de }",
                "over", "when: { user.country: de }, until: 2026-12-01",
                "early", "when: { user.country: de }, from: 2026-12-24",
                "none", "when: { user.country: de }, traffic: 0",
                "mail", "when: { user.country: de, surface: mail }",
                "tv", "when: { user.country: de, context.device: tv }",
                "session", "when: { user.country: de }, unit: session",
                "all", "when: { surface: home }")
            .entrySet()) {
      String name = experiment.getKey();
      Experiments one =
          experiments(
              "experiments: { %s: { arms: { a: {}, b: {} }, %s } }"
                  .formatted(name, experiment.getValue()));
      Subject unread = user(1).with(null);
      assertEquals(needed.contains(name), Assigner.of(one).needsAttributes(unread), name);
      assertFalse(
          new Assigner(one, Set.of(name), ArmShares.OF_THE_FILE).needsAttributes(unread), name);
      // Where they are not needed, they change nothing.
      if (!needed.contains(name)) {
        Subject german = unread.with(Map.of("country", new AttributeValue.Text("de")));
        assertEquals(arm(Assigner.of(one), name, german), arm(Assigner.of(one), name, unread));
      }
    }
  }

  private static Set<String> in(Assigner assigner, Subject subject) {
    return assigner.assign(subject).list().stream()
        .map(assignment -> assignment.experiment().name())
        .collect(Collectors.toSet());
  }

  @Test
  void assign_outsideItsTime_isNotRunning() {
    Assigner assigner =
        assigner(
            "experiments: { x: { from: 2026-12-01, until: 2026-12-15, arms: { a: {}, b: {} } } }");
    long beginMs = Instant.parse("2026-12-01T00:00:00Z").toEpochMilli();
    long endMs = Instant.parse("2026-12-15T00:00:00Z").toEpochMilli();
    assertEquals("NOT_RUNNING", arm(assigner, "x", at(user(1), beginMs - 1)));
    assertEquals(arm(assigner, "x", user(1)), arm(assigner, "x", at(user(1), beginMs)));
    assertEquals(arm(assigner, "x", user(1)), arm(assigner, "x", at(user(1), endMs - 1)));
    assertEquals("NOT_RUNNING", arm(assigner, "x", at(user(1), endMs)));
  }

  @Test
  void assign_bySession_needsASession() {
    Assigner assigner = assigner("experiments: { x: { unit: session, arms: { a: {}, b: {} } } }");
    assertEquals("NO_UNIT", arm(assigner, "x", with("home", Map.of())));
    assertEquals("NO_UNIT", arm(assigner, "x", with("home", Map.of("session", " "))));
    assertEquals("NO_UNIT", arm(assigner, "x", with("home", Map.of("session", "a\nb"))));
    assertEquals("NO_UNIT", arm(assigner, "x", with("home", Map.of("session", "é".repeat(200)))));
    assertEquals("NO_UNIT", arm(assigner, "x", with("home", Map.of("session", "a\uD83D"))));
    Set<String> arms = new java.util.HashSet<>();
    for (int i = 0; i < 50; i++) {
      Assignment one = assigner.assign(with("home", Map.of("session", "s" + i))).list().getFirst();
      assertEquals("s" + i, one.unit());
      arms.add(one.armName());
    }
    assertEquals(Set.of("a", "b"), arms, "the sessions of one user differ");
  }

  @Test
  void assign_testers_seeWhatTheFileSaysAndNeverCount() {
    Assigner assigner =
        assigner(
            """
            holdout: 0.5
            experiments:
              x: { layer: l, share: [0, 0.5], from: 2027-01-01, arms: { a: {}, b: {} } }
              y: { layer: l, share: [0.5, 1], arms: { a: {}, b: {} } }
              z: { arms: { a: {}, b: {} } }
            testers: { u1: { x: b } }
            """);
    Assignments assignments = assigner.assign(user(1));
    Assignment told = assignments.list().getFirst();
    assertEquals("b", told.armName());
    assertFalse(told.counts());
    assertEquals("TESTER_OF_LAYER", arm(assigner, "y", user(1)));
    assertEquals(Holdout.NOT_CONCERNED, assignments.holdout());
    Assigner stopped =
        new Assigner(
            experiments(
                "experiments: { x: { arms: { a: {}, b: {} } } }\ntesters: { u1: { x: b } }"),
            Set.of("x"),
            ArmShares.OF_THE_FILE);
    assertEquals(
        "STOPPED", arm(stopped, "x", user(1)), "what cannot be served is served to nobody");
    assertEquals("STOPPED", arm(stopped, "x", user(2)));
  }

  @Test
  void assign_interleaved_isEveryArm() {
    Assigner assigner =
        assigner("experiments: { x: { design: interleaving, arms: { a: {}, b: {} } } }");
    Assignment one = assigner.assign(user(1)).list().getFirst();
    assertEquals(Exposure.INTERLEAVED, one.armName());
    assertEquals(1, one.probability());
  }

  @Test
  void assign_bandit_drawsByThePeriodsSharesAndKeepsWhoIsIn() {
    Experiments experiments =
        experiments(
            """
            metrics: { ctr: "ratio(click, impression)" }
            experiments:
              x: { design: bandit, bandit: { metric: ctr, period: 1d }, traffic: 0.5, from: 2026-12-01, arms: { a: {}, b: {} } }
            """);
    ArmShares shares =
        (_, period) -> period == 4 ? new double[] {0.9, 0.1} : new double[] {0.5, 0.5};
    Assigner assigner = new Assigner(experiments, Set.of(), shares);
    long dayMs = 86_400_000;
    long[] today = new long[2];
    long[] changes = new long[2];
    int in = 0;
    for (int i = 0; i < UNITS; i++) {
      List<Assignment> now = assigner.assign(user(i)).list();
      List<Assignment> tomorrow = assigner.assign(at(user(i), NOW_MS + dayMs)).list();
      List<Assignment> later = assigner.assign(at(user(i), NOW_MS + 2 * dayMs)).list();
      assertEquals(now.isEmpty(), tomorrow.isEmpty());
      if (!now.isEmpty()) {
        in++;
        boolean a = now.getFirst().armName().equals("a");
        today[a ? 0 : 1]++;
        assertEquals(a ? 0.9 : 0.1, now.getFirst().probability());
        assertEquals(0.5, tomorrow.getFirst().probability());
        boolean same = tomorrow.getFirst().armName().equals(later.getFirst().armName());
        changes[same ? 0 : 1]++;
      }
    }
    assertFits(new double[] {in * 0.9, in * 0.1}, today);
    assertFits(new double[] {in / 2.0, in / 2.0}, changes);
  }

  @Test
  void assign_banditOfUnknownShares_isNotServed() {
    Assigner assigner =
        new Assigner(
            experiments(
                """
                metrics: { ctr: "ratio(click, impression)" }
                experiments: { x: { design: bandit, bandit: { metric: ctr }, arms: { a: {}, b: {} } } }
                """),
            Set.of(),
            (_, _) -> null);
    assertEquals("STOPPED", arm(assigner, "x", user(1)));
  }

  /** What other servers, and the programs of others, compute: these numbers never change. */
  @Test
  void draw_ofKnownUnits_isWhatItEverWas() {
    UnitHash.Draw draw = UnitHash.draw(UnitHash.Purpose.ARM, "new_ranker", 1);
    assertEquals(
        "[0.6323768908386312, 0.6154473220777688]",
        List.of(draw.of(UnitHash.of("u1")), draw.of(UnitHash.of("ü"))).toString());
  }
}
