package io.winnow.app;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.jobs.Job;
import io.winnow.lifecycle.jobs.JobContext;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.ranking.reranking.Slate.Placed;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Slates of all users, into files of one JSON object a line, for mails and caches. Nothing is
 * logged as shown: whoever shows them sends the impressions. A folder appears when it is whole.
 */
final class BatchJob implements Job {
  private static final int ITEMS = 20;
  private static final int FILE_USERS = 100_000;
  private static final int USERS_MAX = 20_000_000;
  private static final int CHECK_EVERY = 256;
  private static final Duration RETRIEVAL = Duration.ofSeconds(10);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Node node;

  BatchJob(Node node) {
    this.node = node;
  }

  @Override
  public JobRun.Outcome run(JobContext context) {
    JobRun.Order order = context.run().order();
    Path target =
        order
            .option("folder")
            .map(Path::of)
            .orElseGet(() -> node.data().batch().resolve(fileName(context.run().key())))
            .toAbsolutePath();
    if (Files.exists(target)) {
      return JobRun.Outcome.of(
          "The folder is there already, whole.", Map.of("folder", target.toString()));
    }
    int items = Integer.parseInt(order.option("items").orElse(String.valueOf(ITEMS)));
    RequestStages release = node.pipeline().served().active();
    Path staging = target.resolveSibling(StaleFiles.STAGING + target.getFileName());
    try {
      delete(staging);
      Files.createDirectories(staging);
      Set<UserId> users = users(context);
      write(release, users, items, staging, context);
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      return JobRun.Outcome.of(
          "Slates of %,d users by release %s.".formatted(users.size(), release.version()),
          Map.of(
              "folder", target.toString(),
              "users", String.valueOf(users.size()),
              "release", release.version()));
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + staging + ": " + e.getMessage(), e);
    }
  }

  private static String fileName(String key) {
    return key.replaceAll("[^A-Za-z0-9._-]", "_");
  }

  /** Everybody who did anything, in the order in which they came. */
  private Set<UserId> users(JobContext context) {
    Set<UserId> users = new LinkedHashSet<>();
    node.log()
        .replay((offset, record) -> {
          if (offset % CHECK_EVERY == 0) {
            context.check();
          }
          UserId user =
              switch (record) {
                case LogRecord.Happened(Event event) -> event.user();
                case LogRecord.UserPut put -> put.user();
                default -> null;
              };
          if (user != null && users.add(user) && users.size() > USERS_MAX) {
            throw new WinnowException(
                ErrorCode.TOO_LARGE,
                "batch: more than %,d users (expected: at most that many)".formatted(USERS_MAX));
          }
        });
    return users;
  }

  private void write(
      RequestStages release, Set<UserId> users, int items, Path folder, JobContext context)
      throws IOException {
    long timeMs = node.requestClock().nowMs();
    List<UserId> all = List.copyOf(users);
    for (int from = 0; from < all.size(); from += FILE_USERS) {
      context.log("%,d of %,d users".formatted(from, all.size()));
      Path part = folder.resolve("part-%05d.ndjson".formatted(from / FILE_USERS));
      try (BufferedWriter out = Files.newBufferedWriter(part)) {
        for (int i = from; i < Math.min(from + FILE_USERS, all.size()); i++) {
          if (i % CHECK_EVERY == 0) {
            context.check();
          }
          out.write(line(release, all.get(i), items, timeMs));
          out.newLine();
        }
      }
    }
  }

  private static String line(RequestStages release, UserId user, int items, long timeMs)
      throws IOException {
    RequestStages.Moment moment = release.moment(user, Map.of(), _ -> true, timeMs);
    RequestStages.Ranked ranked = release.rank(moment, release.retrieve(moment, RETRIEVAL));
    java.io.StringWriter text = new java.io.StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("user", user.value());
      json.writeStringField("release", release.version());
      json.writeNumberField("as_of_offset", ranked.asOfOffset());
      json.writeArrayFieldStart("items");
      for (Placed placed : release.rerank(moment, ranked, items, user.hashCode()).placed()) {
        json.writeStartObject();
        json.writeStringField("item", release.item(placed.item()).value());
        json.writeNumberField("score", placed.score());
        json.writeNumberField("propensity", placed.propensity());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    return text.toString();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
