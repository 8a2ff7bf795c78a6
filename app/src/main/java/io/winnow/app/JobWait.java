package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.lifecycle.jobs.JobState;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Waits for the end of a run that a server carries out, and gives up where none is there that could
 * begin it.
 *
 * @param hasServer whether a server is there
 * @param clock measures the patience
 * @param patience how long a run may be queued without a server
 * @param poll how often to look
 */
record JobWait(BooleanSupplier hasServer, TimeSource clock, Duration patience, Duration poll) {
  private static final int LINES = 500;

  /**
   * Waits. While the database does not answer, it waits on.
   *
   * @param lines takes those of the run's log as they come
   * @return the run at its end, or as it is queued
   */
  JobRun await(JobQueue queue, String id, Consumer<JobQueue.Line> lines)
      throws InterruptedException {
    JobRun run = queue.get(id);
    long servedMs = clock.nowMs();
    int seen = 0;
    while (true) {
      try {
        run = queue.get(id);
        List<JobQueue.Line> next = queue.lines(id, seen, LINES);
        while (!next.isEmpty()) {
          next.forEach(lines);
          seen = next.getLast().number();
          next = queue.lines(id, seen, LINES);
        }
        if (run.state().isEnd()) {
          return run;
        }
        if (run.state() != JobState.QUEUED || hasServer.getAsBoolean()) {
          servedMs = clock.nowMs();
        } else if (clock.nowMs() - servedMs >= patience.toMillis()) {
          return run;
        }
      } catch (WinnowException e) {
        if (e.code() != ErrorCode.UNAVAILABLE) {
          throw e;
        }
      }
      Thread.sleep(poll);
    }
  }
}
