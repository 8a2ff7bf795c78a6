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
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Slates of all users, into files of one JSON object a line, for mails and caches. Nothing is
 * logged as shown: whoever shows them sends the impressions. A folder appears when it is whole; an
 * attempt goes on behind the whole parts that an earlier one of the same key left, unless another
 * release serves by then.
 */
final class BatchJob implements Job {
  private static final int ITEMS = 20;

  /** Users of a part: what is lost at most when an attempt ends. */
  private static final int PART_USERS = 10_000;

  private static final int USERS_MAX = 20_000_000;
  private static final int CHECK_EVERY = 256;

  /** Users whom a thread works on at a time. */
  private static final int SHARE_USERS = 64;

  private static final Duration RETRIEVAL = Duration.ofSeconds(10);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Node node;
  private final int partUsers;

  BatchJob(Node node) {
    this(node, PART_USERS);
  }

  /**
   * @param partUsers users of a part
   */
  BatchJob(Node node, int partUsers) {
    this.node = node;
    this.partUsers = partUsers;
  }

  @Override
  public JobRun.Outcome run(JobContext context) throws InterruptedException {
    JobRun.Order order = context.run().order();
    String key = context.run().key();
    BatchFolder folder =
        new BatchFolder(
            order
                .option("folder")
                .map(Path::of)
                .orElseGet(() -> node.data().batch().resolve(BatchFolder.name(key)))
                .toAbsolutePath()
                .normalize());
    int items = Integer.parseInt(order.option("items").orElse(String.valueOf(ITEMS)));
    RequestStages release = node.pipeline().served().active();
    try {
      if (folder.isWhole(key)) {
        return JobRun.Outcome.of(
            "The folder is there already, whole.", Map.of("folder", folder.target().toString()));
      }
      BatchFolder.Marker batch =
          folder.begin(
              new BatchFolder.Marker(key, release.version(), items, node.log().endOffset()));
      List<UserId> users = List.copyOf(users(batch.toOffset(), context));
      write(release, users, items, folder, context);
      folder.publish();
      return JobRun.Outcome.of(
          "Slates of %,d users by release %s.".formatted(users.size(), release.version()),
          Map.of(
              "folder", folder.target().toString(),
              "users", String.valueOf(users.size()),
              "release", release.version()));
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + folder.staging() + ": " + e.getMessage(), e);
    }
  }

  /** Everybody who did anything, in the order in which they came: a later attempt counts alike. */
  private Set<UserId> users(long toOffset, JobContext context) {
    Set<UserId> users = new LinkedHashSet<>();
    node.log()
        .replay(
            0,
            toOffset,
            (offset, record) -> {
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
                    "batch: more than %,d users (expected: at most that many)"
                        .formatted(USERS_MAX));
              }
            });
    return users;
  }

  private void write(
      RequestStages release, List<UserId> users, int items, BatchFolder folder, JobContext context)
      throws IOException, InterruptedException {
    long timeMs = node.requestClock().nowMs();
    // The other half of the cores goes on answering.
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    try (ExecutorService workers =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("winnow-batch-", 0).factory())) {
      for (int from = 0; from < users.size(); from += partUsers) {
        int part = from / partUsers;
        if (folder.hasPart(part)) {
          context.log("part %d is there from an earlier attempt".formatted(part));
          continue;
        }
        context.log("%,d of %,d users".formatted(from, users.size()));
        List<UserId> those = users.subList(from, Math.min(from + partUsers, users.size()));
        try (BufferedWriter out = Files.newBufferedWriter(folder.open(part))) {
          for (int at = 0; at < those.size(); at += threads * SHARE_USERS) {
            context.check();
            List<Callable<String>> shares = new ArrayList<>();
            int end = Math.min(at + threads * SHARE_USERS, those.size());
            for (int i = at; i < end; i += SHARE_USERS) {
              List<UserId> share = those.subList(i, Math.min(i + SHARE_USERS, end));
              shares.add(() -> lines(release, share, items, timeMs));
            }
            for (Future<String> lines : workers.invokeAll(shares)) {
              out.write(result(lines));
            }
          }
        }
        folder.close(part);
      }
    }
  }

  private static String result(Future<String> lines) throws IOException, InterruptedException {
    try {
      return lines.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException failure -> throw failure;
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  private static String lines(RequestStages release, List<UserId> users, int items, long timeMs)
      throws IOException {
    StringBuilder lines = new StringBuilder();
    for (UserId user : users) {
      lines.append(line(release, user, items, timeMs)).append('\n');
    }
    return lines.toString();
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
}
