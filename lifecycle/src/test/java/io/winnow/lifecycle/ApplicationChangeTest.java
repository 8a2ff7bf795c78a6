package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Problem;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.features.FeatureSchema;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ApplicationChangeTest {
  private static final String TEXT =
      """
      application: clips
      items:
        attributes: { category: string, length: seconds, published: time }
      users:
        attributes: { country: string }
      events: { click: {}, watch: { value: seconds }, rate: { value: stars, required: false } }
      features:
        user: { clicks_1d: count(click) over 1d, watched_1d: sum(watch.value) over 1d }
        user x category: { clicks_7d: count(click) over 7d }
        item: { age: since(published) }
      """;

  private static ApplicationDefinition parse(String text) {
    return ApplicationFile.parse(text, "winnow.yaml", Map.of()).definition();
  }

  private static List<String> refused(String text, boolean released) {
    ApplicationDefinition before = parse(TEXT);
    return ApplicationChange.problems(
            before, parse(text), released ? List.of(FeatureSchema.of(before)) : List.of())
        .stream()
        .map(Problem::field)
        .toList();
  }

  @Test
  void between_namesWhatIsAddedChangedAndRemoved() {
    ApplicationChange change =
        ApplicationChange.between(
            parse(TEXT),
            parse(
                TEXT.replace("clicks_1d: count(click) over 1d", "clicks_1d: count(click) over 2d")
                    .replace("watched_1d: sum(watch", "watched: sum(watch")));
    assertEquals(List.of("user.watched"), names(change.added()));
    assertEquals(List.of("user.watched_1d"), names(change.removed()));
    assertEquals(1, change.changed().size());
    ApplicationChange.Changed changed = change.changed().getFirst();
    assertEquals("user.clicks_1d", changed.before().qualifiedName());
    assertEquals("user.clicks_1d", changed.after().qualifiedName());
    assertEquals(8, changed.before().version().length());
    assertEquals(false, changed.before().version().equals(changed.after().version()));
    assertEquals(
        new ApplicationChange(List.of(), List.of(), List.of()),
        ApplicationChange.between(parse(TEXT), parse(TEXT)));
  }

  private static List<String> names(List<FeatureDefinition> features) {
    return features.stream().map(FeatureDefinition::qualifiedName).toList();
  }

  @Test
  void problems_moreEventsAndAttributes_none() {
    assertEquals(
        List.of(),
        refused(
            TEXT.replace("click: {}", "click: {}, share: {}")
                .replace("length: seconds", "length: seconds, price: number")
                .replace(
                    "rate: { value: stars, required: false }",
                    "rate: { value: stars, required: false }"),
            true));
  }

  @Test
  void problems_whatLoggedRecordsWouldNotFit_isRefused() {
    assertEquals(
        List.of("events.click", "events.watch", "events.rate", "users.attributes.country"),
        refused(
            """
            application: clips
            items:
              attributes: { category: string, length: seconds, published: time }
            users:
              attributes: { country: number }
            events: { watch: {}, rate: { value: stars, required: true } }
            """,
            false));
    assertEquals(List.of("application"), refused(TEXT.replace(": clips", ": films"), false));
  }

  @Test
  void problems_attributeThatIsGone_matterWhereAReleaseReadsThem() {
    String without =
        """
        application: clips
        events: { click: {}, watch: { value: seconds }, rate: { value: stars, required: false } }
        features:
          user: { clicks_1d: count(click) over 1d }
        """;
    assertEquals(List.of(), refused(without, false));
    assertEquals(
        List.of("items.attributes.category", "items.attributes.published"), refused(without, true));
  }

  private static final String TESTED =
      TEXT
          + """
          metrics: { ctr: "ratio(click, impression)", watched: mean(watch.value) }
          experiments:
            first:
              arms: { control: {}, treatment: { reranking: { explore: 0.1 } } }
              primary: ctr
              traffic: 0.1
          """;

  private static List<Problem> problemsOfATest(String from, String to) {
    assertEquals(true, TESTED.contains(from));
    return problemsOfRuns(TESTED, TESTED.replace(from, to));
  }

  /** What is wrong with the experiments that both texts have, in the same run. */
  private static List<Problem> problemsOfRuns(String before, String after) {
    Experiments was = parse(before).operations().experiments();
    Experiments is = parse(after).operations().experiments();
    return is.list().stream()
        .flatMap(next ->
            was.experiment(next.name()).filter(first -> first.run() == next.run()).stream()
                .flatMap(first ->
                    ExperimentChange.problems(ExperimentChange.frozen(first, was), next, is)
                        .stream()))
        .toList();
  }

  private static List<String> refusedInATest(String from, String to) {
    return problemsOfATest(from, to).stream().map(Problem::field).toList();
  }

  @Test
  void problems_experimentThatGoesOn_keepsItsArmsAndItsRule() {
    assertEquals(
        List.of("experiments.first.arms.treatment.reranking.explore"),
        refusedInATest("explore: 0.1", "explore: 0.2"));
    assertEquals(
        List.of("experiments.first.arms.treatment.weight"),
        refusedInATest("treatment: {", "treatment: { weight: 2,"));
    assertEquals(
        List.of("experiments.first.arms"), refusedInATest("control: {}", "control: {}, more: {}"));
    assertEquals(
        List.of("experiments.first.primary"), refusedInATest("primary: ctr", "primary: watched"));
    assertEquals(
        List.of("experiments.first.layer"), refusedInATest("primary", "layer: other\n    primary"));
    assertEquals(
        List.of("experiments.first.looks"),
        refusedInATest("primary", "looks: always\n    primary"));
    assertEquals(
        List.of("experiments.first.minimum_effect"),
        refusedInATest("primary", "minimum_effect: 0.5\n    primary"));
    assertEquals(
        List.of("experiments.first.power"), refusedInATest("primary", "power: 0.5\n    primary"));
    assertEquals(List.of("metrics.ctr"), refusedInATest("ratio(click, imp", "ratio(watch, imp"));
  }

  @Test
  void problems_beginning_isKeptAndTheEndIsNot() {
    // Looks are placed from it, and a bandit's periods are counted from it.
    assertEquals(
        List.of("experiments.first.from"),
        refusedInATest("primary", "from: 2026-12-01\n    primary"));
    assertEquals(List.of(), refusedInATest("primary", "until: 2099-12-01\n    primary"));
  }

  @Test
  void problems_metricOfABandit_isKept() {
    String bandit =
        TESTED.replace(
            "primary: ctr",
            "primary: watched\n    design: bandit\n    bandit: { metric: ctr, period: 1d, floor: 0.1 }");
    List<Problem> problems =
        problemsOfRuns(bandit, bandit.replace("ratio(click, imp", "ratio(watch, imp"));
    assertEquals(List.of("metrics.ctr"), problems.stream().map(Problem::field).toList());
  }

  @Test
  void problems_onlyWhichWayIsBetter_saysBoth() {
    Problem problem =
        problemsOfATest(
                "ctr: \"ratio(click, impression)\"",
                "ctr: { is: \"ratio(click, impression)\", better: lower }")
            .getFirst();
    assertEquals("ratio(click, impression), better: lower", problem.value());
    assertEquals(
        "ratio(click, impression), better: higher, as run 1 of experiment first began; or run: 2,"
            + " which begins anew",
        problem.expectation());
  }

  /** What data folders hold: other words for the same would stop the experiments that run. */
  @Test
  void frozen_texts_areThoseOfEarlierVersions() {
    Experiments experiments = parse(TESTED).operations().experiments();
    assertEquals(
        """
        {unit=user, layer=first, from=absent, design=split, arms=control, treatment, \
        arms.control.weight=1.0, arms.treatment.weight=1.0, \
        arms.treatment.reranking.explore=0.1, primary=ctr, \
        metrics.ctr=ratio(click, impression), better: higher, looks=14, duration=PT336H, \
        alpha=0.05, power=0.8, minimum_effect=0.02, before=PT336H}\
        """,
        ExperimentChange.frozen(experiments.list().getFirst(), experiments).toString());
  }

  @Test
  void problems_experimentThatIsRampedRestartedOrStopped_none() {
    assertEquals(List.of(), refusedInATest("traffic: 0.1", "traffic: 0.5"));
    assertEquals(
        List.of(),
        refusedInATest("primary: ctr", "run: 2\n    primary: watched\n    looks: always"));
    assertEquals(List.of(), refusedInATest("first:", "second:"));
    assertEquals(List.of(), refusedInATest("primary", "secondary: [watched]\n    primary"));
  }
}
