package io.winnow.app;

import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow jobs logs ID}. */
@Command(name = "logs", mixinStandardHelpOptions = true, description = "Prints the log of a run.")
final class JobsLogsCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "ID", description = "As 'jobs list' shows it.")
  private String id = "";

  @Option(names = "--follow", description = "Go on until the run ends.")
  private boolean follow;

  JobsLogsCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() throws InterruptedException {
    try (JobsDatabase database = JobsDatabase.open(data.folder(), data.application(environment))) {
      JobQueue queue = database.queue();
      JobRun run = queue.get(id);
      if (follow) {
        var _ = queue.awaitEnd(run.id(), this::print, Duration.ofMillis(300));
      } else {
        queue.lines(run.id(), 0, Integer.MAX_VALUE).forEach(this::print);
      }
    }
    return ExitCode.OK.value();
  }

  private void print(JobQueue.Line line) {
    spec.commandLine().getOut().println(Instant.ofEpochMilli(line.atMs()) + "  " + line.text());
  }
}
