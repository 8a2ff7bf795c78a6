package io.winnow.lifecycle;

import io.winnow.models.network.Progress;

/** Hears how a training goes. Called from the training's threads, one at a time. */
public interface TrainingProgress {
  /** A step begins. */
  void step(String name, String detail);

  /** An epoch of a network ended. */
  void epoch(Progress.Epoch epoch);

  /** A part of a long epoch of a network is done. */
  default void part(Progress.Part part) {}

  /** What a network's training hears, told to this. */
  default Progress network() {
    return new Progress() {
      @Override
      public void onEpoch(Epoch epoch) {
        TrainingProgress.this.epoch(epoch);
      }

      @Override
      public void onPart(Part part) {
        TrainingProgress.this.part(part);
      }

      @Override
      public void onNote(String model, String note) {
        TrainingProgress.this.step(model, note);
      }
    };
  }

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
