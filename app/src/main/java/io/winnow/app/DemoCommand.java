package io.winnow.app;

import io.winnow.app.demo.DemoFolder;
import io.winnow.app.demo.ReportText;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.serving.http.HttpConfig;
import io.winnow.simulator.WorldConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow demo}: the whole loop on a simulated world. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Simulates a feed of short clips: history into the log, a release trained on most of it and measured on the rest,",
      "then live users, half with Winnow's slates and half with popular items. Prints what happened and shows it at /.",
      "Goes on, with a visit every second, until it is stopped or unless --exit is given."
    })
final class DemoCommand implements Callable<Integer> {
  /** When the world's history ends: a Thursday evening, the same for every run. */
  private static final long WORLD_NOW_MS = Instant.parse("2026-01-15T18:00:00Z").toEpochMilli();

  private static final double HELD_OUT_SHARE = 0.1;
  private static final int RANKER_REQUESTS_MAX = 4_000;
  private static final int RANKER_EPOCHS = 3;
  private static final int ENCODER_EPOCHS = 6;
  private static final double NETWORK_SECONDS_MAX = 8;
  private static final int LIVE_VISITS = 2_400;
  private static final double LIVE_SECONDS_MAX = 20;
  private static final int SLOW_VISITS_MAX = 100_000;
  private static final long SLOW_VISIT_MS = 1_000;
  private static final long STOP_SECONDS_MAX = 10;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "A folder that is absent, empty or an earlier demo's, which is wiped"
              + " (default: .winnow/demo of the project).")
  private @Nullable Path data;

  @Option(names = "--port", description = "Port, 0 for any free one (default: ${DEFAULT-VALUE}).")
  private int port = HttpConfig.DEFAULT.port();

  @Option(names = "--seed", description = "Decides everything random (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(names = "--exit", description = "End after printing.")
  private boolean exit;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  DemoCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() throws InterruptedException {
    requireFreePort();
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    long startedMs = ManagementFactory.getRuntimeMXBean().getStartTime();
    ApplicationFile application = DemoRun.application(environment);
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (DemoFolder claimed = DemoFolder.claim(data == null ? defaultFolder() : data)) {
      DataFolder folder = new DataFolder(claimed.path());
      folder.keep(application);
      DemoRun.Plan plan =
          new DemoRun.Plan(WorldConfig.demo(seed), WORLD_NOW_MS, training(), HELD_OUT_SHARE);
      try (DemoRun run = new DemoRun(plan, folder, application, progress, startedMs)) {
        play(run);
        if (!exit) {
          Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stop, closed)));
          goOn(run, progress, stop);
        }
      }
    } finally {
      closed.countDown();
    }
    return ExitCode.OK.value();
  }

  private void play(DemoRun run) {
    run.history();
    DemoRun.Trained trained = run.train();
    run.serve(port);
    run.evaluate(trained);
    run.live(LIVE_VISITS, LIVE_SECONDS_MAX);
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        json ? Json.write(run.report()) : ReportText.of(run.report(), run.table().toBriefText()));
    out.flush();
  }

  /** A visit now and then until the process is stopped. */
  private static void goOn(DemoRun run, ConsoleProgress progress, CountDownLatch stop)
      throws InterruptedException {
    progress.line(
        "look at %s/ ; users go on visiting, stop with Ctrl-C"
            .formatted(run.report().setting().url()));
    for (int visit = 0; visit < SLOW_VISITS_MAX; visit++) {
      if (stop.await(SLOW_VISIT_MS, TimeUnit.MILLISECONDS)) {
        return;
      }
      run.visit();
    }
    stop.await();
  }

  /** Runs as the process is told to end: it lives on until everything is closed. */
  private static void stopAndWait(CountDownLatch stop, CountDownLatch closed) {
    stop.countDown();
    try {
      if (!closed.await(STOP_SECONDS_MAX, TimeUnit.SECONDS)) {
        System.err.println("winnow: the demo did not close in time; its log is whole all the same");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says so before half a minute of work, not after it. */
  private void requireFreePort() {
    if (port < 0 || port > 65_535) {
      throw WinnowException.invalid("--port", port, "0 to 65535");
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(HttpConfig.DEFAULT.host()), port));
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "--port: %d is taken (expected: a free port; --port 0 takes any)".formatted(port),
          e);
    }
  }

  private static Path defaultFolder() {
    return Path.of(System.getProperty("winnow.home", "."), ".winnow", "demo");
  }

  /** The defaults with bounds on time, so that the first slate comes soon on a small machine. */
  private TrainerConfig training() {
    TrainerConfig defaults =
        TrainerConfig.defaults(seed, Runtime.getRuntime().availableProcessors());
    TrainerConfig.Split split = defaults.split();
    return new TrainerConfig(
        defaults.seed(),
        defaults.threads(),
        new TrainerConfig.Split(
            split.rankerShare(),
            split.minChoices(),
            split.minSlateOutcomes(),
            split.minRankerRequests(),
            RANKER_REQUESTS_MAX,
            split.vectors()),
        defaults.encoder().withLimits(ENCODER_EPOCHS, NETWORK_SECONDS_MAX),
        defaults.encoderRefit().withLimits(1, NETWORK_SECONDS_MAX),
        defaults.linear(),
        defaults.ranker().withLimits(RANKER_EPOCHS, NETWORK_SECONDS_MAX));
  }
}
