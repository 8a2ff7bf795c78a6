package io.winnow.serving;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/** A pool that is full at chosen moments. */
final class RefusingPool extends AbstractExecutorService {
  private final ExecutorService pool;
  private final AtomicInteger submitted = new AtomicInteger();

  /** Says of the how-manieth task since {@link #refuse}, from 0, whether it is refused. */
  private volatile IntPredicate refused = _ -> false;

  RefusingPool(ExecutorService pool) {
    this.pool = pool;
  }

  void refuse(IntPredicate which) {
    submitted.set(0);
    refused = which;
  }

  @Override
  public void execute(Runnable task) {
    if (refused.test(submitted.getAndIncrement())) {
      throw new RejectedExecutionException("the pool is full");
    }
    pool.execute(task);
  }

  @Override
  public void shutdown() {
    pool.shutdown();
  }

  @Override
  public List<Runnable> shutdownNow() {
    return pool.shutdownNow();
  }

  @Override
  public boolean isShutdown() {
    return pool.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return pool.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return pool.awaitTermination(timeout, unit);
  }
}
