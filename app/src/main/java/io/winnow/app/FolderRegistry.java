package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.ReleaseSync;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The registry of a data folder and its releases, for commands that work beside a running server.
 */
final class FolderRegistry implements AutoCloseable {
  /** A server that said nothing for longer is not there. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long LOOK_MS = 20;

  private final Registry registry;
  private final ReleaseStore releases;
  private final TimeSource clock;

  private FolderRegistry(Registry registry, ReleaseStore releases, TimeSource clock) {
    this.registry = registry;
    this.releases = releases;
    this.clock = clock;
  }

  /** Opens the registry that the folder's application names; what the folder holds is in it. */
  static FolderRegistry open(DataFolder data, Map<String, String> environment) {
    Engines engines =
        Files.exists(data.applicationFile())
            ? data.application(null, environment).definition().operations().engines()
            : Engines.EMBEDDED;
    TimeSource clock = TimeSource.system();
    Registry registry = Registries.open(engines.registry(), data.path(), data.requestClock(clock));
    try {
      ReleaseStore releases = data.releaseStore(engines);
      adopt(registry, releases, person());
      return new FolderRegistry(registry, releases, clock);
    } catch (RuntimeException e) {
      try (registry) {
        throw e;
      }
    }
  }

  /**
   * Registers the releases of a folder that was used before there was a registry, and makes the one
   * that it served the champion, if there is none.
   */
  static void adopt(Registry registry, ReleaseStore releases, String actor) {
    Optional<String> active = releases.active();
    if (active.isEmpty() || registry.plan().champion() != null) {
      return;
    }
    ReleaseSync.register(registry, releases);
    List<String> versions = releases.versions();
    int at = versions.indexOf(active.get());
    if (at < 0) {
      return; // its bundle is gone
    }
    ServingPlan none = registry.plan();
    ServingPlan before = at > 0 ? none.promote(versions.get(at - 1)) : none;
    try {
      registry.change(
          before.promote(active.get()),
          "promote",
          Cause.of(actor, "this folder served it before there was a plan"));
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CONFLICT) {
        throw e;
      }
      // Another server made the first plan, which holds.
    }
  }

  Registry registry() {
    return registry;
  }

  ReleaseStore releases() {
    return releases;
  }

  /** The cause of what somebody at the command line does. */
  static Cause cause(String reason) {
    return Cause.of(person(), reason);
  }

  /** Whoever runs this process, as an actor of the ledger. */
  static String person() {
    return "person:" + System.getProperty("user.name", "unknown");
  }

  /** The servers that are there. */
  private List<ServerStatus> servers() {
    return registry.servers().stream()
        .filter(server -> clock.nowMs() - server.seenMs() <= FRESH.toMillis())
        .toList();
  }

  /**
   * Waits until every server that is there serves a plan, and says how long that took.
   *
   * @return whether all do, or none is there
   */
  boolean follow(ServingPlan plan, PrintWriter err) {
    long began = System.nanoTime();
    if (servers().isEmpty()) {
      // Nobody else keeps the folder's own memory.
      if (plan.champion() != null) {
        releases.activate(plan.champion());
      }
      err.println("no server runs; the next one serves it");
      return true;
    }
    CompletableFuture<List<ServerStatus>> all = new CompletableFuture<>();
    try (ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor()) {
      looking.scheduleWithFixedDelay(
          () -> {
            try {
              List<ServerStatus> now = servers();
              if (now.stream().allMatch(server -> serves(server, plan))) {
                all.complete(now);
              }
            } catch (WinnowException e) {
              all.completeExceptionally(e);
            }
          },
          0,
          LOOK_MS,
          TimeUnit.MILLISECONDS);
      try {
        List<ServerStatus> done = all.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        err.printf(
            "%d servers follow after %d ms%n",
            done.size(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        return true;
      } catch (TimeoutException e) {
        for (ServerStatus server : servers()) {
          if (!serves(server, plan)) {
            err.printf(
                "server %s at %s serves %s, revision %d: %s%n",
                server.server(),
                server.address(),
                server.champion(),
                server.revision(),
                server.problem() == null ? "it is still loading" : server.problem());
          }
        }
        return false;
      } catch (ExecutionException e) {
        if (e.getCause() instanceof WinnowException known) {
          throw known;
        }
        throw new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } finally {
        looking.shutdownNow();
      }
    }
  }

  private static boolean serves(ServerStatus server, ServingPlan plan) {
    return server.revision() >= plan.revision()
        && (server.revision() > plan.revision() || server.champion().equals(plan.champion()));
  }

  @Override
  public void close() {
    registry.close();
  }
}
