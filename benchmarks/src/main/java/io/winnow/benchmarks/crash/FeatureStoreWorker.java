package io.winnow.benchmarks.crash;

/** The process that is killed in {@code winnow bench crash}: a log that feeds a feature store. */
public final class FeatureStoreWorker {
  private FeatureStoreWorker() {}

  /** Appends until it is killed. */
  public static void main(String[] args) throws InterruptedException {
    CrashWorker.run(args, FeatureStoreState::embedded);
  }
}
