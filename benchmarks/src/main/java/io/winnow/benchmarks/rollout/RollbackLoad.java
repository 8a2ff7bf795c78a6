package io.winnow.benchmarks.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.UserId;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks a server for slates at a constant rate, whether it keeps up or not, and gives an order in
 * the midst of it.
 */
public final class RollbackLoad {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final URI server;
  private final double rate;
  private final List<UserId> users;

  /**
   * @param rate requests a second
   * @param users ask in turn
   */
  public RollbackLoad(URI server, double rate, List<UserId> users) {
    this.server = server;
    this.rate = rate;
    this.users = List.copyOf(users);
  }

  /**
   * An answer.
   *
   * @param sentNanos when it was asked for, from the order on; negative before it
   * @param doneNanos when it was there
   * @param release that answered; empty where there was no answer
   * @param requestId of the slate
   */
  public record Answer(long sentNanos, long doneNanos, String release, String requestId) {
    /** Whether there was none. */
    public boolean isFailed() {
      return release.isEmpty();
    }
  }

  /**
   * What came of it.
   *
   * @param orderNanos how long the order took
   * @param answers in the order in which they were asked for
   */
  public record Result(long orderNanos, List<Answer> answers) {
    /** Copies the list. */
    public Result {
      answers = List.copyOf(answers);
    }

    /** How many were not answered. */
    public long failed() {
      return answers.stream().filter(Answer::isFailed).count();
    }

    /**
     * From the order to the last answer of a release, in milliseconds; 0 if it gave none after the
     * order.
     */
    public double lastAnswerMs(String release) {
      return answers.stream()
              .filter(answer -> answer.release().equals(release))
              .mapToLong(answer -> Math.max(0, answer.doneNanos()))
              .max()
              .orElse(0)
          / 1e6;
    }

    /** From the order to the first answer of a release; NaN if there was none. */
    public double firstAnswerMs(String release) {
      return answers.stream()
          .filter(answer -> answer.release().equals(release) && answer.doneNanos() > 0)
          .mapToLong(Answer::doneNanos)
          .min()
          .stream()
          .mapToDouble(nanos -> nanos / 1e6)
          .findFirst()
          .orElse(Double.NaN);
    }
  }

  /**
   * Runs it.
   *
   * @param before requests until the order is given
   * @param after requests from then on
   * @param order runs beside the load
   */
  public Result run(int before, int after, Runnable order) {
    Answer[] answers = new Answer[before + after];
    long start = System.nanoTime() + 50_000_000;
    long orderAt = start + (long) (before * 1e9 / rate);
    long[] orderNanos = new long[1];
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
      senders.execute(() -> {
        awaitTime(orderAt);
        long began = System.nanoTime();
        order.run();
        orderNanos[0] = System.nanoTime() - began;
      });
      for (int i = 0; i < answers.length; i++) {
        awaitTime(start + (long) (i * 1e9 / rate));
        int at = i;
        senders.execute(() -> answers[at] = ask(client, users.get(at % users.size()), orderAt));
      }
    }
    return new Result(orderNanos[0], Arrays.asList(answers));
  }

  private static void awaitTime(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private Answer ask(HttpClient client, UserId user, long orderAt) {
    long sent = System.nanoTime() - orderAt;
    String release = "";
    String requestId = "";
    try {
      HttpResponse<byte[]> response =
          client.send(
              HttpRequest.newBuilder(
                      URI.create(
                          server
                              + "/v1/recommendations?user="
                              + URLEncoder.encode(user.value(), StandardCharsets.UTF_8)))
                  .timeout(TIMEOUT)
                  .GET()
                  .build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() / 100 == 2) {
        JsonNode slate = JSON.readTree(response.body());
        release = slate.path("release").asText("");
        requestId = slate.path("request_id").asText("");
      }
    } catch (IOException _) {
      // Refused, broken off or timed out: no release answered.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return new Answer(sent, System.nanoTime() - orderAt, release, requestId);
  }
}
