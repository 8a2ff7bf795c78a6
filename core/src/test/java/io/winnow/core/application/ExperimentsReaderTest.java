package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment.Condition;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Experiment.Field;
import io.winnow.core.application.Experiment.Looks;
import io.winnow.core.application.Experiment.Range;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.core.application.Experiment.Unit;
import io.winnow.core.application.Metric.Better;
import io.winnow.core.application.Metric.Definition;
import io.winnow.core.application.Metric.Measure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ExperimentsReaderTest {
  private static final String BASE =
      """
      application: shorts
      items: { attributes: { category: string, creator: string, title: text } }
      users: { attributes: { country: string, age: number } }
      events: { click: {}, watch: { value: seconds }, report: {} }
      objectives: { click: 1.0, long_view: { when: watch.value >= 30, weight: 2 } }
      """;

  private static final String FULL =
      BASE
          + """
          metrics:
            ctr: ratio(click, impression)
            watch_time: mean(watch.value) cap 3600
            reports: { is: mean(report), better: lower }
          experiments:
            ranker:
              run: 2
              unit: session
              layer: ranking
              share: [0, 0.5]
              traffic: 0.2
              when: { surface: home, user.country: [de, at] }
              unless: { context.device: tv }
              from: 2026-12-01
              until: 2026-12-15T12:00:00Z
              arms:
                control:
                treatment:
                  weight: 3
                  release: r-2
                  objectives: { long_view: 4 }
                  retrieval: { fresh: 90, popular: 0 }
                  reranking: { explore: 0.1, cap: { creator: 1 }, exclude: [watch over 7d] }
              primary: ctr
              secondary: [watch_time, ctr]
              guardrails: { reports: 0.05 }
              segments: [user.country, new_users, context.device]
              looks: 7
              duration: 10d
              alpha: 0.01
              power: 0.9
              minimum_effect: 0.01
              before: 0s
            other:
              unit: session
              layer: ranking
              share: [0.5, 1]
              looks: always
              design: bandit
              bandit: { metric: ctr, period: 6h, floor: 0.1 }
              arms: { a: {}, b: {}, c: {} }
          holdout: 0.05
          testers: { tester-7: { ranker: treatment } }
          """;

  private static ApplicationFile parse(String yaml) {
    return ApplicationFile.parse(yaml, "winnow.yaml", Map.of());
  }

  private static Experiments read(String yaml) {
    return parse(yaml).definition().operations().experiments();
  }

  private static String problems(String yaml) {
    return String.valueOf(assertThrows(WinnowException.class, () -> parse(yaml)).getMessage());
  }

  @Test
  void read_banditOfAConversionLongerThanItsPeriod_isRefused() {
    String yaml =
        """
        application: shop
        events: { buy: {} }
        metrics: { buyers: { is: conversion(buy) within %s } }
        experiments:
          offers:
            design: bandit
            bandit: { metric: buyers, period: 6h }
            primary: buyers
            arms: { a: {}, b: {} }
        """;
    String problems = problems(yaml.replace("%s", "7h"));
    assertTrue(problems.contains("at most the bandit's period"), problems);
    assertEquals(1, read(yaml.replace("%s", "6h")).list().size());
  }

  @Test
  void read_everyKey_isInItsPlace() {
    Experiments experiments = read(FULL);
    assertEquals(0.05, experiments.holdout());
    assertEquals(Map.of("tester-7", Map.of("ranker", "treatment")), experiments.testers());
    assertEquals(
        List.of("ctr", "watch_time", "reports"),
        experiments.metrics().stream().map(Metric::name).toList());
    assertEquals(Better.LOWER, experiments.metric("reports").orElseThrow().better());

    Experiment ranker = experiments.experiment("ranker").orElseThrow();
    assertEquals(2, ranker.run());
    assertEquals(
        new Experiment.Population(
            Unit.SESSION,
            "ranking",
            new Range(0, 0.5),
            0.2,
            List.of(
                new Condition(new Field.Surface(), Set.of("home"), false),
                new Condition(new Field.User("country"), Set.of("de", "at"), false),
                new Condition(new Field.Context("device"), Set.of("tv"), true)),
            Instant.parse("2026-12-01T00:00:00Z"),
            Instant.parse("2026-12-15T12:00:00Z")),
        ranker.population());
    assertEquals(new Design.Split(), ranker.design());
    assertEquals("control", ranker.control().name());
    assertTrue(ranker.control().settings().isNone());
    assertEquals(
        new Experiment.Goals(
            "ctr",
            List.of("watch_time"),
            Map.of("reports", 0.05),
            List.of(new Field.User("country"), new Field.NewUsers(), new Field.Context("device"))),
        ranker.goals());
    assertEquals(
        new Experiment.Plan(
            new Looks.Planned(7), Duration.ofDays(10), 0.01, 0.9, 0.01, Duration.ZERO),
        ranker.plan());
    Experiment other = experiments.experiment("other").orElseThrow();
    assertEquals(new Design.Bandit("ctr", Duration.ofHours(6), 0.1), other.design());
    assertEquals(new Looks.Always(), other.plan().looks());
  }

  @Test
  void settings_appliedToAPolicy_changeWhatTheyNameAndNothingElse() {
    ApplicationDefinition definition = parse(FULL).definition();
    Policy policy = definition.policy();
    Settings settings =
        definition.operations().experiments().list().getFirst().arms().getLast().settings();
    assertEquals("r-2", settings.release());
    Policy changed = settings.applyTo(policy);
    assertEquals(90, changed.retrieval().quotas().get("fresh"));
    assertEquals(0, changed.retrieval().quotas().get("popular"));
    assertEquals(
        policy.retrieval().quotas().get("two_tower"),
        changed.retrieval().quotas().get("two_tower"));
    assertEquals(0.1, changed.reranking().explore());
    assertEquals(Map.of("creator", 1), changed.reranking().caps());
    assertEquals(policy.reranking().diversity(), changed.reranking().diversity());
    assertEquals(1, changed.reranking().exclude().size());
    assertEquals(policy.serving(), changed.serving());
    Objectives objectives = settings.applyTo(definition.objectives());
    assertEquals(
        List.of(1.0, 4.0), objectives.list().stream().map(Objectives.Objective::weight).toList());
    assertEquals(policy, Settings.NONE.applyTo(policy));
  }

  @Test
  void read_smallestExperiment_hasDefaults() {
    Experiments experiments =
        read(BASE + "experiments: { e: { arms: { control: {}, treatment: {} } } }");
    Experiment e = experiments.list().getFirst();
    assertEquals(1, e.run());
    assertEquals("e", e.population().layer());
    assertEquals(Range.ALL, e.population().share());
    assertEquals(1, e.population().traffic());
    assertEquals(Unit.USER, e.population().unit());
    assertNull(e.population().from());
    assertEquals("worth_per_slate", e.goals().primary());
    assertEquals(new Looks.Planned(14), e.plan().looks());
    assertEquals(0, experiments.holdout());
    assertTrue(
        experiments.metrics().stream()
            .map(Metric::name)
            .toList()
            .containsAll(List.of("click_per_slate", "watch_per_slate", "return_7d", "gini_item")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ratio(click, slates)",
        "ratio(watch.value, impression)",
        "ratio(watch where value >= 30, worth)",
        "mean(worth)",
        "mean(watch.value where value > 3) cap 3600",
        "conversion(click) within 7d",
        "retention(7d, 14d)",
        "quantile(0.9, watch.value)",
        "exposure(category, news)",
        "exposure(new, 7d)",
        "gini(item)",
        "gini(creator)",
        "coverage(category)",
        "disparity(creator, merit)",
        "disparity(category, catalogue)",
      })
  void metric_text_isWhatWasRead(String text) {
    Schema schema = parse(BASE).definition().schema();
    assertEquals(text, MetricParser.definition(text, schema).toString());
  }

  @Test
  void metric_withoutAWayThatIsGood_isBetterLowerWhereItTellsInequality() {
    Experiments experiments =
        read(
            BASE
                + """
                metrics:
                  spread: gini(creator)
                  fair: disparity(creator, merit)
                  clicks: mean(click)
                  wide: { is: gini(item), better: higher }
                """);
    assertEquals(
        List.of(Better.LOWER, Better.LOWER, Better.HIGHER, Better.HIGHER),
        experiments.metrics().stream().map(Metric::better).toList());
  }

  @Test
  void metric_comparisonBehindValue_countsEvents() {
    Schema schema = parse(BASE).definition().schema();
    Definition definition = MetricParser.definition("mean(watch.value >= 30)", schema);
    assertTrue(
        definition instanceof Definition.Mean(Measure of, double cap)
            && of instanceof Measure.Count
            && Double.isInfinite(cap));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ratio(click)                 | ','",
        "ratio(clik, slates)          | did you mean 'click'",
        "mean(click.value)            | an event type that has a value",
        "mean(click) cap 0            | a cap above 0",
        "conversion(click)            | 'within'",
        "retention(14d, 7d)           | more than 14d",
        "quantile(1, watch.value)     | between 0 and 1",
        "exposure(titl, x)            | an item attribute",
        "exposure(title, x)           | an item attribute",
        "gini(user)                   | an item attribute",
        "disparity(creator, fairness) | catalogue or merit",
        "median(click)                | one of ratio",
        "ratio(click, slates) now     | the end",
      })
  void metric_mistake_isNamed(String text, String expected) {
    String message = problems(BASE + "metrics: { m: \"" + text + "\" }");
    assertTrue(message.contains("metrics.m") && message.contains(expected), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "e: { arms: { a: {} } }                                        | 2 to 20 arms",
        "e: { arms: { a: {}, b: {} }, trafic: 1 }                      | did you mean 'traffic'",
        "e: { arms: { a: {}, b: {} }, primary: clicks }                | a metric: ",
        "e: { arms: { a: {}, b: {} }, secondary: [ctrr] }              | did you mean 'ctr'",
        "e: { arms: { a: {}, b: {} }, guardrails: { x: 0.1 } }         | guardrails.x",
        "e: { arms: { a: {}, b: {} }, guardrails: { ctr: 3 } }         | from 0 to 1",
        "e: { arms: { a: {}, b: { objectives: { like: 2 } } } }        | an objective: ",
        "e: { arms: { a: {}, b: { retrieval: { frsh: 2 } } } }         | did you mean 'fresh'",
        "e: { arms: { a: {}, b: { reranking: { explore: 0.9 } } } }    | from 0 to 0.5",
        "e: { arms: { a: {}, b: { weight: 0 } } }                      | weight",
        "e: { arms: { a: {}, b: {} }, share: [0.5, 0.2] }              | an end above the beginning",
        "e: { arms: { a: {}, b: {} }, share: [0.5] }                   | two numbers",
        "e: { arms: { a: {}, b: {} }, when: { user.age: 3 } }          | user.country",
        "e: { arms: { a: {}, b: {} }, when: { new_users: yes } }       | surface",
        "e: { arms: { a: {}, b: {} }, from: soon }                     | a date such as",
        "e: { arms: { a: {}, b: {} }, from: 2026-12-02, until: 2026-12-01 } | a time after from",
        "e: { arms: { a: {}, b: {} }, design: bandits }                | did you mean 'bandit'",
        "e: { arms: { a: {}, b: {} }, design: bandit }                 | bandit.metric",
        "e: { arms: { a: {}, b: {} }, design: bandit, bandit: { metric: spread } } | a ratio, a mean",
        "e: { arms: { a: {}, b: {}, c: {} }, design: bandit, bandit: { metric: ctr, floor: 0.4 } } | at most 1",
        "e: { arms: { a: {}, b: {} }, bandit: { metric: ctr } }        | design: bandit",
        "e: { arms: { a: {}, b: {}, c: {} }, design: interleaving }    | 2 arms",
        "e: { arms: { a: {}, b: {} }, design: interleaving, unit: session } | every slate",
        "holdout: { arms: { a: {}, b: {} } }                           | another name",
        "assignments: { arms: { a: {}, b: {} } }                       | another name",
        "e: { arms: { default: {}, b: {} } }                           | default, interleaved or shared",
        "e: { arms: { a: {}, interleaved: {} } }                       | another name",
        "e: { arms: { a: {}, shared: {} } }                            | another name",
        "e: { arms: { a: {}, b: {} }, looks: 0 }                       | 1 to 1000",
        "e: { arms: { a: {}, b: {} }, run: 0 }                         | run",
      })
  void experiment_mistake_isNamed(String text, String expected) {
    String yaml =
        BASE
            + "metrics: { ctr: \"ratio(click, impression)\", spread: gini(item) }\nexperiments: { "
            + text
            + " }";
    String message = problems(yaml);
    assertTrue(message.contains("experiments.") && message.contains(expected), message);
  }

  @Test
  void layers_withCommonUnits_areRefused() {
    String arms = "arms: { a: {}, b: {} }";
    String one = "{ layer: l, share: [0, 0.6], %s }".formatted(arms);
    String two = "{ layer: l, share: [0.5, 1], %s }".formatted(arms);
    String message = problems(BASE + "experiments: { one: " + one + ", two: " + two + " }");
    assertTrue(message.contains("experiments.two.share: [0.5, 1]"), message);
    assertTrue(message.contains("one"), message);
    String right = two.replace("0.5, 1", "0.6, 1");
    assertEquals(
        2, read(BASE + "experiments: { one: " + one + ", two: " + right + " }").list().size());
    String session = right.replace("arms", "unit: session, arms");
    assertTrue(
        problems(BASE + "experiments: { one: " + one + ", two: " + session + " }")
            .contains("experiments.two.unit"));
  }

  @Test
  void overlapping_choosingReleasesOrInterleaving_isRefused() {
    String release = "{ arms: { a: {}, b: { release: r } } }";
    assertTrue(
        problems(BASE + "experiments: { one: " + release + ", two: " + release + " }")
            .contains("both choose a release"));
    String interleaved = "{ design: interleaving, arms: { a: {}, b: {} } }";
    assertTrue(
        problems(BASE + "experiments: { one: " + interleaved + ", two: " + interleaved + " }")
            .contains("interleaved once"));
    String shared = "{ layer: l, share: [%s], arms: { a: {}, b: { release: r } } }";
    Experiments both =
        read(
            BASE
                + "experiments: { one: "
                + shared.formatted("0, 0.5")
                + ", two: "
                + shared.formatted("0.5, 1")
                + " }");
    assertEquals(2, both.list().size());
  }

  @Test
  void labels_thatDoNotFitTogether_areRefused() {
    StringBuilder yaml = new StringBuilder(BASE + "experiments:\n");
    for (int i = 0; i < 5; i++) {
      yaml.append("  ").append("n".repeat(40)).append(i).append(": { arms: { ");
      yaml.append("a".repeat(20)).append(": {}, b: {} } }\n");
    }
    assertTrue(problems(yaml.toString()).contains("256 characters"));
  }

  @Test
  void labels_ofInterleavedPlaces_haveRoomForWhatStandsForAnArm() {
    String other = "{ arms: { a: {}, b: {} } }";
    int left = ExperimentsReader.MAX_LABEL - 3 * (64 + 3) - (1 + 2);
    assertTrue(left > 11, "three long names and a short one leave " + left);
    StringBuilder long3 = new StringBuilder(BASE + "experiments:\n");
    for (String name : List.of("a", "b", "c")) {
      long3.append("  ").append(name.repeat(64)).append(": ").append(other).append('\n');
    }
    String last = "  %s: { design: %s, arms: { x: {}, y: {} } }\n";
    assertEquals(4, read(long3 + last.formatted("d".repeat(left), "split")).list().size());
    assertTrue(
        problems(long3 + last.formatted("d".repeat(left), "interleaving"))
            .contains("256 characters"));
  }

  @Test
  void testers_ofTwoExperimentsOfALayer_areRefused() {
    String experiments =
        """
        experiments:
          e: { layer: l, share: [0, 0.5], arms: { a: {}, b: {} } }
          f: { layer: l, share: [0.5, 1], arms: { a: {}, b: {} } }
          g: { arms: { a: {}, b: {} } }
        """;
    String message = problems(BASE + experiments + "testers: { t: { e: a, g: b, f: b } }");
    assertTrue(message.contains("testers.t.f"), message);
    assertTrue(message.contains("one experiment of layer l: e is named too"), message);
    assertEquals(
        Map.of("t", Map.of("e", "a", "g", "b"), "s", Map.of("f", "b")),
        read(BASE + experiments + "testers: { t: { e: a, g: b }, s: { f: b } }").testers());
  }

  @Test
  void testers_unknownExperimentOrArm_isNamed() {
    String experiment = "experiments: { e: { arms: { a: {}, b: {} } } }\n";
    assertTrue(problems(BASE + experiment + "testers: { t: { f: a } }").contains("testers.t.f"));
    assertTrue(problems(BASE + experiment + "testers: { t: { e: c } }").contains("one of a, b"));
  }

  @Test
  void range_overlap_isOfInnerPointsOnly() {
    assertFalse(new Range(0, 0.5).overlaps(new Range(0.5, 1)));
    assertTrue(new Range(0, 0.5).overlaps(new Range(0.4, 0.45)));
  }
}
