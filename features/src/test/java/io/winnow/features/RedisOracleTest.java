package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.FeatureEngine.Answer;
import io.winnow.features.FeatureEngine.Answers;
import io.winnow.features.GeneratedStreams.Ask;
import io.winnow.features.GeneratedStreams.Case;
import io.winnow.features.OracleCheck.Tally;
import io.winnow.harness.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Users that are written to Redis, read from there, and written again, say what is defined. */
final class RedisOracleTest {
  private static final int CASES = 25;

  private static RedisServer server;

  private int plays;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void redis_tinyCachesAndReopens_equalsOracleBitForBit() {
    Tally tally = new Tally();
    for (int seed = 30_000; seed < 30_000 + CASES; seed++) {
      Case generated = GeneratedStreams.generate(seed, 200);
      Answers redis =
          OracleCheck.assertAgrees(
              generated, OracleCheck.truth(generated), "redis", this::play, tally);
      OracleCheck.assertSame(generated, FeatureEngine.memory().play(generated), redis, "redis");
    }
    assertTrue(tally.values > 1_500 && tally.lists > 10, tally.values + " values");
  }

  /**
   * A server that is opened for each request and holds one user, over workers that hold two; every
   * second request finds all users written, so that they come from Redis whole.
   */
  private Answers play(Case generated) {
    ApplicationDefinition application = generated.application();
    FeaturePlan plan = FeaturePlan.of(application);
    RedisConfig config =
        new RedisConfig(
            server.uri(),
            "play" + plays++,
            new RedisConfig.Reading(1, 10_000, Duration.ofSeconds(30)),
            new RedisConfig.Folding(2, 7, Duration.ofMillis(1), Duration.ofSeconds(1), 20));
    GrowingLog log = new GrowingLog();
    List<Answer> answers = new ArrayList<>();
    try (RedisDatabase database = new RedisDatabase(config, plan.hash());
        RedisWorker worker = new RedisWorker(plan, config, "first", log)) {
      for (Ask ask : generated.asks()) {
        log.append(generated.records().subList((int) log.endOffset(), ask.after()));
        worker.wake();
        if (answers.size() % 2 == 1) {
          Await.until(() ->
              database.await(database.status(), RedisDatabase.PATIENCE).lowest() == ask.after());
        }
        try (RedisOnlineStore store = new RedisOnlineStore(plan, config)) {
          int from = (int) store.appliedOffset();
          store.apply(
              LongStream.range(from, ask.after()).toArray(),
              generated.records().subList(from, ask.after()));
          answers.add(FeatureEngine.answer(store, generated, ask));
          assertEquals(Optional.empty(), store.trouble());
        }
      }
    }
    return new Answers(answers, -1);
  }
}
