package io.winnow.app;

import io.winnow.lifecycle.TrainingProgress;
import io.winnow.models.network.Progress;
import java.io.PrintWriter;

/** Shows long work on standard error, a line for each step. */
final class ConsoleProgress implements TrainingProgress {
  private static final long ROWS_EVERY_NANOS = 2_000_000_000L;

  private final PrintWriter err;
  private final long beganNanos = System.nanoTime();
  private String lastStage = "";
  private long lastRowsNanos;

  ConsoleProgress(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void step(String name, String detail) {
    line("%-12s %s".formatted(name, detail));
  }

  @Override
  public void epoch(Progress.Epoch epoch) {
    line(
        "%-12s epoch %d of %d, loss %.4f, %s %.4f, %.0f s left"
            .formatted(
                epoch.model(),
                epoch.epoch(),
                epoch.epochs(),
                epoch.loss(),
                epoch.metricName(),
                epoch.metric(),
                epoch.secondsLeft()));
  }

  @Override
  public void part(Progress.Part part) {
    line(
        "%-12s epoch %d of %d, %.0f %% done, loss %.4f, %.0f s left"
            .formatted(
                part.model(),
                part.epoch(),
                part.epochs(),
                100 * part.share(),
                part.loss(),
                part.secondsLeft()));
  }

  /** How far the reading of a file is; a line now and then. */
  void rows(String stage, long rows) {
    long now = System.nanoTime();
    if (!stage.equals(lastStage) || now - lastRowsNanos >= ROWS_EVERY_NANOS) {
      lastStage = stage;
      lastRowsNanos = now;
      line("%-12s %,d rows".formatted(stage, rows));
    }
  }

  void line(String text) {
    err.printf("%7.1f s  %s%n", (System.nanoTime() - beganNanos) / 1e9, text);
    err.flush();
  }
}
