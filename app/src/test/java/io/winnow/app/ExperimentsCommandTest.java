package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExperimentsCommandTest {
  private static final long START_MS = Instant.parse("2026-05-28T00:00:00Z").toEpochMilli();
  private static final int USERS = 600;
  private static final String YAML =
      """
      application: shop
      events: { click: {} }
      metrics: { clicks: mean(click), ctr: "ratio(click, slates)" }
      experiments:
        colours:
          from: 2026-05-28
          arms: { control: {}, treatment: {} }
          primary: clicks
          duration: 8d
          looks: 4
        elsewhere: { when: { surface: cart }, arms: { control: {}, treatment: {} } }
      """;

  @TempDir private Path folder;

  /** A log in which the treatment's users click twice as often. */
  @BeforeEach
  void log() throws IOException {
    ApplicationFile application = ApplicationFile.parse(YAML, "winnow.yaml", Map.of());
    DataFolder data = new DataFolder(folder);
    data.keep(application);
    data.setAsOf(START_MS + TimeUnit.DAYS.toMillis(9));
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < USERS; u++) {
      UserId user = new UserId("u" + u);
      long atMs = START_MS + TimeUnit.HOURS.toMillis(1 + u % 40);
      String request = "r" + u;
      records.add(
          new LogRecord.Exposed(
              new Exposure(
                  request,
                  user,
                  user.value(),
                  "colours",
                  1,
                  u % 2 == 0 ? "control" : "treatment",
                  0.5,
                  Map.of()),
              atMs));
      records.add(
          new LogRecord.Happened(
              new Event(
                  request + ":0",
                  Event.IMPRESSION,
                  user,
                  new ItemId("i"),
                  atMs,
                  Double.NaN,
                  request,
                  new Impression(
                      request,
                      0,
                      1,
                      new Impression.Provenance("v1", "colours=control", "popular", 1),
                      0,
                      0,
                      new float[0]))));
      for (int c = 0; c < (1 + u / 2 % 3) * (1 + u % 2); c++) {
        records.add(
            new LogRecord.Happened(
                new Event(
                    request + "c" + c, "click", user, new ItemId("i" + c), atMs + c, Double.NaN)));
      }
    }
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(data.log()),
            application.definition().schema(),
            () -> START_MS + TimeUnit.DAYS.toMillis(9),
            List.of())) {
      assertTrue(
          log.append(records).stream()
              .allMatch(verdict -> verdict.status() == EventLog.Verdict.Status.ACCEPTED));
    }
  }

  private record Ran(int code, String out, String err) {
    JsonNode json() throws IOException {
      return new ObjectMapper().readTree(out);
    }
  }

  private Ran run(String... args) {
    List<String> all = new ArrayList<>(List.of("experiments"));
    all.addAll(List.of(args));
    all.addAll(List.of("--data", folder.toString()));
    CommandRun run = CommandRun.run(all.toArray(new String[0]));
    return new Ran(run.code(), run.out(), run.err());
  }

  @Test
  void report_clearEffect_saysShipOnPaperAndInJson() throws IOException {
    Path page = folder.resolve("report.html");
    Ran text = run("report", "colours", "--html", page.toString());
    assertEquals(0, text.code(), text.err());
    assertTrue(text.out().startsWith("Ship treatment"), text.out());
    assertTrue(text.out().contains("What could be wrong"), text.out());
    assertTrue(Files.readString(page).contains("<h1>colours</h1>"));
    JsonNode json = run("report", "colours", "--json").json();
    assertEquals("ship", json.get("decision").get("verdict").asText());
    assertEquals(
        1, json.get("metrics").get(0).get("comparisons").get(0).get("lift").asDouble(), 1e-9);
  }

  @Test
  void report_asOfAnEarlierTime_waitsForTheFirstLook() throws IOException {
    JsonNode json = run("report", "colours", "--json", "--as-of", "2026-05-29T12:00:00Z").json();
    assertEquals("go_on", json.get("decision").get("verdict").asText());
    assertEquals(0, json.get("looks_due").asInt());
  }

  @Test
  void report_unknown_namesTheNearest() {
    Ran ran = run("report", "colors");
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("did you mean colours?"), ran.err());
  }

  @Test
  void list_showsExposures() throws IOException {
    JsonNode list = run("list", "--json").json().get("experiments");
    assertEquals(2, list.size());
    assertEquals(USERS, list.get(0).get("exposures").asInt());
    assertEquals(0, list.get(1).get("exposures").asInt());
    assertTrue(run("list").out().contains("colours"));
  }

  @Test
  void plan_fromTheLog_needsMoreUsersForASmallerEffect() throws IOException {
    JsonNode large = run("plan", "--effect", "0.2", "--looks", "1", "--json").json();
    JsonNode small = run("plan", "--effect", "0.1", "--looks", "1", "--json").json();
    assertEquals(USERS, large.get("users_seen").asInt());
    // Clicks are 1, 2, 3 in the control and twice that in the treatment.
    assertEquals(3, large.get("baseline").asDouble(), 1e-9);
    assertEquals(
        4.0, small.get("users_needed").asDouble() / large.get("users_needed").asDouble(), 0.05);
    Ran refused = run("plan", "--traffic", "2");
    assertEquals(2, refused.code());
    assertTrue(refused.err().contains("--traffic"), refused.err());
  }

  @Test
  void assign_tellsArmOrWhyNot() throws IOException {
    JsonNode json = run("assign", "--user", "ada", "--json").json();
    JsonNode colours = json.get("experiments").get(0);
    assertTrue(List.of("control", "treatment").contains(colours.get("arm").asText()));
    assertEquals(0.5, colours.get("probability").asDouble(), 1e-12);
    assertTrue(json.get("experiments").get(1).get("reason").asText().contains("other requests"));
    JsonNode there =
        run("assign", "--user", "ada", "--surface", "cart", "--json")
            .json()
            .get("experiments")
            .get(1);
    assertTrue(there.has("arm"));
    assertTrue(run("assign", "--user", "ada").out().contains("not in it"));
  }
}
