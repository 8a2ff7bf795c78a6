package io.winnow.app;

import io.winnow.lifecycle.jobs.JobQueue;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.serving.http.JobsJson;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code winnow jobs show ID}. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = "Shows a run: what was ordered, where it stands, what happened and what to do.")
final class JobsShowCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Parameters(paramLabel = "ID", description = "As 'jobs list' shows it.")
  private String id = "";

  JobsShowCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    try (JobsDatabase database = JobsDatabase.open(data.folder(), data.application(environment))) {
      JobQueue queue = database.queue();
      JobRun run = queue.get(id);
      spec.commandLine().getOut().println(JobsJson.run(run).toPrettyString());
    }
    return ExitCode.OK.value();
  }
}
