package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.serving.http.JobsJson;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow jobs run JOB}: one job, once for each key. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a job and waits for its end: train, evaluate, promote, batch, backfill or compaction.",
      "Beside a running server it is queued for the server; without one it runs here.",
      "The same --key is never done twice: it answers what became of the first run; one that"
          + " failed is tried again."
    },
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0   done, now or before, or there was nothing to do",
      "  2   failed, and trying again would not help until something changes by itself",
      "  3   timed out, was cancelled, or no server is there to begin it: try again later",
      "  4   a person has to see to it: what to do is printed",
      "  5   evaluate: the release failed the offline gate",
      "  6   evaluate: the offline gate cannot judge yet"
    })
final class JobsRunCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(300);

  /** How long a run waits for a server that went away. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "JOB", description = "What is to be done.")
  private String job = "";

  @Option(
      names = "--key",
      description = "The same key is the same work, such as a date; without one it is work anew.")
  private String key = "";

  @Option(names = "--reason", description = "A sentence for those who read it later.")
  private String reason = "Ordered at the command line.";

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "Stop an attempt after this, such as 90m (default: retraining.timeout).")
  private @Nullable String timeout;

  @Option(
      names = "--from",
      paramLabel = "champion|none|VERSION",
      description = "train: go on from a release or begin anew (default: as retraining.full says).")
  private @Nullable String from;

  @Option(names = "--seed", description = "train: decides everything random (default: 1).")
  private @Nullable String seed;

  @Option(names = "--settings", paramLabel = "FILE", description = "train: how, as tune writes it.")
  private @Nullable String settings;

  @Option(
      names = "--release",
      paramLabel = "VERSION",
      description = "evaluate: which release (default: the open rollout's candidate).")
  private @Nullable String release;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "batch: where the files go; made when they are whole (default: batch/KEY).")
  private @Nullable String folder;

  @Option(names = "--items", description = "batch: items of a slate (default: 20).")
  private @Nullable String items;

  @Option(names = "--json", description = "Print the run as JSON.")
  private boolean json;

  JobsRunCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() throws InterruptedException {
    ApplicationFile application = data.application(environment);
    JobKind kind = JobKind.of(job);
    JobQueue.Request request =
        new JobQueue.Request(
            kind,
            key,
            reason,
            FolderRegistry.person(),
            JobService.attempts(application.definition().operations()),
            JobOptions.checked(kind, options()));
    PrintWriter err = spec.commandLine().getErr();
    Consumer<JobQueue.Line> lines = line -> err.println(line.text());
    JobRun run = runAtServer(application, request, lines);
    if (run == null) {
      run = runHere(application, request, lines);
    }
    print(run);
    return exitCode(run).value();
  }

  private Map<String, String> options() {
    Map<String, String> options = new TreeMap<>();
    put(options, JobOptions.TIMEOUT, timeout);
    put(options, "from", from);
    put(options, "seed", seed);
    put(options, "settings", settings);
    put(options, "release", release);
    put(options, "folder", folder);
    put(options, "items", items);
    return options;
  }

  private static void put(Map<String, String> options, String name, @Nullable String value) {
    if (value != null) {
      options.put(name, value);
    }
  }

  private @Nullable JobRun runAtServer(
      ApplicationFile application, JobQueue.Request request, Consumer<JobQueue.Line> lines)
      throws InterruptedException {
    try (JobsDatabase database = JobsDatabase.open(data.folder(), application)) {
      return database.hasServer()
          ? new JobWait(database::hasServer, TimeSource.system(), PATIENCE, POLL)
              .await(database.queue(), database.queue().request(request).id(), lines)
          : null;
    }
  }

  private JobRun runHere(
      ApplicationFile application, JobQueue.Request request, Consumer<JobQueue.Line> lines)
      throws InterruptedException {
    try (Node node = Node.open(data.folder(), application, TimeSource.system())) {
      return node.startJobs(JobService.Options.command(node, environment, request.kind()))
          .run(request, lines);
    }
  }

  private void print(JobRun run) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JobsJson.run(run));
      return;
    }
    out.printf("%s: %s%n", run.id(), run.state().label());
    if (!run.state().isEnd()) {
      out.println(
          "What to do: no server is there that could begin it. Start one: it carries the run out;"
              + " or take the order back by 'winnow jobs cancel "
              + run.id()
              + "'.");
      return;
    }
    out.println(run.outcome().text());
    if (!run.outcome().advice().isEmpty()) {
      out.println("What to do: " + run.outcome().advice());
    }
  }

  static ExitCode exitCode(JobRun run) {
    return switch (run.state()) {
      case SUCCEEDED ->
          switch (run.outcome().results().getOrDefault(EvaluateJob.VERDICT, "")) {
            case "failed" -> ExitCode.FINDING;
            case "waiting" -> ExitCode.UNDECIDED;
            default -> ExitCode.OK;
          };
      case FAILED -> ExitCode.INPUT;
      case WAITING -> ExitCode.DEPENDENCY;
      case QUEUED, RUNNING, CANCELLED, TIMED_OUT -> ExitCode.CAPACITY;
    };
  }
}
