package io.winnow.app;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.lifecycle.jobs.JobRun;
import io.winnow.serving.http.JobsJson;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow jobs list}: the newest runs. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the newest runs of jobs, newest first.")
final class JobsListCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();
  @Mixin private DataOptions data = new DataOptions();

  @Option(names = "--job", description = "Only runs of this job.")
  private @Nullable String job;

  @Option(names = "--limit", description = "How many (default: ${DEFAULT-VALUE}).")
  private int limit = 20;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  JobsListCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<JobRun> runs;
    try (JobsDatabase database = JobsDatabase.open(data.folder(), data.application(environment))) {
      runs = database.queue().list(job == null ? null : JobKind.of(job), limit);
    }
    if (json) {
      ObjectNode result = JsonNodeFactory.instance.objectNode();
      ArrayNode list = result.putArray("jobs");
      runs.forEach(run -> list.add(JobsJson.run(run)));
      out.println(result);
      return ExitCode.OK.value();
    }
    for (JobRun run : runs) {
      out.printf(
          "%s  %-20s  %-47s  %s%n",
          Instant.ofEpochMilli(run.order().requestedMs()),
          run.state().label(),
          run.id(),
          run.outcome().text().isEmpty() ? run.order().reason() : run.outcome().text());
    }
    return ExitCode.OK.value();
  }
}
