package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenApiTest {
  private static final List<String> METHODS = List.of("GET", "PUT", "POST", "DELETE", "PATCH");

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void document_andServer_knowTheSameCalls() {
    Set<String> documented = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path :
        json(server.get("/openapi.json")).get("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        documented.add(operation.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey());
      }
    }
    assertEquals(
        Set.of(
            "POST /v1/events",
            "GET /v1/items/{id}",
            "PUT /v1/items/{id}",
            "DELETE /v1/items/{id}",
            "GET /v1/users/{id}",
            "PUT /v1/users/{id}",
            "GET /v1/recommendations",
            "POST /v1/recommendations",
            "GET /v1/items/{id}/similar",
            "GET /v1/features",
            "POST /v1/features",
            "GET /v1/monitoring/features",
            "GET /v1/releases",
            "POST /v1/releases/rollback",
            "GET /v1/rollout",
            "POST /v1/rollout",
            "DELETE /v1/rollout",
            "GET /v1/jobs",
            "POST /v1/jobs",
            "GET /v1/jobs/{id}",
            "DELETE /v1/jobs/{id}",
            "GET /v1/triggers",
            "GET /v1/experiments",
            "GET /v1/experiments/{name}",
            "GET /v1/experiments/{name}/report",
            "GET /v1/experiments/assignments",
            "POST /v1/experiments/{name}/exposures",
            "POST /ofrep/v1/evaluate/flags",
            "POST /ofrep/v1/evaluate/flags/{key}",
            "GET /v1/application",
            "PUT /v1/application",
            "GET /health/live",
            "GET /health/ready",
            "GET /metrics",
            "GET /openapi.json",
            "GET /docs",
            "GET /"),
        documented);
    Set<String> paths = new TreeSet<>();
    documented.forEach(call -> paths.add(call.substring(call.indexOf(' ') + 1)));
    for (String path : paths) {
      for (String method : METHODS) {
        int status =
            server.send(method, path.replaceAll("\\{[a-z]+\\}", "i"), null, null).statusCode();
        assertEquals(
            documented.contains(method + " " + path), status != 405, method + " " + path + status);
      }
    }
  }

  @Test
  void document_examples_areAccepted() {
    JsonNode paths = json(server.get("/openapi.json")).get("paths");
    int tried = 0;
    for (Map.Entry<String, JsonNode> path : paths.properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        JsonNode content = operation.getValue().at("/requestBody/content");
        for (Map.Entry<String, JsonNode> media : content.properties()) {
          HttpResponse<String> response =
              server.send(
                  operation.getKey().toUpperCase(java.util.Locale.ROOT),
                  path.getKey().replaceAll("\\{[a-z]+\\}", "i"),
                  media.getKey(),
                  media.getValue().get("example").textValue());
          assertEquals(
              operation.getValue().get("responses").fieldNames().next(),
              String.valueOf(response.statusCode()),
              response.body());
          assertEquals(2, response.statusCode() / 100);
          tried++;
        }
      }
    }
    assertEquals(18, tried);
  }

  @Test
  void document_parameters_areAccepted() {
    server.put("/v1/items/i", "{}");
    JsonNode parameters =
        json(server.get("/openapi.json")).at("/paths/~1v1~1recommendations/get/parameters");
    StringBuilder query = new StringBuilder("?");
    for (JsonNode parameter : parameters) {
      String value = parameter.at("/schema/type").textValue().equals("integer") ? "5" : "x";
      query.append(parameter.get("name").textValue().replace("*", "anything"));
      query.append('=').append(value).append('&');
    }
    assertTrue(query.indexOf("filter.genres") > 0, query.toString());
    assertTrue(query.indexOf("context.device") > 0, query.toString());
    assertEquals(200, server.get("/v1/recommendations" + query).statusCode());
  }

  @Test
  void document_references_exist() {
    JsonNode document = json(server.get("/openapi.json"));
    List<String> references = document.findValuesAsText("$ref");
    assertFalse(references.isEmpty());
    for (String reference : references) {
      assertTrue(document.at(reference.substring(1)).isObject(), reference);
    }
  }

  @Test
  void docs_page_needsNothingFromElsewhere() {
    HttpResponse<String> page = server.get("/docs");
    assertEquals(200, page.statusCode());
    assertTrue(page.body().contains("openapi.json"));
    assertFalse(
        Pattern.compile("(src|href)=[\"']?(https?:)?//").matcher(page.body()).find(), "external");
    assertTrue(
        page.headers().firstValue("Content-Security-Policy").orElseThrow().contains("'none'"));
  }
}
