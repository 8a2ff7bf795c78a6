package io.winnow.core.application;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ApplicationFileTest {
  private static final String SMALLEST =
      """
      application: courses
      items: { attributes: { topic: string, published: time } }
      events: { open: {}, finish: { value: minutes } }
      """;

  /** The sketch of the design, word for word but for the exclusion. */
  private static final String SKETCH =
      """
      application: shorts
      items:   { attributes: { category: string, creator: string, duration: seconds, published: time } }
      events:  { click: {}, watch: { value: seconds }, like: {} }
      features:
        user:            { watches_1h: count(watch) over 1h, watch_time_7d: sum(watch.value) over 7d, recent: last(50, watch.item) }
        item:            { ctr_1d: rate(click, impression) over 1d, likes_7d: count(like) over 7d, age: since(published) }
        user x category: { watches_30d: count(watch) over 30d }
        request:         { hour: hour_of_day, device: context.device }
      objectives: { click: 1.0, long_view: { when: watch.value >= 30, weight: 2.0 } , like: 3.0 }
      retrieval: { two_tower: 300, item_to_item: 100, trending: 50, fresh: 50 }
      reranking: { diversity: { by: [category, creator], strength: 0.3 }, cap: { creator: 2 }, explore: 0.02, exclude: [watch over 7d] }
      serving:   { deadline: 50ms, slate: 10 }
      retraining: { cadence: 1d, on: [data_drift, concept_drift] }
      """;

  @TempDir private Path folder;

  private static ApplicationDefinition parse(String yaml) {
    return ApplicationFile.parse(yaml, "winnow.yaml", Map.of()).definition();
  }

  private static List<Problem> problems(String yaml, Map<String, String> environment) {
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> ApplicationFile.parse(yaml, "winnow.yaml", environment));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
    return e.problems();
  }

  private static String golden(String yaml) {
    return problems(yaml, Map.of()).stream()
        .map(Problem::toString)
        .collect(Collectors.joining("\n", "", "\n"));
  }

  @Test
  void parse_designSketch_readsEveryPart() {
    ApplicationDefinition shorts = parse(SKETCH);

    assertEquals("shorts", shorts.name());
    assertEquals(9, shorts.features().size());
    EventFilter watch = EventFilter.ofType("watch");
    assertEquals(
        List.of(
            new FeatureDefinition(
                "watches_1h",
                Entity.USER,
                new Aggregation.Count(watch, Window.of(Duration.ofHours(1)))),
            new FeatureDefinition(
                "watch_time_7d",
                Entity.USER,
                new Aggregation.Sum(watch, Window.of(Duration.ofDays(7)))),
            new FeatureDefinition("recent", Entity.USER, new Aggregation.LastItems(watch, 50)),
            new FeatureDefinition(
                "ctr_1d",
                Entity.ITEM,
                new Aggregation.Rate(
                    EventFilter.ofType("click"),
                    EventFilter.ofType("impression"),
                    Window.of(Duration.ofDays(1)),
                    ExpressionParser.DEFAULT_PRIOR,
                    ExpressionParser.DEFAULT_PRIOR_WEIGHT))),
        shorts.features().subList(0, 4));
    assertEquals(new Aggregation.Context("device"), shorts.features().getLast().aggregation());
    assertEquals(
        new Policy.Diversity(List.of("category", "creator"), 0.3),
        shorts.policy().reranking().diversity());
    assertEquals(Map.of("creator", 2), shorts.policy().reranking().caps());
    assertEquals(
        List.of(new Policy.Exclusion(watch, Duration.ofDays(7))),
        shorts.policy().reranking().exclude());
    assertEquals(new Policy.Serving(Duration.ofMillis(50), 10), shorts.policy().serving());
    assertEquals(2.0, shorts.objectives().list().get(1).weight());
    assertEquals(
        new Retraining.Schedule.Every(Duration.ofDays(1)),
        shorts.operations().retraining().schedule());
    assertEquals(2, shorts.operations().retraining().on().size());
  }

  @Test
  void parse_smallestFile_getsDefaults() {
    ApplicationDefinition courses = parse(SMALLEST);

    assertEquals(
        List.of("open", "finish"),
        courses.objectives().list().stream().map(Objectives.Objective::name).toList());
    assertEquals(Duration.ofMinutes(30), courses.objectives().within());
    assertEquals(Duration.ofMillis(50), courses.policy().serving().deadline());
    assertEquals(10, courses.policy().serving().slate());
    assertTrue(courses.policy().retrieval().quotas().containsKey("two_tower"));
    assertEquals(Imports.NONE, courses.imports());
    assertNull(courses.operations().retraining().schedule());
    List<String> names = courses.features().stream().map(FeatureDefinition::qualifiedName).toList();
    for (String expected :
        List.of(
            "user.events_1h",
            "user.events_30d",
            "user.recent",
            "item.events_7d",
            "item.open_rate_7d",
            "item.since_published",
            "user x item.since_last",
            "user x topic.events_30d",
            "request.hour")) {
      assertTrue(names.contains(expected), expected + " in " + names);
    }
    assertEquals(names.size(), names.stream().distinct().count());
    assertEquals(new Schema.EventType("minutes", true), courses.schema().events().get("finish"));
  }

  @Test
  void parse_eventNamedLikeADefaultFeature_keepsNamesUnique() {
    List<String> names =
        parse("{ application: a, events: [events, since_last] }").features().stream()
            .map(FeatureDefinition::qualifiedName)
            .toList();
    assertEquals(names.size(), names.stream().distinct().count());
  }

  @Test
  void parse_manyProblems_reportsEachWithItsPlace() {
    assertEquals(
        """
        winnow.yaml:1: aplication: unknown key (expected: one of application, items, users, events, repeats, features, objectives, outcome_window, retrieval, reranking, serving, retraining, rollout, jobs, metrics, experiments, holdout, testers, feature_store, engines, imports; did you mean 'application'?)
        winnow.yaml:1: application: missing (expected: a single value)
        winnow.yaml:2: items.attributes.category: sting (expected: one of string, strings, number, seconds, time, text; did you mean 'string'?)
        winnow.yaml:3: events.impression: impression (expected: another name: impressions are implied and logged by Winnow)
        winnow.yaml:6: features.user.a: count(wach) over 1h (expected: at column 7, instead of 'wach': an event type or * for any but impressions: one of click, watch, impression; did you mean 'watch'?)
        winnow.yaml:7: features.user.b: sum(click.value) over 7d (expected: at column 11, instead of 'value': an event type that has a value; declare one with events: { click: { value: UNIT } })
        winnow.yaml:8: features.user.c: count(watch) over 7 (expected: at column 19, instead of '7': a window such as 1h or 7d, from 1m to 400d)
        winnow.yaml:9: features.user x genre: user x genre (expected: one of user, item, category, request, or U x I with U of user and I of item, category)
        winnow.yaml:11: features.item.recent: last(5, watch.item) (expected: last(n, EVENT.item) under user)
        winnow.yaml:12: objectives.shares: shares (expected: the name of an event type, or { when: CONDITION, weight: NUMBER }: one of click, watch)
        winnow.yaml:13: retrieval.trendng: unknown key (expected: one of two_tower, item_to_item, ease, ials, trending, popular, fresh, history; did you mean 'trending'?)
        winnow.yaml:13: retrieval.two_tower: many (expected: a whole number from 0 to 2000)
        winnow.yaml:13: retrieval: a mapping with two_tower, trendng (expected: at least one source with a quota above 0: two_tower, item_to_item, ease, ials, trending, popular, fresh, history)
        winnow.yaml:14: reranking.exclude[0]: watched_7d (expected: at column 1, instead of 'watched_7d': an event type or * for any but impressions: one of click, watch, impression)
        winnow.yaml:14: reranking.explore: 0.9 (expected: a number from 0 to 0.5)
        winnow.yaml:15: serving.deadline: 50 (expected: a duration such as 50ms, 30s, 5m, 1h or 7d, from 5ms to 10s)
        winnow.yaml:15: serving.slate: 0 (expected: a whole number from 1 to 100)
        """,
        golden(
            """
            aplication: shorts
            items: { attributes: { category: sting } }
            events: { click: {}, watch: { value: seconds }, impression: {} }
            features:
              user:
                a: count(wach) over 1h
                b: sum(click.value) over 7d
                c: count(watch) over 7
              user x genre: { d: count(watch) over 1d }
              item:
                recent: last(5, watch.item)
            objectives: { shares: 1 }
            retrieval: { two_tower: many, trendng: 50 }
            reranking: { explore: 0.9, exclude: [watched_7d] }
            serving: { deadline: 50, slate: 0 }
            """));
  }

  @Test
  void parse_badImports_reportsEachWithItsPlace() {
    assertEquals(
        """
        winnow.yaml:6: imports.events[0].files[0]: ../secret.csv (expected: a path inside the data set's folder)
        winnow.yaml:8: imports.events[0].map.type: =vew (expected: view; did you mean 'view'?)
        """
            .lines()
            .toList(),
        golden(
                """
                application: a
                events: { view: {} }
                imports:
                  events:
                    -
                      files: [../secret.csv]
                      map:
                        type: =vew
                        user: u
                        item: i
                        time: { column: t, format: epoch_seconds }
                """)
            .lines()
            .sorted()
            .toList());
    String rest =
        golden(
            """
            application: a
            items: { attributes: { title: text } }
            events: { view: {} }
            imports:
              items:
                - files: [i.txt]
                  header: false
                  charset: UTF-99
                  columns: [id, title]
                  where: [price above 3, id > x, 'title =~ (', titel present, title !~ ^The]
                  map:
                    attributes: { titel: title, title: { column: tilte, format: iso } }
              events:
                - map: { user: u, when: t, time: { column: t, format: 'QQQQQQQQ' } }
            """);
    for (String expected :
        List.of(
            "imports.items[0].charset: UTF-99",
            "imports.items[0].where[0]: price above 3 (expected: COLUMN present",
            "imports.items[0].where[1]: id > x (expected: a number behind >)",
            "imports.items[0].where[2]: title =~ ( (expected: a regular expression",
            "imports.items[0].where[3]: titel (expected: a column: one of id, title; did you",
            "imports.items[0].map.id: missing",
            "attributes.titel: unknown key (expected: title; did you mean 'title'?)",
            "attributes.title.format: iso (expected: nothing: only times have a format)",
            "attributes.title.column: tilte",
            "imports.events[0].files: missing",
            "imports.events[0].map.when: unknown key",
            "imports.events[0].map.type: missing",
            "imports.events[0].map.item: missing",
            "time.format: QQQQQQQQ")) {
      assertTrue(rest.contains(expected), expected + "\nin\n" + rest);
    }
  }

  @Test
  void parse_notYaml_namesTheLine() {
    Problem unclosed = problems("application: a\nevents: [click\n", Map.of()).getFirst();
    assertEquals("well-formed YAML", unclosed.expectation());
    assertTrue(unclosed.location().matches("winnow\\.yaml:[23]"), unclosed.location());
    assertTrue(golden("").contains("an application file"));
    assertTrue(golden("- a\n- b\n").contains("a mapping of keys to values"));
    assertTrue(golden("application: a\nevents: [c]\n---\nb: 1\n").contains("one YAML document"));
    assertTrue(golden("application: a\napplication: b\nevents: [c]\n").contains("each key once"));
    assertTrue(golden("application: &a b\nevents: [*a]\n").contains("the value itself"));
    assertTrue(golden("[".repeat(200) + "]".repeat(200)).contains("at most 32 levels"));
    assertTrue(golden("#".repeat(1_000_001)).contains("at most 1000000"));
  }

  @Test
  void parse_wrongShapes_areEachToldOnce() {
    assertEquals(
        """
        winnow.yaml:1: application: a list of 1 (expected: a single value)
        winnow.yaml:3: items: x (expected: a mapping of keys to values)
        winnow.yaml:2: events: click (expected: a mapping of keys to values)
        winnow.yaml:4: features: a list of 1 (expected: a mapping of keys to values)
        winnow.yaml:5: reranking.diversity.by: {} (expected: a list)
        winnow.yaml:6: serving: 50ms (expected: a mapping of keys to values)
        """,
        golden(
            """
            application: [a]
            events: click
            items: x
            features: [count(click) over 1d]
            reranking: { diversity: { by: {} } }
            serving: 50ms
            """));
  }

  @Test
  void parse_moreProblemsThanAnybodyReads_isBounded() {
    StringBuilder yaml = new StringBuilder("application: a\nevents: [c]\n");
    for (int i = 0; i < 1000; i++) {
      yaml.append("key_").append(i).append(": 1\n");
    }
    assertEquals(200, problems(yaml.toString(), Map.of()).size());
  }

  @Test
  void parse_environment_replacesSingleValues() {
    ApplicationDefinition changed =
        ApplicationFile.parse(
                SKETCH,
                "winnow.yaml",
                Map.of(
                    "WINNOW_SERVING_DEADLINE", "40ms",
                    "WINNOW_RETRIEVAL_TWO_TOWER", "200",
                    "WINNOW_RETRIEVAL_EASE", "50",
                    "WINNOW_RERANKING_CAP_CREATOR", "3",
                    "WINNOW_OBJECTIVES_LONG_VIEW_WEIGHT", "2.5",
                    "WINNOW_OUTCOME_WINDOW", "1h",
                    "WINNOW_JAVA_OPTS", "-Xmx1g",
                    "PATH", "/bin"))
            .definition();

    assertEquals(Duration.ofMillis(40), changed.policy().serving().deadline());
    assertEquals(200, changed.policy().retrieval().quotas().get("two_tower"));
    assertEquals(50, changed.policy().retrieval().quotas().get("ease"));
    assertEquals(3, changed.policy().reranking().caps().get("creator"));
    assertEquals(2.5, changed.objectives().list().get(1).weight());
    assertEquals(Duration.ofHours(1), changed.objectives().within());
    assertEquals(
        Duration.ofMillis(30),
        ApplicationFile.parse(SMALLEST, "w", Map.of("WINNOW_SERVING_DEADLINE", "30ms"))
            .definition()
            .policy()
            .serving()
            .deadline());
  }

  @Test
  void parse_environmentWrong_namesTheVariable() {
    List<Problem> problems =
        problems(SMALLEST, Map.of("WINNOW_SERVING_SLATE", "ten", "WINNOW_SERVING_DEDLINE", "40ms"));
    assertEquals(2, problems.size());
    assertEquals("WINNOW_SERVING_DEDLINE", problems.get(0).field());
    assertTrue(problems.get(0).expectation().contains("did you mean 'WINNOW_SERVING_DEADLINE'"));
    assertEquals(
        "environment WINNOW_SERVING_SLATE: serving.slate: ten (expected: a whole number from 1 to"
            + " 100)",
        problems.get(1).toString());
  }

  @Test
  void read_file_keepsItsText() throws Exception {
    Path file = folder.resolve("winnow.yaml");
    Files.writeString(file, SMALLEST);
    ApplicationFile read = ApplicationFile.read(file, Map.of("WINNOW_SERVING_SLATE", "5"));
    assertEquals(SMALLEST, read.text());
    assertEquals(5, read.definition().policy().serving().slate());
    assertEquals(
        10,
        ApplicationFile.parse(read.text(), "release", Map.of())
            .definition()
            .policy()
            .serving()
            .slate());
  }

  @Test
  void read_missingOrNotUtf8_saysSo() throws Exception {
    Path file = folder.resolve("winnow.yaml");
    WinnowException missing =
        assertThrows(WinnowException.class, () -> ApplicationFile.read(file, Map.of()));
    assertEquals(ErrorCode.NOT_FOUND, missing.code());
    Files.write(file, "application: caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
    WinnowException latin =
        assertThrows(WinnowException.class, () -> ApplicationFile.read(file, Map.of()));
    assertEquals("UTF-8 text", latin.problems().getFirst().expectation());
  }
}
