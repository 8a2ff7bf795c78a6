package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ExperimentsApiTest {
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  private void expose(String experiment, int users) {
    List<LogRecord> records = new ArrayList<>();
    for (int u = 0; u < users; u++) {
      records.add(
          new LogRecord.Exposed(
              new Exposure(
                  "r" + u,
                  new UserId("u" + u),
                  "u" + u,
                  experiment,
                  1,
                  u % 2 == 0 ? "control" : "treatment",
                  0.5,
                  Map.of()),
              TestServer.NOW_MS - 1000));
    }
    server.store.append(records);
  }

  /** Asks until the report is computed, which the answer says. */
  private HttpResponse<String> computed(String path) {
    HttpResponse<String> answer = server.get(path);
    for (int i = 0; i < 30 && answer.statusCode() == 202; i++) {
      answer = server.get(path);
    }
    return answer;
  }

  @Test
  void list_allExperiments_withWhetherTheyAreServedAndTheHoldout() {
    HttpResponse<String> answer = server.get("/v1/experiments");
    assertEquals(200, answer.statusCode());
    JsonNode list = TestServer.json(answer).get("experiments");
    assertEquals(7, list.size());
    assertEquals("colours", list.get(1).get("experiment").asText());
    assertEquals("running", list.get(1).get("status").asText());
    assertTrue(list.get(1).get("served").asBoolean());
    assertEquals("waiting", list.get(4).get("status").asText());
    assertFalse(list.get(5).get("served").asBoolean());
    assertTrue(list.get(5).get("not_served_because").asText().contains("gone"));
    assertEquals("holdout", list.get(6).get("experiment").asText());
  }

  @Test
  void report_fromTheLog_asJsonWithOffsetAndTime() {
    expose("colours", 40);
    HttpResponse<String> answer = computed("/v1/experiments/colours");
    assertEquals(200, answer.statusCode(), answer.body());
    JsonNode report = TestServer.json(answer);
    assertEquals(server.store.endOffset(), report.get("to_offset").asLong());
    assertEquals("2026-03-01T12:00:00Z", report.get("as_of").asText());
    assertEquals("go_on", report.get("decision").get("verdict").asText());
    assertEquals(20, report.get("arms").get(0).get("units").asInt());
    assertTrue(report.get("decision").get("what_could_be_wrong").size() > 0);
  }

  @Test
  void page_fromTheLog_isSelfContainedHtml() {
    expose("colours", 40);
    HttpResponse<String> answer = computed("/v1/experiments/colours/report");
    assertEquals(200, answer.statusCode());
    assertEquals("text/html; charset=utf-8", answer.headers().firstValue("Content-Type").orElse(""));
    assertTrue(
        answer.headers().firstValue("Content-Security-Policy").orElse("").contains("default-src 'none'"));
    assertTrue(answer.body().contains("<h1>colours</h1>"));
  }

  @Test
  void report_unknownExperiment_isNotFoundWithTheNearest() {
    HttpResponse<String> answer = server.get("/v1/experiments/colors");
    assertEquals(404, answer.statusCode());
    assertTrue(answer.body().contains("did you mean colours?"), answer.body());
  }

  @Test
  void report_holdout_isAnExperimentToo() {
    HttpResponse<String> answer = computed("/v1/experiments/holdout");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("waiting", TestServer.json(answer).get("status").asText());
  }
}
