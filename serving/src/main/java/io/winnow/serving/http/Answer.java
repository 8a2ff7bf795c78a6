package io.winnow.serving.http;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What goes back over the wire.
 *
 * @param body owned by the answer
 * @param headers beyond the content type and those that every answer has
 */
record Answer(int status, String contentType, byte[] body, Map<String, String> headers) {
  static final String JSON = "application/json";
  static final String PROBLEM = "application/problem+json";

  static Answer json(byte[] body) {
    return new Answer(200, JSON, body, Map.of());
  }

  static Answer text(String contentType, String body) {
    return new Answer(200, contentType, body.getBytes(StandardCharsets.UTF_8), Map.of());
  }

  Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, contentType, body, more);
  }

  Answer withStatus(int status) {
    return new Answer(status, contentType, body, headers);
  }
}
