package io.winnow.serving.http;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends the reading of bodies that take too long to arrive, so that a client that stops sending does
 * not hold its connection for ever. Helidon 4.5 has a read timeout to configure but does not apply
 * it to server connections; so the reading virtual thread is interrupted, which closes its socket.
 *
 * <p>Thread-safe; one for each server.
 */
final class ReadWatch implements AutoCloseable {
  private final Duration limit;
  private final ScheduledThreadPoolExecutor timer;

  /**
   * A watch with one timer thread.
   *
   * @param limit for each body, from the first read to the end
   */
  ReadWatch(Duration limit) {
    this.limit = limit;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("http-read-watch").factory());
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Watches the calling thread until the result is closed. */
  Reading start() {
    Reading reading = new Reading(Thread.currentThread());
    reading.timeout = timer.schedule(reading::expire, limit.toMillis(), TimeUnit.MILLISECONDS);
    return reading;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /** One body that is being read. */
  static final class Reading implements AutoCloseable {
    private final Thread reader;
    private @org.jspecify.annotations.Nullable Future<?> timeout;
    private boolean ended;
    private boolean expired;

    private Reading(Thread reader) {
      this.reader = reader;
    }

    private synchronized void expire() {
      if (!ended) {
        expired = true;
        reader.interrupt();
      }
    }

    /** Ends the watch; an interrupt that came too late to matter is taken back. */
    @Override
    public synchronized void close() {
      ended = true;
      if (timeout != null) {
        timeout.cancel(false);
      }
      if (expired) {
        boolean _ = Thread.interrupted();
      }
    }
  }
}
