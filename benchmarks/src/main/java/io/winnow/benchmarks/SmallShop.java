package io.winnow.benchmarks;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.random.RandomGenerator;

/**
 * A catalogue and some clicks that a release can be trained on, put through the public interface of
 * a server of the simulator's application.
 */
public final class SmallShop {
  private static final int ITEMS = 80;
  private static final int CATEGORIES = 8;
  private static final int USERS = 60;
  private static final int CLICKS = 3_000;
  private static final int BATCH = 1_000;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private SmallShop() {}

  /** Puts items and sends clicks; users mostly stay within a category. */
  public static void fill(URI server, Seed seed) {
    RandomGenerator random = seed.generator("small shop");
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int item = 0; item < ITEMS; item++) {
        ObjectNode body = JSON.createObjectNode();
        body.putObject("attributes").put("category", "c" + item % CATEGORIES).put("duration", 30);
        send(client, "PUT", URI.create(server + "/v1/items/i" + item), "application/json", body);
      }
      for (int sent = 0; sent < CLICKS; sent += BATCH) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < BATCH; i++) {
          int user = random.nextInt(USERS);
          int item =
              random.nextInt(5) == 0
                  ? random.nextInt(ITEMS)
                  : user % CATEGORIES + CATEGORIES * random.nextInt(ITEMS / CATEGORIES);
          ObjectNode click = JSON.createObjectNode();
          click.put("type", "click").put("user", "u" + user).put("item", "i" + item);
          click.put("time", 1_767_225_600_000L + (sent + i) * 60_000L);
          lines.append(click).append('\n');
        }
        send(client, "POST", URI.create(server + "/v1/events"), "application/x-ndjson", lines);
      }
    }
  }

  private static void send(
      HttpClient client, String method, URI uri, String contentType, Object body) {
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .header("Content-Type", contentType)
            .method(method, BodyPublishers.ofString(body.toString()))
            .build();
    try {
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new WinnowException(
            ErrorCode.INTERNAL, method + " " + uri + " was answered with " + response.body());
      }
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, uri + " does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }
}
