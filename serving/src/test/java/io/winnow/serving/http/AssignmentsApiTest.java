package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AssignmentsApiTest {
  private static final String FLAGS = "/ofrep/v1/evaluate/flags";

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  private Map<String, JsonNode> assignments(String query) {
    Map<String, JsonNode> byName = new HashMap<>();
    for (JsonNode entry :
        json(server.get("/v1/experiments/assignments?" + query)).get("experiments")) {
      byName.put(entry.get("experiment").textValue(), entry);
    }
    return byName;
  }

  private List<Exposure> exposures() {
    List<Exposure> exposures = new ArrayList<>();
    server.store.replay((_, record) -> {
      if (record instanceof LogRecord.Exposed(Exposure exposure, long _)) {
        exposures.add(exposure);
      }
    });
    return exposures;
  }

  @Test
  void assignments_ofAUser_nameArmsAndWhyThereIsNone() {
    Map<String, JsonNode> all = assignments("user=u1&surface=home&session=s1&context.device=tv");
    assertEquals(0.5, all.get("colours").get("probability").doubleValue());
    assertTrue(all.get("colours").get("counts").booleanValue());
    assertEquals("session", all.get("sessions").get("unit").textValue());
    assertEquals(
        "the experiment is about other requests", all.get("devices").get("reason").textValue());
    assertEquals("the experiment does not run now", all.get("later").get("reason").textValue());
    assertEquals(
        "the experiment cannot be served now", all.get("released").get("reason").textValue());
    assertTrue(assignments("user=u1").get("colours").get("arm").isNull());
    assertEquals(List.of(), exposures(), "reading is not acting");
  }

  @Test
  void assignments_userOfACountry_areByItsAttributes() {
    server.put("/v1/users/u1", "{\"attributes\": {\"country\": \"de\"}}");
    JsonNode devices = assignments("user=u1&context.device=tv").get("devices");
    assertTrue(Set.of("a", "b").contains(devices.get("arm").textValue()));
  }

  @Test
  void expose_whatIsAssigned_isLoggedOnce() {
    String arm = assignments("user=u1&surface=home").get("colours").get("arm").textValue();
    HttpResponse<String> answer =
        server.post(
            "/v1/experiments/colours/exposures",
            "{\"user\": \"u1\", \"surface\": \"home\", \"arm\": \"%s\", \"request_id\": \"mine\"}"
                .formatted(arm));
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(json(answer).get("counts").booleanValue());
    Exposure exposure = exposures().getFirst();
    assertEquals(1, exposures().size());
    assertEquals("colours", exposure.experiment());
    assertEquals(arm, exposure.arm());
    assertEquals("mine", exposure.requestId());
    assertEquals(0.5, exposure.probability());
  }

  @Test
  void expose_somethingElse_isRefusedAndNotLogged() {
    String arm = assignments("user=u1&surface=home").get("colours").get("arm").textValue();
    String other = arm.equals("control") ? "treatment" : "control";
    String body = "{\"user\": \"u1\", \"surface\": \"%s\", \"arm\": \"%s\"}";
    String path = "/v1/experiments/colours/exposures";
    assertEquals(409, server.post(path, body.formatted("home", other)).statusCode());
    assertEquals(409, server.post(path, body.formatted("cart", arm)).statusCode());
    assertEquals(400, server.post(path, "{\"user\": \"u1\"}").statusCode());
    HttpResponse<String> unknown =
        server.post("/v1/experiments/colour/exposures", body.formatted("home", arm));
    assertEquals(404, unknown.statusCode());
    assertTrue(unknown.body().contains("did you mean colours"), unknown.body());
    assertEquals(List.of(), exposures());
  }

  @Test
  void expose_tester_isAnsweredAndNotLogged() {
    HttpResponse<String> answer =
        server.post(
            "/v1/experiments/colours/exposures", "{\"user\": \"tester\", \"arm\": \"treatment\"}");
    assertFalse(json(answer).get("counts").booleanValue());
    assertEquals(List.of(), exposures());
  }

  @Test
  void expose_decidedBefore_isLoggedAsOfThen() {
    JsonNode read = json(server.get("/v1/experiments/assignments?user=u1&surface=home"));
    long decidedMs = read.get("decided_ms").longValue();
    String arm = assignments("user=u1&surface=home").get("colours").get("arm").textValue();
    String body =
        "{\"user\": \"u1\", \"surface\": \"home\", \"arm\": \"" + arm + "\", \"decided_ms\": %s}";
    String path = "/v1/experiments/colours/exposures";
    assertEquals(200, server.post(path, body.formatted(decidedMs - 600_000)).statusCode());
    for (String wrong :
        List.of("" + (decidedMs - 600_001), "" + (decidedMs + 10_001), "1e30", "\"now\"")) {
      HttpResponse<String> refused = server.post(path, body.formatted(wrong));
      assertEquals(400, refused.statusCode(), refused.body());
      assertTrue(refused.body().contains("decided_ms"), refused.body());
    }
    List<Long> times = new ArrayList<>();
    server.store.replay((_, record) -> times.add(record.timeMs()));
    assertEquals(List.of(decidedMs - 600_000), times);
  }

  @Test
  void expose_holdout_isTheSideThatTheUserIsOn() {
    Set<String> sides = new TreeSet<>();
    for (int user = 0; user < 40; user++) {
      String side =
          json(server.get("/v1/experiments/assignments?user=u" + user)).get("holdout").textValue();
      String body = "{\"user\": \"u%d\", \"arm\": \"%s\"}";
      String path = "/v1/experiments/holdout/exposures";
      assertEquals(200, server.post(path, body.formatted(user, side)).statusCode());
      String other = side.equals("open") ? "held_out" : "open";
      assertEquals(409, server.post(path, body.formatted(user, other)).statusCode());
      sides.add(side);
    }
    assertEquals(Set.of("held_out", "open"), sides);
    assertEquals(40, exposures().size());
    for (Exposure exposure : exposures()) {
      assertEquals("holdout", exposure.experiment());
      assertEquals(100_000, exposure.run(), "the share in millionths");
      assertEquals(exposure.arm().equals("open") ? 0.9 : 0.1, exposure.probability(), 1e-9);
    }
    HttpResponse<String> near =
        server.post("/v1/experiments/holdouts/exposures", "{\"user\": \"u1\", \"arm\": \"open\"}");
    assertTrue(near.body().contains("did you mean holdout"), near.body());
  }

  @Test
  void ofrep_oneFlag_isTheArm() {
    Map<String, JsonNode> assigned = assignments("user=u7&surface=home&session=s3");
    for (String name : List.of("i", "colours", "sessions")) {
      JsonNode flag =
          json(
              server.post(
                  FLAGS + "/" + name,
                  """
                  {"context": {"targetingKey": "u7", "surface": "home", "session": "s3",
                    "unrelated": {"deep": [1]}}}\
                  """));
      assertEquals(name, flag.get("key").textValue());
      assertEquals(assigned.get(name).get("arm").textValue(), flag.get("value").textValue());
      assertEquals(flag.get("value"), flag.get("variant"));
      assertEquals("SPLIT", flag.get("reason").textValue());
      assertEquals(0.5, flag.get("metadata").get("probability").doubleValue());
    }
  }

  @Test
  void ofrep_allFlags_haveTheirReasons() {
    JsonNode flags =
        json(server.post(
                FLAGS, "{\"context\": {\"targetingKey\": \"tester\", \"context.device\": \"tv\"}}"))
            .get("flags");
    Map<String, String> reasons = new HashMap<>();
    Set<String> values = new TreeSet<>();
    for (JsonNode flag : flags) {
      reasons.put(flag.get("key").textValue(), flag.get("reason").textValue());
      if (!flag.get("reason").textValue().equals("SPLIT")) {
        values.add(flag.get("value").textValue());
      }
    }
    assertEquals("STATIC", reasons.get("colours"));
    assertEquals("DEFAULT", reasons.get("devices"));
    assertEquals("DEFAULT", reasons.get("sessions"));
    assertEquals("DISABLED", reasons.get("later"));
    assertEquals("DISABLED", reasons.get("released"));
    assertEquals(Set.of("default", "treatment"), values);
  }

  @Test
  void ofrep_whatIsWrong_isSaidInItsWords() {
    String context = "{\"context\": {\"targetingKey\": \"u1\"}}";
    assertRefused(404, "FLAG_NOT_FOUND", server.post(FLAGS + "/none", context));
    assertRefused(400, "TARGETING_KEY_MISSING", server.post(FLAGS + "/i", "{\"context\": {}}"));
    assertRefused(400, "TARGETING_KEY_MISSING", server.post(FLAGS, "{}"));
    assertRefused(400, "INVALID_CONTEXT", server.post(FLAGS + "/i", "{\"context\": 5}"));
    assertRefused(
        400,
        "INVALID_CONTEXT",
        server.post(FLAGS + "/i", "{\"context\": {\"targetingKey\": \"a\\u0000\"}}"));
    assertRefused(400, "PARSE_ERROR", server.post(FLAGS + "/i", "{"));
  }

  private static void assertRefused(int status, String code, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode(), answer.body());
    assertEquals(code, json(answer).get("errorCode").textValue());
    assertFalse(json(answer).get("errorDetails").textValue().isEmpty());
  }
}
