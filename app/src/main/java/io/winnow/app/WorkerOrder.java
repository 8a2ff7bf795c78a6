package io.winnow.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.features.AuditReport.Count;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a worker process is told, and what it answers: files of a folder of its own.
 *
 * @param run the id of the job's run
 * @param data the data folder
 * @param application its file
 * @param toOffset the log's end when the order was given: nothing behind it is read
 * @param work what to do
 */
record WorkerOrder(String run, String data, String application, long toOffset, Work work) {
  static final String ORDER = "order.json";
  static final String ANSWER = "answer.json";
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /**
   * What to do; one of both.
   *
   * @param training a release to make
   * @param judging a release to judge
   */
  record Work(@Nullable Training training, @Nullable Judging judging) {}

  /**
   * A release to make.
   *
   * @param seed of everything random
   * @param settings file of settings, or null
   * @param parent the release to go on from, or null to begin anew
   * @param insists whether a person said where it begins: it must go on from the parent, else it
   *     begins anew where it cannot; and it may learn from less than the champion did
   * @param champion what serves, or null
   * @param holdout whether the newest outcomes are left out, for the gate
   */
  record Training(
      long seed,
      @Nullable String settings,
      @Nullable String parent,
      boolean insists,
      @Nullable String champion,
      boolean holdout) {}

  /**
   * A release to judge.
   *
   * @param candidate its version
   * @param champion what it is compared with, or null
   * @param audited what the audit of served features counted
   */
  record Judging(String candidate, @Nullable String champion, Map<String, Count> audited) {}

  /**
   * What came of it.
   *
   * @param failure why not, or null
   * @param release the version that was made, or empty
   * @param report of the gate, or null
   */
  record Answer(
      @Nullable Failure failure,
      String release,
      io.winnow.lifecycle.rollout.@Nullable GateReport report) {}

  /**
   * Why it was not done.
   *
   * @param code whose problem it is
   * @param text a sentence
   */
  record Failure(ErrorCode code, String text) {}

  void write(Path folder) {
    write(folder.resolve(ORDER), this);
  }

  static WorkerOrder read(Path folder) {
    return read(folder.resolve(ORDER), WorkerOrder.class);
  }

  /**
   * The order that an earlier attempt of a run left, so that it goes on over the same prefix of the
   * log and its checkpoints fit; empty if the folder is another run's, or what is to be done
   * changed.
   */
  static Optional<WorkerOrder> begun(Path folder, String run, Work work) {
    if (!Files.exists(folder.resolve(ORDER))) {
      return Optional.empty();
    }
    try {
      return Optional.of(read(folder))
          .filter(order -> order.run.equals(run) && order.work.equals(work));
    } catch (WinnowException e) {
      return Optional.empty();
    }
  }

  /**
   * What an earlier attempt of a run was told, with what it came to; empty if it came to nothing,
   * or if the folder is another run's.
   */
  static Optional<Finished> finished(Path folder, String run) {
    if (!Files.exists(folder.resolve(ORDER)) || !Files.exists(folder.resolve(ANSWER))) {
      return Optional.empty();
    }
    try {
      return Optional.of(new Finished(read(folder), read(folder.resolve(ANSWER), Answer.class)))
          .filter(finished -> finished.order.run.equals(run) && finished.answer.failure == null);
    } catch (WinnowException e) {
      return Optional.empty();
    }
  }

  /** An order with its answer. */
  record Finished(WorkerOrder order, Answer answer) {}

  static void answer(Path folder, Answer answer) {
    write(folder.resolve(ANSWER), answer);
  }

  /** The answer, or null if the worker left none. */
  static @Nullable Answer answered(Path folder) {
    Path file = folder.resolve(ANSWER);
    return Files.exists(file) ? read(file, Answer.class) : null;
  }

  private static void write(Path file, Object value) {
    try {
      DataFolder.replace(file, JSON.writeValueAsString(value));
    } catch (IOException e) {
      throw new IllegalStateException("an order that cannot be written as JSON", e);
    }
  }

  private static <T> T read(Path file, Class<T> type) {
    try {
      return JSON.readValue(Files.readAllBytes(file), type);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
