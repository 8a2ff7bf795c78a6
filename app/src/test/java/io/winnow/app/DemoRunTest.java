package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.app.demo.ApiClient;
import io.winnow.app.demo.DemoReport;
import io.winnow.app.demo.Estimate;
import io.winnow.app.demo.LiveUsers;
import io.winnow.app.demo.Percentiles;
import io.winnow.app.demo.ReportText;
import io.winnow.app.demo.Showcase;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.simulator.WorldConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoRunTest {
  private static final int VISITS = 120;

  @TempDir private Path folder;

  private final StringWriter progress = new StringWriter();

  private static TrainerConfig tiny(int minRankerRequests) {
    TrainerConfig defaults = TrainerConfig.defaults(1, 2);
    TrainerConfig.Split split = defaults.split();
    return new TrainerConfig(
        1,
        2,
        new TrainerConfig.Split(0.4, 50, 20, minRankerRequests, 300, split.vectors()),
        defaults.encoder().withLimits(2, 5),
        defaults.encoderRefit().withLimits(1, 5),
        defaults.linear(),
        defaults.ranker().withLimits(1, 5));
  }

  private DemoRun demo(TrainerConfig training) {
    return new DemoRun(
        new DemoRun.Plan(WorldConfig.small(3), 1_768_500_000_000L, training, 0.1),
        new DataFolder(folder),
        DemoRun.application(Map.of()),
        new ConsoleProgress(new PrintWriter(progress)),
        System.currentTimeMillis());
  }

  private static HttpResponse<String> get(String url) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
    }
  }

  @Test
  void demo_ofASmallWorld_showsEveryStageAtWork() throws Exception {
    try (DemoRun run = demo(tiny(10))) {
      run.history();
      DemoRun.Trained trained = run.train();
      run.serve(0);
      run.evaluate(trained);
      run.live(VISITS, 60);
      DemoReport report = run.report();

      assertEquals(List.of(), report.deadStages());
      assertEquals(
          List.of("history", "train", "serve", "evaluate", "live users"),
          report.steps().stream().map(DemoReport.Step::name).toList());
      checkTable(report);
      checkLive(report);
      checkPeople(report);

      String text = ReportText.of(report, run.table().toText());
      for (Showcase.Person person : report.people()) {
        assertTrue(text.contains("User " + person.user()), text);
        assertTrue(text.contains(person.slate().getFirst().reason()), text);
      }
      assertTrue(text.contains("pipeline") && text.contains("p99") && text.contains("lift"), text);
      assertTrue(text.contains("/v1/experiments/exploration/report"), text);

      HttpResponse<String> page = get(report.setting().url() + "/");
      assertEquals(200, page.statusCode());
      assertTrue(page.body().contains("/demo.json"), page.body());
      assertFalse(
          Pattern.compile("(src|href|fetch\\(|url\\()[=\\s\"']*(https?:)?//")
              .matcher(page.body())
              .find(),
          "the page must not ask others for anything");
      HttpResponse<String> tested =
          get(report.setting().url() + "/v1/experiments/exploration/report");
      assertTrue(Set.of(200, 202).contains(tested.statusCode()), tested.body());
      assertTrue(tested.body().contains("exploration"), tested.body());
      long visits = checkNotNull(report.live()).visits();
      run.visit();
      JsonNode json =
          new ObjectMapper().readTree(get(report.setting().url() + "/demo.json").body());
      assertEquals(visits + 1, json.path("live").path("visits").asLong());
      assertEquals(3, json.path("people").size());
      assertTrue(
          json.path("live").path("winnow").path("clicks_per_slate").path("value").isNumber());
    }
  }

  private static <T> T checkNotNull(@Nullable T value) {
    return Objects.requireNonNull(value, "absent from the report");
  }

  private static void checkTable(DemoReport report) {
    DemoReport.Evaluation evaluation = checkNotNull(report.evaluation());
    Set<String> models =
        evaluation.rows().stream().map(DemoReport.Model::model).collect(Collectors.toSet());
    assertTrue(
        models.containsAll(
            Set.of(
                "popularity",
                "popularity_7d",
                "transitions",
                "ease",
                "ials",
                "two_tower",
                "trending",
                "fresh",
                "ranker",
                "pipeline")),
        models.toString());
    assertTrue(evaluation.targets() > 20, evaluation.targets() + " targets");
  }

  private static void checkLive(DemoReport report) {
    LiveUsers.Summary live = checkNotNull(report.live());
    assertEquals(VISITS, live.visits());
    assertEquals(VISITS, live.winnow().slates() + live.popularity().slates());
    assertTrue(live.winnow().slates() > 20 && live.popularity().slates() > 20, live.toString());
    assertTrue(live.winnow().clicks() > 0 && live.popularity().clicks() > 0, live.toString());
    assertTrue(live.references().random() < live.references().oracle(), live.toString());
    assertEquals(live.winnow().slates(), live.latency().count());
    assertTrue(
        live.stages()
            .keySet()
            .containsAll(Set.of("context", "retrieval", "ranking", "reranking", "impressions")),
        live.stages().toString());
  }

  private static void checkPeople(DemoReport report) {
    assertEquals(3, report.people().size());
    assertEquals(3, report.people().stream().map(Showcase.Person::favourite).distinct().count());
    for (Showcase.Person person : report.people()) {
      assertFalse(person.history().isEmpty());
      assertEquals(10, person.slate().size());
      Set<String> had =
          person.history().stream().map(Showcase.Seen::item).collect(Collectors.toSet());
      for (ApiClient.Line line : person.slate()) {
        assertFalse(line.title().isBlank() || line.reason().isBlank(), line.toString());
        assertFalse(line.category().isBlank() || line.source().isBlank(), line.toString());
        assertFalse(had.contains(line.item()), line + " was had");
      }
    }
  }

  @Test
  void train_withoutARanker_fails() {
    try (DemoRun run = demo(tiny(Integer.MAX_VALUE))) {
      run.history();
      WinnowException e = assertThrows(WinnowException.class, run::train);
      assertEquals(ErrorCode.INTERNAL, e.code());
      assertTrue(String.valueOf(e.getMessage()).contains("no ranker"), e.toString());
    }
  }

  @Test
  void deadStages_ofAReportWithADeadStage_namesIt() {
    assertEquals(List.of(), reportWith(Map.of("ranking: deadline", 3L), 12).deadStages());
    assertEquals(
        List.of("ranking: error: in 100 of 100 answers"),
        reportWith(Map.of("ranking: error", 100L), 12).deadStages());
    assertEquals(
        List.of("two_tower: not one item in any slate"), reportWith(Map.of(), 0).deadStages());
  }

  private static DemoReport reportWith(Map<String, Long> degradedStages, long twoTower) {
    Estimate one = new Estimate(1, 1, 1);
    LiveUsers.ArmSummary arm = new LiveUsers.ArmSummary(10, 100, 100, one);
    Map<String, Long> sources = new LinkedHashMap<>();
    sources.put("two_tower", twoTower);
    LiveUsers.Summary live =
        new LiveUsers.Summary(
            200,
            arm,
            arm,
            one,
            new LiveUsers.ReferenceSummary(1, 0, 1),
            List.of(),
            new Percentiles(100, 1, 1, 1, 1),
            Map.of(),
            sources,
            degradedStages.values().stream().mapToLong(Long::longValue).sum(),
            degradedStages,
            List.of());
    return new DemoReport(
        new DemoReport.Setting(1, "", "", "", 0, 0, 0), List.of(), null, null, live, List.of());
  }
}
