package io.winnow.serving.http;

import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.triggers.TriggerReading;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Orders jobs and tells what became of them. Thread-safe. Every method throws {@link
 * io.winnow.core.WinnowException} with {@code UNAVAILABLE} where the database does not answer.
 */
public interface JobControl {
  /**
   * Orders work; the same key is the same work, never done twice.
   *
   * @param key empty for work of its own
   * @param reason a sentence
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} for an option that the
   *     work does not have
   */
  JobRun order(JobKind kind, String key, String reason, Map<String, String> options);

  /** The newest runs, newest first. */
  List<JobRun> list(@Nullable JobKind kind, int limit);

  /**
   * One run.
   *
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND}
   */
  JobRun get(String id);

  /** The lines of a run's log behind a number. */
  List<JobQueue.Line> lines(String id, int after, int limit);

  /**
   * Ends a run.
   *
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND}, or {@code CONFLICT} if it is at
   *     its end
   */
  JobRun cancel(String id);

  /** How far each trigger is; empty before there is a champion. */
  List<TriggerReading> triggers();
}
