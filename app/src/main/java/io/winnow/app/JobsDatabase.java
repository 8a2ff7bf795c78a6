package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import java.time.Duration;

/**
 * The queue of a data folder's application, as commands reach it: beside a running server or
 * without one.
 */
final class JobsDatabase implements AutoCloseable {
  /** A server that said nothing for longer is not there. */
  private static final Duration SERVER_FRESH = Duration.ofSeconds(15);

  private final Registry registry;
  private final TimeSource clock = TimeSource.system();

  private JobsDatabase(Registry registry) {
    this.registry = registry;
  }

  static JobsDatabase open(DataFolder data, ApplicationFile application) {
    return new JobsDatabase(
        Registries.open(
            application.definition().operations().engines().registry(),
            data.path(),
            data.requestClock(TimeSource.system())));
  }

  JobQueue queue() {
    return new JobQueue(registry.dataSource(), clock);
  }

  /** Whether a server is there that carries out what is ordered. */
  boolean hasServer() {
    return registry.servers().stream()
        .anyMatch(server -> clock.nowMs() - server.seenMs() <= SERVER_FRESH.toMillis());
  }

  @Override
  public void close() {
    registry.close();
  }
}
