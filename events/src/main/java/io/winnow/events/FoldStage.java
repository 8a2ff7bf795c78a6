package io.winnow.events;

import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Feeds the folds with what is on disk, group by group in log order, and acknowledges the callers:
 * in a thread of its own, so that the next group is decided, written and forced meanwhile.
 *
 * <p>One group is being applied and one waits; whoever hands over a third waits, too.
 */
final class FoldStage {
  private final Folds folds;
  private final LongConsumer applied;
  private final Refusal refusal;
  private final SubmissionQueue queue;

  /** An empty one is the last. */
  private final BlockingQueue<Optional<Group>> waiting = new ArrayBlockingQueue<>(1);

  private final Thread thread;

  /** Of a fold; no group behind it is applied. */
  private @Nullable WinnowException failure;

  /**
   * Records that one fsync brought to the disk.
   *
   * @param submissions to acknowledge
   * @param offsets of the records that are new
   * @param endOffset of the log behind them
   */
  record Group(
      List<Submission> submissions, long[] offsets, List<LogRecord> records, long endOffset) {
    void fail(WinnowException why) {
      submissions.forEach(submission -> submission.fail(why));
    }
  }

  /**
   * A stage that is not started.
   *
   * @param applied told of the log's end when it has been applied, before callers are acknowledged
   * @param queue told of each group that is done
   */
  FoldStage(Folds folds, LongConsumer applied, Refusal refusal, SubmissionQueue queue) {
    this.folds = folds;
    this.applied = applied;
    this.refusal = refusal;
    this.queue = queue;
    this.thread = Thread.ofPlatform().name("event-log-folds").daemon().unstarted(this::applyAll);
  }

  void start() {
    thread.start();
  }

  /** Hands a group over, after those before it. */
  void put(Group group) {
    if (folds.all().isEmpty()) {
      // Nothing takes time here, and a change of threads would.
      apply(group);
      return;
    }
    Uninterruptibly.run(() -> waiting.put(Optional.of(group)));
  }

  private void applyAll() {
    Optional<Group> group = Uninterruptibly.get(waiting::take);
    while (group.isPresent()) {
      apply(group.get());
      group = Uninterruptibly.get(waiting::take);
    }
  }

  private void apply(Group group) {
    WinnowException why = failure;
    if (why == null) {
      try {
        folds.apply(group.offsets(), group.records());
        applied.accept(group.endOffset());
        queue.done(group.submissions());
        group.submissions().forEach(Submission::acknowledge);
        return;
      } catch (RuntimeException | Error e) {
        // The records are on disk, but not in every fold: only a replay brings them together.
        why = refusal.refuse("a fold failed; open the log anew", e);
        failure = why;
      }
    }
    queue.done(group.submissions());
    group.fail(why);
  }

  /** Applies what was handed over, then ends. */
  void finish() {
    if (thread.isAlive()) {
      Uninterruptibly.run(() -> waiting.put(Optional.empty()));
      Uninterruptibly.run(thread::join);
    }
  }
}
