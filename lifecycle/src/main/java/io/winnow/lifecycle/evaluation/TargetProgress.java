package io.winnow.lifecycle.evaluation;

import io.winnow.lifecycle.TrainingProgress;
import java.util.concurrent.locks.ReentrantLock;

/** Tells now and then how many targets are answered. Thread-safe. */
final class TargetProgress {
  private static final long EVERY_NANOS = 5_000_000_000L;

  private final TrainingProgress progress;
  private final int targets;
  private final RemainingTime remaining;
  private final ReentrantLock telling = new ReentrantLock();
  private long toldNanos = System.nanoTime();

  TargetProgress(TrainingProgress progress, int targets) {
    this.progress = progress;
    this.targets = targets;
    this.remaining = new RemainingTime(targets);
    progress.step("evaluate", "%,d targets".formatted(targets));
  }

  /** A target is answered. */
  void done() {
    telling.lock();
    try {
      remaining.done();
      long now = System.nanoTime();
      if (now - toldNanos >= EVERY_NANOS) {
        toldNanos = now;
        progress.step(
            "evaluate",
            "%,d of %,d targets%s".formatted(remaining.parts(), targets, remaining.text()));
      }
    } finally {
      telling.unlock();
    }
  }
}
