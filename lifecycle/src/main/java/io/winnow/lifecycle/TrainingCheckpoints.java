package io.winnow.lifecycle;

import io.winnow.models.encoder.Checkpoints;
import java.nio.file.Path;

/**
 * Where the trainings of one release keep their state, so that the same training goes on after the
 * process was killed. They stay until {@link #remove}: also the outcome of a training that is done,
 * because the release is not.
 */
public final class TrainingCheckpoints {
  private static final long EVERY_MS = 120_000;

  private final Checkpoints first;
  private final Checkpoints refit;

  /**
   * Checkpoints in a folder of their own.
   *
   * @param folder made when there is something to keep
   */
  public TrainingCheckpoints(Path folder) {
    this.first = new Checkpoints(folder, "encoder", EVERY_MS);
    this.refit = new Checkpoints(folder, "encoder-refit", EVERY_MS);
  }

  /** Those of the encoder: of its first training, or of the one that goes on with all events. */
  Checkpoints encoder(boolean again) {
    return again ? refit : first;
  }

  /** Forgets everything: the release is published. */
  public void remove() {
    first.remove();
    refit.remove();
  }
}
