package io.winnow.lifecycle;

import io.winnow.models.network.Progress;

/** Hears how a training goes. Called from the training's threads, one at a time. */
public interface TrainingProgress {
  /** A step begins. */
  void step(String name, String detail);

  /** An epoch of a network ended. */
  void epoch(Progress.Epoch epoch);

  /** Hears nothing. */
  static TrainingProgress silent() {
    return new TrainingProgress() {
      @Override
      public void step(String name, String detail) {}

      @Override
      public void epoch(Progress.Epoch epoch) {}
    };
  }
}
