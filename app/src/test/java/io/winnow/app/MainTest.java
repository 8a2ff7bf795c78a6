package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.application.Presets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MainTest {
  @TempDir private Path folder;

  private String file(String text) throws Exception {
    Path file = folder.resolve("winnow.yaml");
    Files.writeString(file, text);
    return file.toString();
  }

  @Test
  void validate_goodFile_saysWhatItHolds() throws Exception {
    CommandRun outcome =
        run(Map.of(), "validate", file("{ application: a, events: [click, like] }"));
    assertEquals(0, outcome.code(), outcome.err());
    assertTrue(outcome.out().startsWith("a: valid, 2 event types"), outcome.out());
    assertEquals("", outcome.err());
  }

  @Test
  void validate_badFile_printsEveryProblemToStandardError() throws Exception {
    CommandRun outcome =
        run(Map.of(), "validate", file("application: 7\nevents: [click]\nserving: { slat: 3 }\n"));
    assertEquals(2, outcome.code());
    assertEquals("", outcome.out());
    assertEquals(2, outcome.err().lines().count(), outcome.err());
    assertTrue(
        outcome
            .err()
            .contains(
                "winnow.yaml:3: serving.slat: unknown key (expected: one of deadline, slate;"
                    + " did you mean 'slate'?)"),
        outcome.err());
  }

  @Test
  void validate_json_isOneObjectEitherWay() throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    CommandRun good = run(Map.of(), "validate", "--json", "--preset", "shop");
    JsonNode valid = mapper.readTree(good.out());
    assertEquals(0, good.code());
    assertTrue(valid.get("valid").booleanValue());
    assertEquals("shop", valid.get("application").textValue());
    assertTrue(valid.get("features").size() > 20);

    CommandRun bad = run(Map.of(), "validate", "--json", file("application: a\nevnts: [click]\n"));
    JsonNode invalid = mapper.readTree(bad.out());
    assertEquals(2, bad.code());
    assertFalse(invalid.get("valid").booleanValue());
    assertEquals("evnts", invalid.at("/problems/0/field").textValue());
    assertEquals("winnow.yaml:2", invalid.at("/problems/0/location").textValue());
    assertEquals("", bad.err());

    CommandRun missing = run(Map.of(), "validate", "--json", folder.resolve("none").toString());
    assertEquals(2, missing.code());
    assertEquals("NOT_FOUND", mapper.readTree(missing.out()).get("code").textValue());
  }

  @Test
  void validate_enginesAndBounds_areToldWithoutPasswords() throws Exception {
    String text =
        """
        application: a
        events: [click]
        features: { user: { clicks: count(click) over 1d }, item: { age: since(click) } }
        feature_store: { views: { item: { ttl: 2d } }, audit: { sample: 0.005 } }
        """;
    Map<String, String> environment =
        Map.of(
            "WINNOW_ENGINES_LOG", "kafka://broker:9092/events",
            "WINNOW_ENGINES_FEATURES", "redis://ada:secret@cache");
    CommandRun told = run(environment, "validate", file(text));
    assertEquals(0, told.code());
    assertEquals(
        "a: valid, 1 event types, 2 features of 2 entities, 1 objectives, 6 metrics, 0 experiments; log"
            + " kafka://broker:9092/events, features redis://***@cache:6379/0?prefix=a, registry"
            + " embedded; audit of 0.5 % of requests",
        told.out().strip());
    JsonNode json =
        new ObjectMapper().readTree(run(environment, "validate", "--json", file(text)).out());
    assertEquals("redis://***@cache:6379/0?prefix=a", json.at("/engines/features").textValue());
    assertEquals("kafka://broker:9092/events", json.at("/engines/log").textValue());
    assertEquals(172_800, json.at("/feature_store/views/item/ttl_seconds").longValue());
    assertEquals(0.005, json.at("/feature_store/audit/sample").doubleValue());
  }

  @Test
  void validate_environment_isChecked() {
    CommandRun outcome =
        run(Map.of("WINNOW_SERVING_DEADLINE", "soon"), "validate", "--preset", "shorts");
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains("environment WINNOW_SERVING_DEADLINE"), outcome.err());
  }

  @Test
  void validate_print_givesTheTextToStartFrom() {
    CommandRun outcome = run(Map.of(), "validate", "--preset", "video", "--print");
    assertEquals(0, outcome.code());
    assertEquals(Presets.text("video"), outcome.out());
  }

  @Test
  void validate_schema_isJson() throws Exception {
    CommandRun outcome = run(Map.of(), "validate", "--schema");
    assertEquals(0, outcome.code());
    assertTrue(new ObjectMapper().readTree(outcome.out()).has("$schema"));
  }

  @Test
  void run_wrongArguments_exitsWithTwoAndTheUsage() {
    for (String[] args :
        new String[][] {{}, {"validat"}, {"validate"}, {"validate", "a", "--preset", "b"}}) {
      CommandRun outcome = run(Map.of(), args);
      assertEquals(2, outcome.code(), String.join(" ", args));
      assertFalse(outcome.err().isBlank());
      assertEquals("", outcome.out());
    }
  }

  @Test
  void help_documentsExitCodes() {
    CommandRun outcome = run(Map.of(), "--help");
    assertEquals(0, outcome.code());
    for (ExitCode code : ExitCode.values()) {
      assertTrue(outcome.out().contains("  " + code.value() + "   "), outcome.out());
    }
  }

  @Test
  void exitCode_everyErrorCode_saysWhoCanMendIt() {
    assertEquals(ExitCode.INPUT, ExitCode.of(ErrorCode.NOT_FOUND));
    assertEquals(ExitCode.CAPACITY, ExitCode.of(ErrorCode.OVERLOADED));
    assertEquals(ExitCode.DEPENDENCY, ExitCode.of(ErrorCode.CORRUPT));
    assertEquals(ExitCode.DEFECT, ExitCode.of(ErrorCode.INTERNAL));
  }

  @Test
  void bench_unknownName_listsTheKnownOnes() {
    CommandRun outcome = run(Map.of(), "bench", "serv", "--kills", "3");
    assertEquals(2, outcome.code());
    for (String expected :
        java.util.List.of(
            "serv",
            "crash, features, serving, log, ann, training, ranker, experiments, malformed")) {
      assertTrue(outcome.err().contains(expected), outcome.err());
    }
    assertEquals(2, run(Map.of(), "bench").code());
    assertEquals(2, run(Map.of(), "bench", "features", "--only", "looks").code());
    assertEquals(2, run(Map.of(), "bench", "serving").code());
    assertEquals(2, run(Map.of(), "bench", "training", "--only", "looks").code());
    assertEquals(2, run(Map.of(), "bench", "training", "--dataset", "no/such").code());
  }

  @Test
  void bench_asJson_printsOneObjectWithFigures() throws Exception {
    CommandRun outcome =
        run(Map.of(), "bench", "ann", "--items", "500", "--queries", "2", "--json");
    assertEquals(0, outcome.code(), outcome.err());
    JsonNode json = new ObjectMapper().readTree(outcome.out());
    assertEquals("ann", json.get("bench").textValue());
    JsonNode recall = json.get("figures").get("clustered.all.recall_at_100");
    assertEquals(1, recall.get("value").intValue());
    assertEquals(">= 0.9500", recall.get("goal").textValue());
    assertTrue(recall.get("holds").booleanValue());
  }
}
