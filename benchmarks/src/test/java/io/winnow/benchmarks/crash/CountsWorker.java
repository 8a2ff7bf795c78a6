package io.winnow.benchmarks.crash;

/** The worker process of the test. */
final class CountsWorker {
  private CountsWorker() {}

  /** Appends until it is killed. */
  public static void main(String[] args) throws InterruptedException {
    CrashWorker.run(args, CountsState::new);
  }
}
